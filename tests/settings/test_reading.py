"""Each mistake in one line: where, what is wrong, and what to write instead."""

import os
from pathlib import Path

import pytest

from posedge.model.errors import ConfigError
from posedge.settings import Settings, load, read
from posedge.settings.environment import merged, tables

STATIC = '[[devices.static]]\nname = "till"\n'
ADDRESSES = (
    "tcp://host:port, https://host, serial:///dev/ttyS0?baud=9600, usblp:///dev/usb/lp0"
    ", evdev:///dev/input/event0 or hidraw:///dev/hidraw0"
)


def mistakes(tmp_path: Path, text: str) -> list[str]:
    """Return what is said of a file with `text`, the file's own name taken off."""
    file = tmp_path / "posedge.toml"
    file.write_text(text)
    return [each.removeprefix(f"{file}:") for each in read(file).mistakes]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("state_dir = 5", "1: state_dir: 5 cannot be; write text in quotes"),
        (
            '[box]\n\nname = "Box 1"',
            (
                '3: box.name: "Box 1" cannot be; write lower-case letters, digits and hyphens,'
                " at most 32"
            ),
        ),
        (
            "[web]\nport = 70000",
            "2: web.port: 70000 cannot be; write a whole number, 0 to 65535",
        ),
        ('[web]\nport = "x"', '2: web.port: "x" cannot be; write a whole number, 0 to 65535'),
        ("[web]\nprot = 1", "2: web.prot: no such key; write port"),
        ("[wbe]\nport = 1", "1: wbe: no such key; write web"),
        (
            "[events]\nzzz = 1",
            "2: events.zzz: no such key; known here: keep_count, keep_days",
        ),
        (
            '[web]\nallowed_hosts = ["a", "Till"]',
            (
                '2: web.allowed_hosts[2]: "Till" cannot be; write a name or address in lower case'
                ' without port, e.g. "till.lan"'
            ),
        ),
        (
            '[web]\nallowed_origins = ["till"]',
            (
                '2: web.allowed_origins[1]: "till" cannot be; write an origin in lower case'
                ' without path, e.g. "https://till.example"'
            ),
        ),
        (
            '[web]\ntls_key = "/x"',
            "1: web: set tls_certificate and tls_key together, or neither",
        ),
        (
            '[log]\nlevel = "loud"',
            '2: log.level: "loud" cannot be; write one of "DEBUG", "INFO", "WARNING", "ERROR"',
        ),
        ("relay = 5", "1: relay: 5 cannot be; write a table with host, port, tls, keepalive_s,"),
        ("[relay.tls]\nca = 'x'", "1: relay.tls.cert: is missing; write text in quotes"),
        ("[devices]\nudev = 'no!'", '2: devices.udev: "no!" cannot be; write true or false'),
        (
            STATIC + 'driver = "zwt"\naddress = "tcp://h:1"',
            "3: devices.static[1].driver (\"till\"): no driver 'zwt'; there are adyen, auto-scale,",
        ),
        (
            STATIC + 'driver = "zvt"',
            '1: devices.static[1].address ("till"): is missing; write text in quotes',
        ),
        (
            STATIC + 'driver = "zvt"\naddress = "pos:20007"',
            (
                "4: devices.static[1].address (\"till\"): 'pos:20007' is no address"
                f" (it begins with no known scheme): write {ADDRESSES}"
            ),
        ),
        (
            STATIC + 'driver = "toledo"\naddress = "serial:///dev/ttyS0?baud=fast"',
            (
                "4: devices.static[1].address (\"till\"): 'serial:///dev/ttyS0?baud=fast' is no"
                ' address (baud: "fast" cannot be; write a whole number, 50 to 4000000): write tcp://'
            ),
        ),
        (
            STATIC + 'driver = "zvt"\naddress = "tcp://h:1"\n[devices.static.options]\nskew = 1',
            '6: devices.static[1].options.skew ("till"): no such key; write skew_s',
        ),
        (
            STATIC + 'driver = "zvt"\naddress = "tcp://h:1"\noptions.password = "12345"',
            (
                '5: devices.static[1].options.password ("till"): what is there cannot be;'
                " write six digits in quotes"
            ),
        ),
        (
            STATIC + 'driver = "zvt"\naddress = "tcp://h:1"\noptions.currency = "XYZ"',
            (
                '5: devices.static[1].options.currency ("till"): "XYZ": no ISO 4217 number is known'
                " here; write one of"
            ),
        ),
        (
            STATIC + 'driver = "zvt"\naddress = "tcp://h:1"\noptions.t3_ms = 1.5',
            (
                '5: devices.static[1].options.t3_ms ("till"): 1.5 cannot be; write text in quotes,'
                " a whole number, true or false"
            ),
        ),
        (
            STATIC + 'driver = "toledo"\naddress = "serial:///dev/ttyS0"\noptions.bits = 9',
            '5: devices.static[1].options.bits ("till"): 9 cannot be; write one of 5, 6, 7, 8',
        ),
        (
            '[[devices.assign]]\ndevice = "0c2e:0200"\noptions = { layot = "us" }',
            '3: devices.assign[1].options.layot ("0c2e:0200"): no such key; write layout',
        ),
        (
            '[[devices.assign]]\ndevice = "x"\nname = "till/1"',
            '3: devices.assign[1].name ("till/1"): "till/1" cannot be; write letters, digits,',
        ),
        (
            f'{STATIC}driver = "zvt"\naddress = "tcp://h:1"\n' * 2,
            "1: devices: two devices are named till",
        ),
        ("[web]\nport = = 1", "2: not TOML: Invalid value; write key = value, text in quotes"),
        ("x", "1: not TOML: Expected '=' after a key in a key/value pair; write key = value,"),
    ],
)
def test_a_mistake(tmp_path: Path, text: str, said: str) -> None:
    (found,) = [each for each in mistakes(tmp_path, text) if "relay.tls.key" not in each]
    assert found.startswith(said)


def test_every_mistake_is_said_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "events.keep_days = 0\n[web]\nport = -1\nhots = 1\n[log]\nlevel = 1\n"
    assert [each.split(":")[0] for each in mistakes(tmp_path, text)] == ["1", "3", "4", "6"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    found = read(tmp_path / "no.toml")
    assert found.mistakes == (
        (
            f"{tmp_path}/no.toml: no such file; copy config/posedge.toml there, or name yours by"
            " --config"
        ),
    )
    with pytest.raises(ConfigError, match=r"no\.toml: no such file"):
        load(tmp_path / "no.toml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert read(tmp_path).mistakes == (f"{tmp_path}: cannot be read: Is a directory",)
    latin = tmp_path / "latin.toml"
    latin.write_bytes('[box]\nstore = "Köln"'.encode("latin-1"))
    assert read(latin).mistakes == (f"{latin}: byte 17 is not UTF-8; save it as UTF-8",)


def test_the_environment_wins_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSEDGE_WEB__PORT", "x")
    monkeypatch.setenv("posedge_log__level", "loud")
    monkeypatch.setenv("POSEDGE_WEB__ALLOWED_HOSTS", "till.lan")
    monkeypatch.setenv("POSEDGE_WEB__HOTS", "::1")
    monkeypatch.setenv("POSEDGE_WBE__PORT", "1")
    monkeypatch.setenv("POSEDGE_CONFIG", "/somewhere")
    monkeypatch.setenv("POSEDGE_EVENTS", '{"keep_days": 0}')
    assert mistakes(tmp_path, "[web]\nport = 8080") == [
        'environment: POSEDGE_WEB__PORT: "x" cannot be; write a whole number, 0 to 65535',
        (
            'environment: POSEDGE_WEB__ALLOWED_HOSTS: "till.lan" cannot be; write a list: each a'
            ' name or address in lower case without port, e.g. "till.lan"'
        ),
        "environment: POSEDGE_WEB__HOTS: no such key; write host",
        "environment: POSEDGE_EVENTS: events.keep_days: 0 cannot be; write a whole number, 1 to 90",
        (
            'environment: posedge_log__level: "loud" cannot be;'
            ' write one of "DEBUG", "INFO", "WARNING", "ERROR"'
        ),
        "environment: POSEDGE_WBE__PORT: no such key; write POSEDGE_WEB",
    ]


def test_what_is_right_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSEDGE_WEB__PORT", "8081")
    monkeypatch.setenv("POSEDGE_WEB__ALLOWED_HOSTS", '["till.lan"]')
    file = tmp_path / "posedge.toml"
    file.write_text(f'state_dir = "{tmp_path}"\n[web]\nport = 1\nhost = "::"\n')
    settings = load(file)
    assert isinstance(settings, Settings)
    assert (settings.web.port, settings.web.allowed_hosts) == (8081, ("till.lan",))
    assert settings.journal_path == tmp_path / "journal.db"
    assert settings.events_path == tmp_path / "events.db"
    assert settings.page == "http://[::1]:8081"
    assert settings.topics.source == f"/shop/store-1/{settings.box.name}"


def test_variables_reach_into_tables_of_the_file_and_of_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSEDGE_EVENTS", '{"keep_days": 3, "keep_count": 2000}')
    monkeypatch.setenv("POSEDGE_EVENTS__KEEP_DAYS", "4")
    monkeypatch.setenv("POSEDGE_RELAY__TLS__CA", "/there/ca.crt")
    found = tables()
    assert found["events"] == {"keep_days": "4", "keep_count": 2000}
    below = {"relay": {"host": "mq", "tls": {"ca": "/here", "key": "/k"}}, "events": 7}
    assert merged(below, found) == {
        "relay": {"host": "mq", "tls": {"ca": "/there/ca.crt", "key": "/k"}},
        "events": {"keep_days": "4", "keep_count": 2000},
    }


def test_a_variable_names_its_own_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = '[{"name": "till 2", "driver": "nope", "address": "tcp://127.0.0.1:1"}]'
    monkeypatch.setenv("POSEDGE_DEVICES__STATIC", device)
    file = '[[devices.static]]\nname = "till 1"\ndriver = "zvt"\naddress = "tcp://127.0.0.1:1"\n'
    (said,) = mistakes(tmp_path, file)
    assert 'POSEDGE_DEVICES__STATIC: devices.static[1].driver ("till 2"): no driver' in said


def test_a_variable_below_one_that_is_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSEDGE_EVENTS", "many")
    monkeypatch.setenv("POSEDGE_EVENTS__KEEP_DAYS", "4")
    (said,) = mistakes(tmp_path, "")
    assert said.startswith('environment: POSEDGE_EVENTS: "many" cannot be; write a table')


def test_one_mistake_in_the_environment_alone_stops_the_box(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSEDGE_WBE__PORT", "8081")
    (tmp_path / "posedge.toml").touch()
    assert os.environ["POSEDGE_WBE__PORT"]
    with pytest.raises(ConfigError, match="POSEDGE_WBE__PORT: no such key"):
        load(tmp_path / "posedge.toml")

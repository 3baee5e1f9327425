"""The files that the settings name, and what works but is not safe."""

import io
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from posedge.settings import read
from posedge.settings.surroundings import loopback


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with box.pem and box.key, and the key of somebody else in other.key."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("box", "other"):
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "1"]
        command += ["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=box"]
        command += ["-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"]
        subprocess.run(command, check=True, capture_output=True)
    locked = ["openssl", "ec", "-in", f"{folder}/box.key", "-aes256", "-passout", "pass:secret"]
    subprocess.run([*locked, "-out", f"{folder}/locked.key"], check=True, capture_output=True)
    (folder / "empty.pem").touch()
    return folder


def said(tmp_path: Path, text: str) -> tuple[list[str], list[str]]:
    """Return mistakes and warnings, the file's name taken off."""
    file = tmp_path / "posedge.toml"
    file.write_text(text)
    found = read(file)
    assert (found.settings is None) == bool(found.mistakes)
    one, other = (
        [each.removeprefix(f"{file}:") for each in lines]
        for lines in (found.mistakes, found.warnings)
    )
    return one, other


def web(keys: Path, certificate: str, key: str) -> str:
    return f'[web]\ntls_certificate = "{keys}/{certificate}"\ntls_key = "{keys}/{key}"\n'


def test_a_certificate_with_its_key(tmp_path: Path, keys: Path) -> None:
    assert said(tmp_path, web(keys, "box.pem", "box.key") + 'host = "0.0.0.0"') == ([], [])


@pytest.mark.parametrize("key", ["other.key", "box.pem", "locked.key"])
def test_a_key_that_does_not_fit(tmp_path: Path, keys: Path, key: str) -> None:
    mistakes, _ = said(tmp_path, web(keys, "box.pem", key))
    assert mistakes == [
        (
            f"3: web.tls_key: {keys}/{key} is no PEM key without password for the PEM certificate"
            f" {keys}/box.pem; name the pair that was issued together"
        )
    ]


def test_files_that_are_not_there_or_cannot_be_read(tmp_path: Path, keys: Path) -> None:
    mistakes, _ = said(tmp_path, web(keys, "no.pem", ""))
    assert mistakes == [
        f"2: web.tls_certificate: there is no file {keys}/no.pem; put it there, or name another",
        f"3: web.tls_key: {keys} cannot be read: Is a directory; let the box's user read it",
    ]


def test_the_broker_s_authority(tmp_path: Path, keys: Path) -> None:
    def relay(authority: str) -> str:
        return (
            f'[relay]\nhost = "mqtt.example"\n[relay.tls]\nca = "{keys}/{authority}"\n'
            f'cert = "{keys}/box.pem"\nkey = "{keys}/box.key"\n'
        )

    assert said(tmp_path, relay("box.pem")) == ([], [])
    mistakes, _ = said(tmp_path, relay("empty.pem"))
    assert mistakes == [
        f"4: relay.tls.ca: {keys}/empty.pem holds no PEM certificate; name the broker's CA"
    ]
    mistakes, _ = said(tmp_path, relay("no.pem"))
    assert mistakes[0].startswith("4: relay.tls.ca: there is no file")


def test_the_shop_s_own_models(tmp_path: Path) -> None:
    folder = tmp_path / "devices.d"
    setting = f'[devices]\nmodels = "{folder}"\n'
    assert said(tmp_path, setting)[0] == [
        f"2: devices.models: there is no folder {folder}; make it, or name another"
    ]
    folder.touch()
    assert said(tmp_path, setting)[0] == [
        (
            f"2: devices.models: {folder} cannot be read: Not a directory;"
            " name a folder that the box may read"
        )
    ]
    folder.unlink()
    folder.mkdir()
    (folder / "10.toml").write_text('\n"0c2e:0b61" = { kind = "scaner" }\n"x" = {}')
    (folder / "20.toml").write_text("x")
    first, second, third = said(tmp_path, setting)[0]
    assert first.startswith(f'{folder}/10.toml:2: "0c2e:0b61".kind: "scaner" cannot be; write one')
    assert second.startswith(f"{folder}/10.toml:3: x.kind: is missing; write one of")
    assert third.startswith(f"{folder}/20.toml: not TOML: ")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            '[web]\nhost = "192.168.1.5"',
            (
                "2: web.host: 192.168.1.5 is reached from outside, and tokens travel in clear;"
                " set tls_certificate and tls_key, or 127.0.0.1"
            ),
        ),
        (
            '[relay]\nhost = "mqtt.example"',
            (
                "2: relay.host: mqtt.example is another machine, and sales travel in clear;"
                " set [relay.tls]"
            ),
        ),
    ],
)
def test_what_travels_in_clear_is_a_warning(tmp_path: Path, text: str, warning: str) -> None:
    assert said(tmp_path, text) == ([], [warning])


def test_this_machine_alone_is_safe(tmp_path: Path) -> None:
    assert said(tmp_path, '[web]\nhost = "::1"\n[relay]\nhost = "localhost"') == ([], [])
    assert [loopback(each) for each in ("127.8.8.8", "::1", "localhost", "::", "till", "")] == [
        *(True, True, True),
        *(False, False, False),
    ]


def test_a_logo_that_cannot_be_printed_is_no_reason_not_to_sell(tmp_path: Path) -> None:
    def warned(data: bytes | None) -> list[str]:
        if data is not None:
            picture.write_bytes(data)
        mistakes, warnings = said(tmp_path, f'[checkout]\nlogo = "{picture}"')
        assert mistakes == []
        return [each.removeprefix(f"2: checkout.logo: {picture}: ") for each in warnings]

    picture = tmp_path / "logo.png"
    remedy = "put a PNG there that the box's user may read"
    assert warned(None) == [f"it cannot be read: No such file or directory; {remedy}"]
    assert warned(b"GIF89a") == ["it is no PNG, or a broken one; save it as PNG"]
    assert warned(bytes(600_000)) == [
        "it has more than 512 KB; save it smaller, or in fewer colours"
    ]
    out = io.BytesIO()
    Image.new("L", (10, 10)).save(out, "PNG")
    assert warned(out.getvalue()) == []

"""The console script as an operator meets it: exit codes, help and where words go."""

import os
import re
import socket
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

import posedge
from posedge.cli import COMMANDS as NAMES
from posedge.cli import main, parser
from tests.cli.conftest import SCRIPT, Console, surroundings


def test_help_names_every_command_and_where_to_start(console: Console) -> None:
    done = console("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(re.search(rf"^    {name} ", done.stdout, re.MULTILINE) for name in NAMES)
    assert "Start with `posedge demo`" in done.stdout


def test_version(console: Console) -> None:
    assert console("--version").stdout == f"posedge {posedge.__version__}\n"


@pytest.mark.parametrize("name", NAMES)
def test_help_of_a_command_fits_a_terminal_and_has_an_example(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert re.search(rf"^  posedge {name}\b", said, re.MULTILINE), "no example"
    assert [line for line in said.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_option_says_what_it_is_for(name: str) -> None:
    (commands,) = [each for each in parser()._actions if isinstance(each.choices, dict)]
    assert isinstance(commands.choices, dict)
    assert all(action.help or action.choices for action in commands.choices[name]._actions)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["sell"],
        ["run", "now"],
        ["sim", "toaster"],
        ["journal", "tail", "-n", "few"],
        ["journal", "tail", "-n", "-1"],
        ["hq", "--broker", "localhost:1883"],
        ["hq", "--tenant", "acme", "--broker", "localhost"],
        ["pair", "--scope", "admin"],
    ],
)
def test_wrong_usage_is_2(words: list[str], console: Console) -> None:
    done = console(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: posedge" in done.stderr


@pytest.mark.parametrize(
    "words", [["run"], ["check"], ["devices"], ["journal", "verify"], ["pair"]]
)
def test_a_wrong_configuration_is_78(words: list[str], tmp_path: Path, console: Console) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[web]\nprot = 1\n")
    done = console(*words, POSEDGE_CONFIG=str(wrong))
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.endswith(f"{wrong}:2: web.prot: no such key; write port\n")


def test_headquarters_options_are_configuration_too(console: Console) -> None:
    wrong = ["--tenant", "Acme!", "--ca", "ca.crt", "--listen", "[::1]:99999"]
    done = console("hq", "--broker", "localhost:1883", *wrong)
    assert done.returncode == 78
    assert done.stderr.splitlines() == [
        "posedge: --cert: is missing; write text in quotes",
        "--key: is missing; write text in quotes",
        '--tenant: "Acme!" cannot be; write lower-case letters, digits and hyphens, at most 32',
        "--listen: 99999 cannot be; write a whole number, 0 to 65535",
    ]


def test_a_box_that_cannot_keep_its_journal_does_not_start(
    tmp_path: Path, console: Console
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "posedge.toml").write_text(f'state_dir = "{tmp_path}/file/state"\n')
    done = console("run", "--config", tmp_path / "posedge.toml")
    assert done.returncode == 78
    assert done.stderr == (
        f"posedge: cannot keep the journal in {tmp_path}/file/state (Not a directory):"
        " set state_dir, or run as its owner\n"
    )


def test_a_box_whose_port_is_taken_does_not_start(config: Path, console: Console) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = console("run", "--config", config, POSEDGE_WEB__PORT=str(port))
    assert done.returncode == 78
    assert f"cannot listen on 127.0.0.1 port {port} (Address already in use)" in done.stderr
    assert "Traceback" not in done.stderr


def test_check(config: Path, console: Console) -> None:
    done = console("check", "--config", config)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{config}: no mistakes\n", "")
    done = console("check", "--config", config, POSEDGE_WEB__HOST="0.0.0.0")
    assert done.returncode == 0
    assert done.stderr == (
        "warning: environment: POSEDGE_WEB__HOST: 0.0.0.0 is reached from outside, and tokens"
        " travel in clear; set tls_certificate and tls_key, or 127.0.0.1\n"
    )


def test_journal(journal: Path, config: Path, console: Console) -> None:
    done = console("journal", "tail", "-n", "1", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        r"      3  2026-11-23T[0-9:]{8}  payment\.sending          [0-9a-f]{8}  payment/3\n",
        done.stdout,
    )
    done = console("journal", "verify", "--path", journal)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3 entries, whole; ends: ")
    assert console("journal", "verify", "--config", config, "--expect", "4").returncode == 1


def test_a_damaged_journal_is_1_and_each_fault_is_named(journal: Path, console: Console) -> None:
    with closing(sqlite3.connect(journal, isolation_level=None)) as file:
        for (trigger,) in file.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            file.execute(f"DROP TRIGGER {trigger}")
        changed = "replace(CAST(body AS TEXT), '\"number\":2', '\"number\":7')"
        file.execute(f"UPDATE entry SET body = CAST({changed} AS BLOB)")
        file.execute("DELETE FROM entry WHERE position = 3")
    done = console("journal", "verify", "--path", journal)
    assert done.returncode == 1
    assert re.search(r"^entry [0-9a-f]{16}/2: ", done.stderr, re.MULTILINE)
    assert re.search(
        r"^entry [0-9a-f]{16}/3 is missing: the end is cut off$", done.stderr, re.MULTILINE
    )
    assert re.match(r"2 entries, \d+ faults; ends: ", done.stdout)


def test_no_journal_is_1(tmp_path: Path, console: Console) -> None:
    for what in ("verify", "new-stream"):
        done = console("journal", what, "--path", tmp_path / "journal.db")
        assert done.returncode == 1
        assert done.stderr == (
            f"posedge: there is no journal at {tmp_path}/journal.db [storage.unreachable]\n"
        )


def test_a_reader_that_leaves_is_no_traceback(journal: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [SCRIPT, "journal", "export", "--path", journal],
        env=surroundings(),
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=20,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_pairing_without_a_box_is_78(config: Path, console: Console) -> None:
    done = console("pair", "--config", config)
    assert done.returncode == 78
    assert "no running box found" in done.stderr


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("posedge.cli.check.execute", interrupted)
    assert main(["check"]) == 130

"""The shipped units: what systemd says of them, and that they and the program mean the same."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from posedge.app import box, daemon
from posedge.cli.options import DEFAULT_CONFIG
from posedge.settings import Settings
from posedge.settings.environment import OTHERS

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "systemd"
UNITS = ("posedge.service", "posedge-failed.service")
COMMAND = Path(sys.executable).with_name("posedge")

UNMADE = "ExecStart=posedge "
"""Installed, the program is in the path; here it is in the virtual environment."""


def settings(name: str) -> dict[str, list[str]]:
    lines = (SHIPPED / name).read_text(encoding="utf-8").splitlines()
    found: dict[str, list[str]] = {}
    for line in lines:
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


SERVICE = settings("posedge.service")


def seconds(key: str) -> float:
    return float(SERVICE[key][0].removesuffix("s"))


def exposure(unit: Path, most: int) -> bool:
    """Whether the unit's exposure is at most `most` tenths."""
    command = ["systemd-analyze", "security", "--offline=yes", f"--threshold={most}", str(unit)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "Overall exposure level" in done.stdout, done.stderr
    return done.returncode == 0


def complaints(folder: Path) -> str:
    """Return what systemd says of the units in `folder`, one of which is broken or none."""
    service = folder / "posedge.service"
    text = service.read_text(encoding="utf-8").replace(UNMADE, f"ExecStart={COMMAND} ")
    service.write_text(text, encoding="utf-8")
    paths = [str(folder / name) for name in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", *paths],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"},
        check=False,
        capture_output=True,
        text=True,
    )
    return "\n".join(line for line in done.stderr.splitlines() if "posedge" in line)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    for name in UNITS:
        shutil.copy(SHIPPED / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", UNITS)
def test_exposure_is_at_most_two(name: str) -> None:
    assert exposure(SHIPPED / name, 20)


def test_a_looser_unit_would_be_caught(units: Path) -> None:
    service = units / "posedge.service"
    kept = [line for line in service.read_text().splitlines() if not line.startswith("Protect")]
    service.write_text("\n".join(kept).replace("DevicePolicy=closed", ""))
    assert not exposure(service, 20)


def test_systemd_understands_every_line(units: Path) -> None:
    assert complaints(units) == ""


@pytest.mark.parametrize(
    ("right", "wrong"), [("WatchdogSec=30s", "WatchdogSec=soon"), ("PrivateUsers", "PrivatUsers")]
)
def test_a_mistake_in_a_unit_would_be_found(units: Path, right: str, wrong: str) -> None:
    service = units / "posedge.service"
    service.write_text(service.read_text().replace(right, wrong))
    assert wrong.removeprefix("WatchdogSec=") in complaints(units)


def test_the_unit_starts_the_program_where_it_looks_for_its_files() -> None:
    assert SERVICE["ExecStart"] == [f"posedge run --config {DEFAULT_CONFIG}"]
    state = Settings.model_fields["state_dir"].default
    assert [Path("/var/lib") / name for name in SERVICE["StateDirectory"]] == [state]
    names = re.findall(r"POSEDGE_\w+", " ".join(SERVICE["Environment"]))
    assert set(names) <= OTHERS  # anything else would be a setting that does not exist


def test_the_watchdog_waits_for_more_than_two_proofs() -> None:
    assert seconds("WatchdogSec") >= 3 * daemon.CHECK_S


def test_a_payment_may_finish_before_systemd_kills() -> None:
    assert seconds("TimeoutStopSec") > box.PAYMENT_DRAIN_S + box.RELAY_DRAIN_S


def test_devices_are_allowed_by_number_or_their_driver_is_there_before() -> None:
    allowed = [value.split()[0] for value in SERVICE["DeviceAllow"]]
    named = {each for each in allowed if not re.fullmatch(r"char-[0-9]+|/dev/ttyS[0-9]", each)}
    assert named == {"char-hidraw"}
    modules = (SHIPPED / "modules-load.d/posedge.conf").read_text().splitlines()
    assert [line for line in modules if not line.startswith("#")] == ["hid"]
    assert "systemd-modules-load.service" in SERVICE["After"][0].split()


def test_the_card_service_is_reached_and_lets_the_user_in() -> None:
    """pcscd is asked through /run/pcscd/pcscd.comm; a read-only /run does not close a socket."""
    assert "AF_UNIX" in SERVICE["RestrictAddressFamilies"][0].split()
    assert not any("/run" in each for each in SERVICE.get("InaccessiblePaths", []))
    rules = (SHIPPED / "polkit-1/rules.d/50-posedge.rules").read_text()
    assert f'subject.user == "{SERVICE["User"][0]}"' in rules
    assert set(re.findall(r'"(org\.[^"]+)"', rules)) == {
        "org.debian.pcsc-lite.access_pcsc",
        "org.debian.pcsc-lite.access_card",
    }


def test_the_kernel_leaves_card_readers_to_the_card_service() -> None:
    lines = (SHIPPED / "modprobe.d/posedge.conf").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "blacklist pn533_usb",
        "blacklist pn533",
        "blacklist nfc",
    ]


def test_every_credential_may_be_missing() -> None:
    for credential in SERVICE["LoadCredential"]:
        name, _, where = credential.partition(":")
        assert where == f"posedge.{name}"  # an absolute path that is missing would fail the start


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine's root on which the shipped user and folders have been made."""
    (tmp_path / "etc").mkdir()
    run("systemd-sysusers", f"--root={tmp_path}", SHIPPED / "sysusers.d/posedge.conf")
    if os.geteuid() == 0:  # only root can give folders away
        conf = SHIPPED / "tmpfiles.d/posedge.conf"
        run("systemd-tmpfiles", "--create", f"--root={tmp_path}", conf)
    return tmp_path


def run(*command: str | Path) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_one_user_and_one_group_in_unit_rules_and_sysusers(machine: Path) -> None:
    users = (machine / "etc/passwd").read_text(encoding="utf-8")
    name, _, user_id, _, _, home, shell = users.strip().split(":")
    assert (name, home, shell) == ("posedge", "/var/lib/posedge", "/usr/sbin/nologin")
    assert 0 < int(user_id) < 1000
    assert f"posedge:x:{user_id}:" in (machine / "etc/group").read_text(encoding="utf-8")
    assert (SERVICE["User"], SERVICE["Group"]) == (["posedge"], ["posedge"])
    rules = (ROOT / "udev/60-posedge.rules").read_text(encoding="utf-8")
    assert set(re.findall(r'GROUP="(\w+)"', rules)) == {"posedge"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_only_root_and_the_box_read_the_configuration(machine: Path) -> None:
    folders = [machine / each for each in ("etc/posedge", "etc/posedge/devices.d", "etc/credstore")]
    assert [each.stat().st_mode & 0o777 for each in folders] == [0o750, 0o750, 0o700]
    group = f"posedge:x:{folders[0].stat().st_gid}:"
    assert group in (machine / "etc/group").read_text(encoding="utf-8")
    assert {each.stat().st_uid for each in folders} == {0}

"""`make lab` and `make lab-shell`: boot the guest, then print a table or hand over the console."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).parent
LIMIT_S = 480
"""Twice what the whole run may take: a guest that hangs must not hang CI."""

WIDTH = 46


def qemu(cache: Path, job: str, *consoles: str) -> list[str]:
    """Return the emulator's command line: without KVM, which many machines only seem to have."""
    version = next((cache / "kernel/lib/modules").iterdir()).name
    places = f"lab={HERE.parents[1]} modules={cache}/kernel/lib/modules"
    return [
        *("qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max"),
        *("-m", "1024", "-smp", "2", "-nodefaults", "-no-reboot", "-display", "none"),
        *("-kernel", f"{cache}/kernel/boot/vmlinuz-{version}", "-initrd", f"{cache}/initramfs"),
        *("-append", f"console=ttyS0 quiet oops=panic panic=-1 {places} lab.job={job}"),
        *("-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"),
        *("-device", "virtio-9p-pci,fsdev=host,mount_tag=host"),
        *(word for console in consoles for word in ("-serial", console)),
    ]


def prepare() -> Path:
    done = subprocess.run([HERE / "prepare"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.strip())


def shell() -> int:
    return subprocess.run([*qemu(prepare(), "shell", "mon:stdio", "null")], check=False).returncode


def run(scenarios: Sequence[str]) -> int:
    """Print a row for each scenario as it ends; 1 when one failed or the guest broke off."""
    cache = prepare()
    job = ",".join(["run", *scenarios])
    console = cache / "console.log"
    guest = subprocess.Popen(
        ["timeout", str(LIMIT_S), *qemu(cache, job, f"file:{console}", "stdio")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert guest.stdout is not None, "it is a pipe"
    failed, ended = False, False
    print(f"{'scenario':{WIDTH}}  result  seconds  figures")  # noqa: T201 - the table
    for line in guest.stdout:
        match json.loads(line):
            case {"ended": bool()}:
                ended = True
            case row:
                failed |= not row["passed"]
                print("\n".join(told(row)), flush=True)  # noqa: T201 - the table
    guest.wait()
    if not ended:
        print(f"the guest broke off: see {console}")  # noqa: T201 - the table
    return int(failed or not ended)


def told(row: dict[str, str | float | bool]) -> Iterator[str]:
    passed = "pass" if row["passed"] else "FAIL"
    yield f"{row['scenario']:{WIDTH}}  {passed:6}  {row['seconds']:7.1f}  {row['figures']}"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["shell"]:
            sys.exit(shell())
        case scenarios:
            sys.exit(run(scenarios))

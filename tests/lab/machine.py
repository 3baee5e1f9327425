"""What both guests are started with."""

import subprocess
from pathlib import Path

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]


def prepare() -> Path:
    """Install and unpack what a guest needs; return the folder where it is."""
    done = subprocess.run([HERE / "prepare"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.strip())


def qemu(cache: Path, words: str, *consoles: str) -> list[str]:
    """Return the emulator's command line: without KVM, which many machines only seem to have.

    `words` are for the kernel's command line; `consoles` are what the serial ports lead to.
    """
    version = next((cache / "kernel/lib/modules").iterdir()).name
    places = f"lab={CHECKOUT} modules={cache}/kernel/lib/modules"
    return [
        *("qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max"),
        *("-m", "1024", "-smp", "2", "-nodefaults", "-no-reboot", "-display", "none"),
        *("-kernel", f"{cache}/kernel/boot/vmlinuz-{version}", "-initrd", f"{cache}/initramfs"),
        *("-append", f"console=ttyS0 quiet oops=panic panic=-1 {places} {words}"),
        *("-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"),
        *("-device", "virtio-9p-pci,fsdev=host,mount_tag=host"),
        *(word for console in consoles for word in ("-serial", console)),
    ]

import os
from pathlib import Path

from posedge.devices.circumstances import Bound, Holder, look


def made(root: Path) -> str:
    """A machine on which cupsd holds a printer; return the printer's node."""
    node = root / "lp0"
    node.touch(mode=0o600)
    for pid, name, file in ((812, "cupsd\n", node), (os.getpid(), "posedge\n", node)):
        (root / f"proc/{pid}/fd").mkdir(parents=True)
        (root / f"proc/{pid}/comm").write_text(name)
        (root / f"proc/{pid}/fd/7").symlink_to(file)
    (root / "proc/13/comm").parent.mkdir()
    (root / "proc/self").mkdir()
    (root / "sys/fs/cgroup/system.slice/cups.service").mkdir(parents=True)
    (root / "sys/fs/cgroup/system.slice/brltty-udev.service").mkdir()
    for number, driver in ((0, None), (1, "usbhid")):
        inside = root / f"sys/devices/usb1/1-2/1-2:1.{number}"
        inside.mkdir(parents=True)
        for part, text in (("Class", "07"), ("SubClass", "01"), ("Protocol", "02")):
            (inside / f"bInterface{part}").write_text(text + "\n")
        if driver:
            (root / driver).mkdir()
            (inside / "driver").symlink_to(root / driver)
    return str(node)


def test_who_may_open_it_who_holds_it_and_what_drives_it(tmp_path: Path) -> None:
    node = made(tmp_path)
    found = look([node, "/no/such/node"], "/devices/usb1/1-2", tmp_path)
    assert found.holders == (Holder(node, "cupsd", 812),)
    assert found.interfaces == (Bound("070102", None), Bound("070102", "usbhid"))
    assert found.services == ("cups", "brltty")
    (access,) = found.access
    assert (access.file, access.ours) == (node, True)
    assert access.rights.endswith(" 0600")


def test_a_machine_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    found = look(["/no/such/node"], None, tmp_path)
    assert (found.access, found.holders, found.interfaces, found.services) == ((), (), (), ())


def test_this_machine(tmp_path: Path) -> None:
    file = tmp_path / "node"
    with file.open("w"):
        found = look([str(file)], "/devices/none")
    assert found.access[0].ours
    assert found.holders == ()  # nobody but we

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from posedge.notify import Notify


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """systemd's end of NOTIFY_SOCKET."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        yield manager


def test_one_datagram_for_each_state(manager: socket.socket) -> None:
    notify = Notify({"NOTIFY_SOCKET": manager.getsockname()})
    notify("READY=1\nWATCHDOG=1")
    notify("STOPPING=1")
    assert manager.recv(100) == b"READY=1\nWATCHDOG=1"
    assert manager.recv(100) == b"STOPPING=1"


def test_abstract_sockets_are_written_with_an_at_sign() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("")  # the kernel chooses an abstract name
        manager.settimeout(5)
        name = manager.getsockname().decode()
        Notify({"NOTIFY_SOCKET": name.replace("\0", "@", 1)})("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_without_systemd_nothing_happens() -> None:
    notify = Notify({})
    notify("READY=1")
    assert notify.watchdog_s is None


def test_a_manager_that_is_gone_is_no_reason_to_fail(manager: socket.socket) -> None:
    path = manager.getsockname()
    manager.close()
    Notify({"NOTIFY_SOCKET": path})("READY=1")
    Path(path).unlink()
    Notify({"NOTIFY_SOCKET": path})("READY=1")


@pytest.mark.parametrize(
    ("given", "seconds"), [("30000000", 30.0), ("500000", 0.5), ("", None), ("soon", None)]
)
def test_the_watchdog_s_interval(given: str, seconds: float | None) -> None:
    assert Notify({"WATCHDOG_USEC": given}).watchdog_s == seconds

import errno
import os
import platform
from pathlib import Path

import pytest

from posedge.app.machine import MAX_MESSAGES, kernel_messages, versions


def test_versions() -> None:
    found = versions()
    assert isinstance(found["packages"], dict)
    assert "pydantic" in found["packages"]
    assert found["posedge"]


def test_versions_of_a_system_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> dict[str, str]:
        raise OSError(errno.ENOENT, "no os-release")

    monkeypatch.setattr(platform, "freedesktop_os_release", nameless)
    assert "system" not in versions()


def test_what_the_kernel_says_of_devices(tmp_path: Path) -> None:
    log = tmp_path / "kmsg"
    lines = [f"6,{each},1,-;usb 1-1: new device" for each in range(MAX_MESSAGES + 3)]
    log.write_text("\n".join(["6,1,1,-;audit: somebody logged in", *lines]))
    found = list(kernel_messages(log))
    assert len(found) == MAX_MESSAGES
    assert all("usb" in each for each in found)


def test_where_the_kernel_may_not_be_heard(tmp_path: Path) -> None:
    assert list(kernel_messages(tmp_path / "none")) == []


def test_a_record_that_was_overwritten_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[bytes | OSError] = [
        BrokenPipeError(),
        b"6,2,1,-;usb 1-1: gone",
        BlockingIOError(),
    ]

    def read(_descriptor: int, _size: int) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    (tmp_path / "kmsg").touch()
    monkeypatch.setattr(os, "read", read)
    assert list(kernel_messages(tmp_path / "kmsg")) == ["6,2,1,-;usb 1-1: gone"]

import asyncio
import os
from pathlib import Path

import pytest
import structlog

from posedge.link.worker import UNREAD_LIMIT, WorkerLink, open_worker
from posedge.model.errors import DeviceError, DeviceGone


async def program(folder: Path, script: str, *, memory_mb: int = 64) -> WorkerLink:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return await open_worker(str(path), memory_mb=memory_mb)


async def whole(link: WorkerLink) -> bytes:
    data = b""
    async with asyncio.timeout(10):
        while True:
            try:
                data += await link.read()
            except DeviceGone:
                return data


async def test_what_is_written_is_answered(tmp_path: Path) -> None:
    link = await program(tmp_path, "exec cat")
    assert repr(link).endswith("running>")
    await link.write(b"hello\n", deadline_s=5)
    async with asyncio.timeout(10):
        assert await link.read(3) == b"hel"
        assert link.waiting
        assert await link.read() == b"lo\n"
    await link.close()
    await link.close()
    with pytest.raises(DeviceGone):
        await link.read()
    with pytest.raises(DeviceGone):
        await link.write(b"x", deadline_s=1)


async def test_it_inherits_nothing_and_is_confined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSEDGE_SECRET", "s3cret")
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), False)
        link = await program(
            tmp_path, "read go; env; ls /proc/self/fd; cat /proc/self/limits", memory_mb=48
        )
        await link.write(b"go\n", deadline_s=5)
        said = (await whole(link)).decode()
    await link.close()
    assert "s3cret" not in said
    assert "LANG=C.UTF-8" in said
    limits = {
        line[:26].strip(): line[26:].split()[0] for line in said.splitlines() if "Max" in line
    }
    assert limits["Max data size"] == str(48 * 1024 * 1024)
    assert limits["Max core file size"] == "0"
    assert limits["Max open files"] == "256"


async def test_its_end_is_told_behind_its_last_words(tmp_path: Path) -> None:
    link = await program(tmp_path, "echo bye; kill -SEGV $$")
    assert await whole(link) == b"bye\n"
    await link.close()


async def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    link = await program(tmp_path, "sleep 1000 & echo $!; wait")
    async with asyncio.timeout(10):
        child = int(await link.read())
    await link.close()
    async with asyncio.timeout(10):
        while alive(child):  # noqa: ASYNC110 - the kernel tells nobody but its parent
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def test_what_it_complains_of_is_logged_without_card_numbers(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        link = await program(tmp_path, "echo 'card 4111 1111 1111 1111 failed' >&2; echo done")
        assert await whole(link) == b"done\n"
        await link.close()
    (text,) = [entry["text"] for entry in logs if entry["event"] == "worker.complains"]
    assert text.endswith("1111 failed")
    assert "4111" not in text


async def test_one_that_does_not_stop_talking_is_killed(tmp_path: Path) -> None:
    link = await program(tmp_path, "exec yes")
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await link._ended.wait()
    assert len(link._unread) <= UNREAD_LIMIT
    await link.close()


async def test_one_that_does_not_listen_is_told_of(tmp_path: Path) -> None:
    link = await program(tmp_path, "exec sleep 1000")
    with pytest.raises(DeviceError) as stalled:
        await link.write(b"x" * 1_000_000, deadline_s=0.1)
    assert stalled.value.code == "device.stalled"
    await link.close()


async def test_one_that_has_stopped_listening_is_gone(tmp_path: Path) -> None:
    link = await program(tmp_path, "exec 0<&-; echo ready; exec sleep 1000")
    async with asyncio.timeout(10):
        await link.read()
    with pytest.raises(DeviceGone):
        await link.write(b"x" * 1_000_000, deadline_s=10)
    with pytest.raises(DeviceGone):
        await link.write(b"x", deadline_s=1)
    await link.close()


async def test_one_that_has_ended_before_it_was_confined(tmp_path: Path) -> None:
    link = await program(tmp_path, "exit 0")
    async with asyncio.timeout(10):
        await link._ended.wait()
    link.confine(64)
    assert await whole(link) == b""
    await link.close()


async def test_one_that_is_not_there() -> None:
    with pytest.raises(DeviceError) as unreachable:
        await open_worker("/nowhere/adapter", memory_mb=64)
    assert unreachable.value.code == "device.unreachable"

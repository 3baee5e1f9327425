import json

import pytest

from posedge.link.memory import MemoryLink
from posedge.link.recording import HELD, RecordingLink

CARD = b"4111111111111111"


def played(lines: list[str]) -> list[tuple[str, bytes]]:
    return [(record["dir"], bytes.fromhex(record["hex"])) for record in map(json.loads, lines)]


async def test_both_directions_in_order_with_times() -> None:
    lines: list[str] = []
    near, far = MemoryLink.pair()
    link = RecordingLink(near, lines.append)
    await link.write(b"W", deadline_s=1)
    await far.write(b"\x0200123\r", deadline_s=1)
    assert await link.read() == b"\x0200123\r"
    await link.close()
    assert played(lines) == [("out", b"W"), ("in", b"\x0200123\r")]
    times = [json.loads(line)["t"] for line in lines]
    assert times == sorted(times)
    assert all(isinstance(moment, int) and moment >= 0 for moment in times)
    assert "RecordingLink of" in repr(link)


async def test_a_card_number_is_masked_even_byte_by_byte() -> None:
    lines: list[str] = []
    near, far = MemoryLink.pair()
    link = RecordingLink(near, lines.append)
    for byte in b";" + CARD + b"=2512?":
        await far.write(bytes([byte]), deadline_s=1)
        assert await link.read() == bytes([byte])
    await link.close()
    assert b"".join(data for _, data in played(lines)) == b";************1111=2512?"


@pytest.mark.parametrize("before", range(HELD - 70, HELD + 5, 3))
async def test_a_card_number_is_masked_across_what_is_written_early(before: int) -> None:
    lines: list[str] = []
    near, _ = MemoryLink.pair()
    link = RecordingLink(near, lines.append)
    text = b"x" * before + b"=" + CARD + b"=" + b"y" * 2 * HELD
    for at in range(0, len(text), 5):
        await link.write(text[at : at + 5], deadline_s=1)
    assert lines, "records do not wait for ever"
    await link.close()
    assert b"".join(data for _, data in played(lines)) == text.replace(CARD, b"************1111")

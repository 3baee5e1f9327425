"""Magnetic stripe readers over HID: one report for each swipe.

Sources: MagTek 99875191 (page 0xFF00, its report in table 4-1); HID Point of Sale Usage Tables
1.02, chapter 6 (page 0x8E). Where things lie is read from the report descriptor. What a payment
card says is refused here and goes no further: see posedge.wire.tracks.
"""

from dataclasses import dataclass

from posedge.wire.hid.descriptor import Descriptor
from posedge.wire.hid.fields import Field, ReportKind
from posedge.wire.tracks import Refused, Swipe, judge

FAILED = 0x01
"""Bit 0 of a track's decode status: there was something, and it could not be read."""


@dataclass(frozen=True, slots=True)
class _Usages:
    """By track; a page that has no decode status has none."""

    data: tuple[int, int, int]
    length: tuple[int, int, int]
    status: tuple[int, ...] = ()


PAGES = (
    _Usages(
        data=(0xFF000030, 0xFF000031, 0xFF000032),
        length=(0xFF000028, 0xFF000029, 0xFF00002A),
        status=(0xFF000020, 0xFF000021, 0xFF000022),
    ),
    _Usages(
        data=(0x8E0021, 0x8E0022, 0x8E0023),
        length=(0x8E0011, 0x8E0012, 0x8E0013),
    ),
)


@dataclass(frozen=True, slots=True)
class Track:
    """Where one track lies."""

    data: Field
    length: Field | None
    status: Field | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the tracks lie, all in one report; None for one that the reader has not."""

    report: int
    tracks: tuple[Track | None, Track | None, Track | None]


def layout(descriptor: Descriptor) -> Layout | None:
    """Find the tracks; None in what is no stripe reader that we can read."""
    for usages in PAGES:
        places = tuple(_bytes(descriptor, usage) for usage in usages.data)
        first = next((each for each in places if each is not None), None)
        if first is not None:
            one, two, three = (
                _track(descriptor, usages, n, data, first.report) for n, data in enumerate(places)
            )
            return Layout(first.report, (one, two, three))
    return None


def read_stripe(where: Layout, number: int, data: bytes) -> Swipe | Refused | None:
    """Say what was swiped; None for a report of another kind."""
    if number != where.report:
        return None
    first, second, third = (_text(track, data) for track in where.tracks)
    damaged = any(
        track is not None and track.status is not None and (track.status.value(data) or 0) & FAILED
        for track in where.tracks
    )
    return judge((first, second, third), damaged=damaged)


def _track(
    descriptor: Descriptor, usages: _Usages, n: int, data: Field | None, report: int
) -> Track | None:
    if data is None or data.report != report:
        return None
    status = descriptor.find(usages.status[n]) if usages.status else None
    return Track(data, descriptor.find(usages.length[n]), status)


def _text(track: Track | None, data: bytes) -> str:
    """Return the track as characters, one a byte: what is encrypted stays strange."""
    if track is None:
        return ""
    octets = track.data.octets(data)
    length = None if track.length is None else track.length.value(data)
    return (octets.rstrip(b"\0") if length is None else octets[:length]).decode("latin-1")


def _bytes(descriptor: Descriptor, usage: int) -> Field | None:
    found = (
        each
        for each in descriptor.of(ReportKind.INPUT)
        if each.usage == usage and each.size == 8 and not each.offset % 8  # noqa: PLR2004 - bits
    )
    return next(found, None)

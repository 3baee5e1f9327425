"""One batch of what arrived: a transaction's worth of entries, syncs, presence and states."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from posedge.hq import fleet, matters
from posedge.hq.chain import advance
from posedge.hq.inbound import Arrival, Item, Presence, State, Synced, Unreadable
from posedge.hq.schema import ENTRY, FAULT, STREAM, Record, add
from posedge.model.messages import MAX_RANGES, Reject
from posedge.model.topics import BoxTopics


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a stream is after a batch. `hole` is the first range that is missing, if any."""

    topics: BoxTopics
    stream: str
    upto: int
    hole: tuple[int, int] | None
    rejects: tuple[Reject, ...] = ()


class Batch:
    """One transaction."""

    def __init__(self, database: Connection, received: str) -> None:
        self._database = database
        self._received = received

    def commit(self, items: Sequence[Item]) -> tuple[Standing, ...]:
        streams: dict[tuple[str, str], tuple[BoxTopics, list[Arrival], int]] = {}
        for item in items:
            match item:
                case Arrival():
                    key = (item.topics.box, item.stream)
                    _, arrivals, last = streams.get(key, (item.topics, [], 0))
                    arrivals.append(item)
                    streams[key] = (item.topics, arrivals, max(last, item.sequence))
                case Synced():
                    key = (item.topics.box, item.sync.stream)
                    _, arrivals, last = streams.get(key, (item.topics, [], 0))
                    streams[key] = (item.topics, arrivals, max(last, item.sync.last))
                case Presence():
                    fleet.presence(self._database, item, self._received)
                case State():
                    fleet.state(self._database, item, self._received)
                case Unreadable():
                    self.fault("unreadable", item.topics.box, text=item.problem, body=item.body)
        for topics in {item.topics.box: item.topics for item in items}.values():
            fleet.seen(self._database, topics, self._received)
        return tuple(
            self._stream(topics, stream, arrivals, last)
            for (_, stream), (topics, arrivals, last) in streams.items()
        )

    def fault(
        self,
        kind: str,
        box: str,
        *,
        text: str,
        stream: str = "",
        sequence: int = 0,
        digest: str = "",
        body: bytes | None = None,
    ) -> None:
        row: Record = {
            "kind": kind,
            "box": box,
            "stream": stream,
            "sequence": sequence,
            "digest": digest,
            "text": text,
            "body": body,
            "at": self._received,
        }
        add(self._database, FAULT, row)

    def _stream(
        self, topics: BoxTopics, stream: str, arrivals: Sequence[Arrival], last: int
    ) -> Standing:
        row = fleet.lock(self._database, topics.box, stream, self._received)
        rejects, stored = self._entries(topics.box, stream, arrivals)
        after = advance(self._database, topics.box, stream, upto=row.upto, head=row.head)
        for sequence, problem in after.broken:
            self.fault("chain", topics.box, stream=stream, sequence=sequence, text=problem)
        self._database.execute(
            update(STREAM)
            .where(STREAM.c.box == topics.box, STREAM.c.stream == stream)
            .values(
                upto=after.upto,
                head=after.head,
                last=max(row.last, last, after.upto),
                stored=STREAM.c.stored + stored,
                duplicates=STREAM.c.duplicates + len(arrivals) - stored - len(rejects["fork"]),
            )
        )
        if after.upto > row.upto:
            self._clear(topics.box, stream, after.upto)
        named = [Reject(seq=s, code=code) for code, all_ in rejects.items() for s in all_]
        return Standing(topics, stream, after.upto, after.hole, tuple(named[:MAX_RANGES]))

    def _entries(
        self, box: str, stream: str, arrivals: Sequence[Arrival]
    ) -> tuple[dict[str, list[int]], int]:
        """Add what is new; return what is rejected by its code, and how many were stored."""
        held = self._held(box, stream, {arrival.sequence for arrival in arrivals})
        rejects: dict[str, list[int]] = {"fork": [], "unreadable": [], "source": []}
        fresh: list[Record] = []
        new: list[Arrival] = []
        for arrival in arrivals:
            digest = held.setdefault(arrival.sequence, "")
            if digest == arrival.digest:
                continue
            if digest:
                self._suspect("fork", arrival, "another entry has this place in the stream")
                rejects["fork"].append(arrival.sequence)
                continue
            held[arrival.sequence] = arrival.digest
            fresh.append(_row(arrival, self._received))
            new.append(arrival)
            if arrival.flag is not None:
                self._suspect(arrival.flag, arrival, arrival.problem or arrival.flag)
                rejects[arrival.flag].append(arrival.sequence)
        if fresh:
            self._database.execute(insert(ENTRY), fresh)
            matters.note(self._database, box, new, self._received)
        return rejects, len(fresh)

    def _held(self, box: str, stream: str, sequences: set[int]) -> dict[int, str]:
        if not sequences:
            return {}
        rows = self._database.execute(
            select(ENTRY.c.sequence, ENTRY.c.digest).where(
                ENTRY.c.box == box, ENTRY.c.stream == stream, ENTRY.c.sequence.in_(sequences)
            )
        )
        return {row.sequence: row.digest for row in rows}

    def _suspect(self, kind: str, arrival: Arrival, text: str) -> None:
        self.fault(
            kind,
            arrival.topics.box,
            stream=arrival.stream,
            sequence=arrival.sequence,
            digest=arrival.digest,
            text=text,
            body=arrival.body,
        )

    def _clear(self, box: str, stream: str, upto: int) -> None:
        self._database.execute(
            update(FAULT)
            .where(
                FAULT.c.kind == "gap",
                FAULT.c.box == box,
                FAULT.c.stream == stream,
                FAULT.c.sequence <= upto,
                FAULT.c.cleared.is_(None),
            )
            .values(cleared=self._received)
        )


def _row(arrival: Arrival, received: str) -> Record:
    entry = arrival.entry
    return {
        "box": arrival.topics.box,
        "stream": arrival.stream,
        "sequence": arrival.sequence,
        "id": entry.id if entry else "",
        "type": entry.type if entry else "",
        "subject": entry.subject if entry else "",
        "time": entry.time if entry else "",
        "hash": entry.hash if entry else "",
        "digest": arrival.digest,
        "body": arrival.body,
        "received": received,
        "flag": arrival.flag,
    }

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from posedge.hq.batch import Standing
from posedge.hq.inbound import Unreadable, item
from posedge.hq.ledger import Ledger
from posedge.hq.queries import Queries
from posedge.hq.schema import BOX as BOXES
from posedge.hq.schema import ENTRY, FAULT, STATE
from posedge.hq.schema import STREAM as STREAMS
from posedge.model.entry import Draft, Entry, seal
from posedge.model.errors import ConfigError, ProtocolError, StorageError
from posedge.model.messages import Reject, Reported, Status, Sync, write
from posedge.model.stamp import Stamp
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import Message

BOX = BoxTopics("acme", "s0042", "bx7f3k2")
STREAM = "9f3c1a7be0425d18"
NOW, LATER = "2026-11-23T09:00:00.000Z", "2026-11-23T09:00:01.000Z"
AT = Stamp(utc_ns=1_795_424_000_000_000_000, monotonic_ns=1, boot_id="b", trusted=True)


def chain(
    count: int,
    *,
    stream: str = STREAM,
    source: str = BOX.source,
    mark: int = 0,
    subject: str = "sale/x",
) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(1, count + 1):
        draft = Draft(f"id-{mark}-{number}", "sale.completed", subject, AT, {"mark": mark})
        prevhash = entries[-1].hash if entries else stream
        entries.append(
            seal(draft, stream=stream, source=source, sequence=number, prevhash=prevhash)
        )
    return entries


def sent(entry: Entry | bytes, topics: BoxTopics = BOX, **user: str) -> Message:
    body = entry.body if isinstance(entry, Entry) else entry
    return Message(topics.event("sale"), body, user=tuple(user.items()))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(f"sqlite:///{tmp_path}/hq.db")
    yield opened
    opened.close()


def commit(ledger: Ledger, *messages: Message, received: str = NOW) -> tuple[Standing, ...]:
    return ledger.commit([item(each) for each in messages], received=received)


def rows(ledger: Ledger, table: Any) -> list[Any]:
    with ledger.engine.connect() as database:
        return list(database.execute(select(table)).all())


def faults(ledger: Ledger) -> list[tuple[str, int, str | None]]:
    return [(each.kind, each.sequence, each.cleared) for each in rows(ledger, FAULT)]


def test_a_commit_survives_a_power_cut(ledger: Ledger) -> None:
    with ledger.engine.connect() as database:
        assert database.scalar(text("PRAGMA synchronous")) == 2
        assert database.scalar(text("PRAGMA journal_mode")) == "wal"


def test_entries_are_stored_as_they_came(ledger: Ledger) -> None:
    entries = chain(3)
    (standing,) = commit(ledger, *map(sent, entries))
    assert standing == Standing(BOX, STREAM, 3, None)
    assert [row.body for row in rows(ledger, ENTRY)] == [each.body for each in entries]
    (stream,) = rows(ledger, STREAMS)
    assert (stream.upto, stream.head, stream.last) == (3, entries[2].hash, 3)
    assert (stream.stored, stream.duplicates) == (3, 0)
    assert faults(ledger) == []


def test_each_entry_once_however_often_it_arrives(ledger: Ledger) -> None:
    entries = chain(3)
    commit(ledger, *map(sent, entries), *map(sent, entries))
    (standing,) = commit(ledger, *map(sent, entries))
    assert standing.upto == 3
    (stream,) = rows(ledger, STREAMS)
    assert (stream.stored, stream.duplicates) == (3, 6)


def test_what_comes_out_of_order_waits(ledger: Ledger) -> None:
    entries = chain(1200)
    (standing,) = commit(ledger, *map(sent, entries[2:]))
    assert (standing.upto, standing.hole) == (0, (1, 2))
    (standing,) = commit(ledger, sent(entries[0]))
    assert (standing.upto, standing.hole) == (1, (2, 2))
    (standing,) = commit(ledger, sent(entries[1]))
    assert (standing.upto, standing.hole) == (1200, None)
    assert faults(ledger) == []


def test_gap_is_a_fault_until_it_is_filled(ledger: Ledger) -> None:
    first, second, third = chain(3)
    (standing,) = commit(ledger, sent(first), sent(third))
    ledger.missing(standing, received=NOW)
    ledger.missing(standing, received=NOW)
    assert faults(ledger) == [("gap", 2, None)]
    commit(ledger, sent(second), received=LATER)
    assert faults(ledger) == [("gap", 2, LATER)]


def test_broken_link_is_stored_flagged_and_named(ledger: Ledger) -> None:
    first, second, third = chain(3)
    other = chain(2, mark=1)[1]
    (standing,) = commit(ledger, sent(first), sent(other), sent(third))
    assert (standing.upto, standing.rejects) == (3, ())
    assert [row.flag for row in rows(ledger, ENTRY)] == [None, "chain", "chain"]
    assert faults(ledger) == [("chain", 2, None), ("chain", 3, None)]
    assert second.hash != other.hash


def test_changed_content_is_stored_flagged_and_named(ledger: Ledger) -> None:
    first, second = chain(2)
    forged = first.body.replace(b'"mark":0', b'"mark":9')
    (standing,) = commit(ledger, sent(forged), sent(second))
    assert standing.upto == 2
    assert [row.flag for row in rows(ledger, ENTRY)] == ["chain", None]
    (fault,) = rows(ledger, FAULT)
    assert fault.text == "its content does not match its hash"


def test_fork_is_rejected_and_kept_as_evidence(ledger: Ledger) -> None:
    ours, cloned = chain(2), chain(2, mark=1)
    commit(ledger, *map(sent, ours))
    (standing,) = commit(ledger, sent(cloned[1]))
    assert standing.rejects == (Reject(seq=2, code="fork"),)
    (standing,) = commit(ledger, sent(cloned[1]))
    assert standing.upto == 2
    assert [row.body for row in rows(ledger, ENTRY)] == [each.body for each in ours]
    (fault,) = rows(ledger, FAULT)
    assert (fault.kind, fault.body) == ("fork", cloned[1].body)
    (stream,) = rows(ledger, STREAMS)
    assert (stream.stored, stream.duplicates) == (2, 0)


def test_fork_within_one_batch(ledger: Ledger) -> None:
    (standing,) = commit(ledger, sent(chain(1)[0]), sent(chain(1, mark=1)[0]))
    assert (standing.upto, standing.rejects) == (1, (Reject(seq=1, code="fork"),))


def test_unreadable_entry_is_quarantined_and_does_not_stop_the_others(ledger: Ledger) -> None:
    first, _, third = chain(3)
    (standing,) = commit(
        ledger, sent(first), sent(b"{nonsense", stream=STREAM, seq="2"), sent(third)
    )
    assert (standing.upto, standing.rejects) == (3, (Reject(seq=2, code="unreadable"),))
    assert [row.flag for row in rows(ledger, ENTRY)] == [None, "unreadable", None]
    (fault,) = rows(ledger, FAULT)
    assert (fault.kind, fault.sequence, fault.body) == ("unreadable", 2, b"{nonsense")


def test_entry_of_another_box_is_quarantined(ledger: Ledger) -> None:
    (entry,) = chain(1, source="/acme/s0042/other")
    (standing,) = commit(ledger, sent(entry))
    assert (standing.upto, standing.rejects) == (1, (Reject(seq=1, code="source"),))
    assert [row.flag for row in rows(ledger, ENTRY)] == ["source"]
    assert faults(ledger) == [("source", 1, None)]


def test_box_that_moved_to_another_store_keeps_its_identity(ledger: Ledger) -> None:
    first, second = chain(2)
    commit(ledger, sent(first))
    moved = BoxTopics("acme", "s0099", BOX.box)
    (standing,) = commit(ledger, sent(second, moved))
    assert (standing.upto, standing.rejects) == (2, ())
    (box,) = rows(ledger, BOXES)
    assert box.store == "s0099"


def test_a_damaged_number_takes_no_other_place(ledger: Ledger) -> None:
    one, _, three = chain(3)
    damaged = chain(3, mark=1)[2].body
    (standing,) = commit(
        ledger,
        sent(one, stream=STREAM, seq="1"),
        sent(damaged, stream=STREAM, seq="2"),
        sent(three, stream=STREAM, seq="3"),
    )
    assert (standing.upto, standing.rejects) == (3, (Reject(seq=2, code="unreadable"),))
    assert [row.body for row in rows(ledger, ENTRY)] == [one.body, damaged, three.body]
    (fault,) = rows(ledger, FAULT)
    assert (fault.kind, fault.sequence) == ("unreadable", 2)
    assert fault.text == f"calls itself {STREAM}/3"


def test_two_streams_of_a_box_are_counted_together(ledger: Ledger) -> None:
    old, new = "0" * 16, "f" * 16
    older, newer = chain(3, stream=old, mark=1), chain(4, stream=new, mark=2)
    birth = Status(status="online", session=1, stream=new, last=4, version="1")
    sync = Message(BOX.sync, write(Sync(stream=old, first=1, last=3, acked=0)))
    commit(ledger, Message(BOX.status, write(birth)), sync)
    (box,) = Queries(ledger).boxes()
    assert (box.upto, box.last, box.behind) == (0, 4, 7)
    standings = commit(ledger, sent(older[0]), *map(sent, newer))
    assert {each.stream: each.upto for each in standings} == {old: 1, new: 4}
    (box,) = Queries(ledger).boxes()
    assert (box.upto, box.last, box.behind) == (4, 4, 2)
    commit(ledger, *map(sent, older))
    (box,) = Queries(ledger).boxes()
    assert (box.behind, box.gaps, box.broken, box.other_faults) == (0, 0, 0, 0)


@pytest.mark.parametrize("subject", ["s" * 257, "tab\there", "nul\0"])
def test_what_no_column_takes_is_unreadable(ledger: Ledger, subject: str) -> None:
    body = chain(1)[0].body.replace(b"sale/x", subject.encode("unicode_escape"))
    (standing,) = commit(ledger, sent(body, stream=STREAM, seq="1"))
    assert standing.rejects == (Reject(seq=1, code="unreadable"),)


@pytest.mark.parametrize("sequence", [b"0", b"9223372036854775808"])
def test_impossible_places_are_unreadable(ledger: Ledger, sequence: bytes) -> None:
    body = chain(1)[0].body.replace(b'"sequence":"1"', b'"sequence":"%s"' % sequence)
    assert commit(ledger, sent(body)) == ()
    assert faults(ledger) == [("unreadable", 0, None)]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (BOX.event("sale"), b"nonsense"),
        (BOX.sync, b"{}"),
        (BOX.status, b"[]"),
        (BOX.status, b'{"status":"online","session":9223372036854775808}'),
        (BOX.status, b'{"status":"online","session":1,"since":"%s"}' % (b"0" * 33)),
        (BOX.state("device"), b"1"),
    ],
)
def test_anything_else_is_kept_as_a_fault(ledger: Ledger, topic: str, payload: bytes) -> None:
    found = item(Message(topic, payload))
    assert isinstance(found, Unreadable)
    ledger.commit([found], received=NOW)
    (fault,) = rows(ledger, FAULT)
    assert (fault.kind, fault.body) == ("unreadable", payload)


@pytest.mark.parametrize(
    "topic", ["posedge/v1/acme/s1/b1/ack", "posedge/v1/acme/s1/b1/state/a.b", "other"]
)
def test_foreign_topics_are_none_of_ours(topic: str) -> None:
    with pytest.raises(ProtocolError):
        item(Message(topic, b""))


def test_sync_tells_how_far_we_are_and_what_the_box_has(ledger: Ledger) -> None:
    sync = Sync(stream=STREAM, first=1, last=7, acked=5)
    (standing,) = commit(ledger, Message(BOX.sync, write(sync)))
    assert (standing.upto, standing.hole) == (0, None)
    assert [row.last for row in rows(ledger, STREAMS)] == [7]


def test_new_stream_of_a_box_is_a_log_of_its_own(ledger: Ledger) -> None:
    commit(ledger, *map(sent, chain(2)))
    (standing,) = commit(ledger, *map(sent, chain(1, stream="0" * 16)))
    assert (standing.stream, standing.upto) == ("0" * 16, 1)
    assert len(rows(ledger, ENTRY)) == 3


def presence(ledger: Ledger, **said: Any) -> tuple[str, int]:
    status = Status.model_validate(said)
    commit(ledger, Message(BOX.status, write(status)))
    (box,) = rows(ledger, BOXES)
    return box.status, box.session


def test_death_of_an_older_session_is_void(ledger: Ledger) -> None:
    assert presence(ledger, status="online", session=5, stream=STREAM, last=0) == ("online", 5)
    assert presence(ledger, status="offline", session=4, reason="will") == ("online", 5)
    assert presence(ledger, status="offline", session=5, reason="will") == ("offline", 5)
    assert presence(ledger, status="online", session=6, stream=STREAM, last=3) == ("online", 6)
    assert [row.last for row in rows(ledger, STREAMS)] == [3]


def test_box_with_a_new_journal_counts_from_one(ledger: Ledger) -> None:
    presence(ledger, status="online", session=500, stream=STREAM, last=9)
    assert presence(ledger, status="online", session=1, stream="0" * 16) == ("online", 1)


def test_newest_report_of_a_state_is_kept(ledger: Ledger) -> None:
    for version in (1, 2):
        report = Reported(version=version, state={"printer": "ok"})
        commit(ledger, Message(BOX.state("device"), write(report)))
    (row,) = rows(ledger, STATE)
    assert row.body == '{"version":2,"state":{"printer":"ok"}}'


@pytest.mark.parametrize("url", ["nonsense", "mysql://h/db", "oracle://h/db", "no-such://x"])
def test_database_that_we_do_not_speak_is_a_mistake_in_the_settings(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Ledger(url)
    assert caught.value.code == "ledger.url"


def test_database_that_fails_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="database failed"):
        Ledger(f"sqlite:///{tmp_path}/no/such/folder/hq.db")

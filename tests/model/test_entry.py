import hashlib
import json
import random
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.entry import (
    MAX_ENTRY_BYTES,
    MAX_SUBJECT,
    Draft,
    Entry,
    canonical,
    fault,
    seal,
)
from posedge.model.errors import MisuseError, ProtocolError
from tests.doubles.drafts import AT, draft

STREAM = "9f3c1a7be0425d18"
SOURCE = "/acme/s0042/bx7f3k2"
SAFE = 2**53 - 1

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE, SAFE) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def sealed(what: Draft, *, sequence: int = 1, prevhash: str = STREAM) -> Entry:
    return seal(what, stream=STREAM, source=SOURCE, sequence=sequence, prevhash=prevhash)


def judged(body: bytes, *, sequence: int = 1, prevhash: str | None = STREAM) -> str | None:
    return fault(body, stream=STREAM, sequence=sequence, prevhash=prevhash)


def altered(entry: Entry, **fields: Any) -> bytes:
    """Return the entry with other fields, canonical, and hashed as if it were true."""
    claims = {**json.loads(entry.body), **fields}
    del claims["hash"]
    claims["hash"] = hashlib.sha256(rfc8785.dumps(claims)).hexdigest()
    return rfc8785.dumps(claims)


@given(st.dictionaries(TEXTS, JSONS))
def test_the_canonical_bytes_are_those_of_rfc_8785(fields: dict[str, Any]) -> None:
    assert canonical(fields) == rfc8785.dumps(fields)


def test_keys_are_sorted_by_their_utf_16_halves() -> None:
    assert canonical({"\ufb01": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb01":1}'.encode()


@pytest.mark.parametrize("value", [SAFE + 1, -SAFE - 1])
def test_an_integer_that_others_round_is_refused(value: int) -> None:
    body = sealed(draft(1, data={"n": 4599})).body.replace(b"4599", str(value).encode())
    with pytest.raises(ProtocolError, match=r"not a journal entry"):
        Entry.from_body(body)


def test_an_entry_names_its_source() -> None:
    entry = sealed(draft(1))
    assert entry.source == SOURCE
    assert Entry.from_body(altered(entry, source=7)).source == ""


def test_the_body_is_the_cloud_event_of_the_contract() -> None:
    entry = sealed(draft(7, data={"open": True, "total_minor": 4599}))
    assert json.loads(entry.body) == {
        "specversion": "1.0",
        "id": "0199c2d4-6b0e-7c31-9a55-000000000007",
        "source": SOURCE,
        "type": "io.posedge.payment.sending.v1",
        "subject": "payment/7",
        "time": "2026-11-23T00:00:00.123Z",
        "bootid": "b" * 32,
        "monotonic": "5",
        "clocktrusted": True,
        "datacontenttype": "application/json",
        "dataschema": "https://schemas.posedge.example/payment.sending/1",
        "stream": STREAM,
        "sequence": "1",
        "prevhash": STREAM,
        "hash": entry.hash,
        "data": {"open": True, "total_minor": 4599},
    }
    assert (entry.type, entry.noun, entry.sequence) == ("payment.sending", "payment", 1)


def test_the_hash_covers_everything_but_itself() -> None:
    entry = sealed(draft(1))
    fields = json.loads(entry.body)
    assert hashlib.sha256(rfc8785.dumps(fields)).hexdigest() != fields.pop("hash")
    assert hashlib.sha256(rfc8785.dumps(fields)).hexdigest() == entry.hash


@pytest.mark.parametrize(
    "data",
    [
        {"id": 'a","id":"b', "inner": {"id": "x", "hash": "y"}, "list": [{"a": "b", "id": "c"}]},
        {'"': '","id":"', "\\": '\\","id":"', "z": {"a": '"', "id": '","id":"'}},
        {},
    ],
)
def test_the_hash_stands_where_it_is_sorted_whatever_the_data_look_like(
    data: dict[str, Any],
) -> None:
    entry = sealed(draft(1, data=data))
    fields = json.loads(entry.body)
    assert entry.body == rfc8785.dumps(fields)
    assert entry.hash == fields.pop("hash")
    assert entry.hash == hashlib.sha256(rfc8785.dumps(fields)).hexdigest()


def test_a_tuple_is_a_list() -> None:
    assert sealed(draft(1, data={"lines": ("a", "b")})).data == {"lines": ["a", "b"]}


@given(data=st.dictionaries(TEXTS, JSONS, max_size=5), sequence=st.integers(1, 10**18 - 1))
def test_what_was_sealed_reads_back_and_has_no_fault(data: dict[str, Any], sequence: int) -> None:
    entry = sealed(draft(1, data=data), sequence=sequence)
    assert Entry.from_body(entry.body) == entry
    assert entry.data == data
    assert judged(entry.body, sequence=sequence) is None


@given(data=st.dictionaries(TEXTS, JSONS, max_size=3), where=st.integers(0), bit=st.integers(0, 7))
def test_every_flipped_bit_is_a_fault(data: dict[str, Any], where: int, bit: int) -> None:
    body = bytearray(sealed(draft(1, data=data)).body)
    body[where % len(body)] ^= 1 << bit
    assert judged(bytes(body)) is not None


@given(noise=st.binary(max_size=300) | TEXTS.map(str.encode))
def test_noise_raises_nothing_but_a_protocol_error(noise: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        Entry.from_body(noise)
    assert caught.value.code == "entry.unreadable"
    assert judged(noise) is not None


@pytest.mark.parametrize("seed", range(20))
def test_a_mutilated_entry_is_read_whole_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    body = sealed(draft(1, data={"lines": [{"sku": "4006381333931", "qty": "1"}]})).body
    for _ in range(200):
        cut = sorted(chance.choices(range(len(body)), k=2))
        mutilated = body[: cut[0]] + body[cut[1] :]
        assert mutilated == body or judged(mutilated) is not None


def test_the_chain_links() -> None:
    first = sealed(draft(1))
    second = sealed(draft(2), sequence=2, prevhash=first.hash)
    assert judged(second.body, sequence=2, prevhash=first.hash) is None
    assert judged(second.body, sequence=2, prevhash=None) is None
    assert judged(second.body, sequence=2, prevhash="0" * 64) == (
        "does not follow the entry before it"
    )
    assert judged(second.body, sequence=3, prevhash=first.hash) == (
        f"is {STREAM}/2, expected {STREAM}/3"
    )


def test_changed_content_does_not_match_its_hash() -> None:
    body = sealed(draft(1, data={"total_minor": 4599})).body
    assert judged(body.replace(b"4599", b"4598")) == "its content does not match its hash"


def test_content_that_was_hashed_anew_passes_alone_and_breaks_the_next_link() -> None:
    first = sealed(draft(1, data={"total_minor": 4599}))
    second = sealed(draft(2), sequence=2, prevhash=first.hash)
    forged = altered(first, data={"total_minor": 1})
    assert judged(forged) is None
    after = Entry.from_body(forged).hash
    assert judged(second.body, sequence=2, prevhash=after) == "does not follow the entry before it"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body.replace(b'{"bootid"', b'{ "bootid"'),
        lambda body: body.replace(b"\\u001f", b"\\u001F"),
        lambda body: body.replace(b'"data"', b'"data":{},"data"', 1),
        lambda body: body + b"\n",
    ],
    ids=["space", "escape", "twice", "newline"],
)
def test_another_spelling_of_the_same_json_is_a_fault(spoil: Any) -> None:
    body = sealed(draft(1, data={"text": "\x1f"})).body
    assert judged(spoil(body)) == "its bytes are not canonical JSON"


@pytest.mark.parametrize(
    "fields",
    [
        {"sequence": 1},
        {"sequence": "01"},
        {"sequence": "0"},
        {"sequence": "1" * 19},
        {"sequence": "\N{ARABIC-INDIC DIGIT ONE}"},
        {"subject": None},
        {"data": [["a", 1]]},
        {"data": {"weight_kg": 1.5}},
    ],
    ids=str,
)
def test_fields_of_the_wrong_kind_are_unreadable(fields: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="not a journal entry"):
        Entry.from_body(altered(sealed(draft(1)), **fields))


def test_numbers_that_json_does_not_know_are_unreadable() -> None:
    with pytest.raises(ProtocolError):
        Entry.from_body(sealed(draft(1, data={"a": 1})).body.replace(b'"a":1', b'"a":NaN'))


def test_lone_surrogates_and_endless_nesting_are_faults() -> None:
    body = sealed(draft(1, data={"a": 1})).body
    assert judged(body.replace(b'"a":1', b'"\\ud800":1')) is not None
    deep = b'"a":' + b"[" * 700 + b"]" * 700
    assert judged(body.replace(b'"a":1', deep)) is not None
    assert judged(body.replace(b'"a":1', b'"a":' + b"[" * 50_000 + b"]" * 50_000)) is not None


def test_an_unreadable_entry_is_not_quoted() -> None:
    with pytest.raises(ProtocolError) as caught:
        Entry.from_body(b'{"type": "4111111111111111", "stream": 4111111111111111}\xff')
    assert "4111" not in str(caught.value)


def test_an_oversized_entry_is_refused_on_both_sides() -> None:
    with pytest.raises(ProtocolError, match="are no entry"):
        Entry.from_body(b" " * (MAX_ENTRY_BYTES + 1))
    with pytest.raises(MisuseError, match="can't be journalled") as caught:
        sealed(draft(1, data={"text": "x" * MAX_ENTRY_BYTES}))
    assert caught.value.code == "entry.invalid"


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), SAFE + 1, "\ud800", {1: 2}, [{"a": ({1: 2},)}], b"raw", {1, 2}]
)
def test_what_json_can_not_hold_exactly_is_refused(value: Any) -> None:
    with pytest.raises(MisuseError, match="can't be journalled"):
        sealed(draft(1, data={"value": value}))


@pytest.mark.parametrize("type_", ["", "payment", "Payment.sent", "a/b.c", "payment.", "a b.c"])
def test_a_type_is_a_noun_and_a_verb(type_: str) -> None:
    with pytest.raises(MisuseError, match=r"noun\.verb"):
        sealed(draft(1, type_=type_))


@pytest.mark.parametrize("subject", ["", "a\0b", "line\nbreak", "x" * (MAX_SUBJECT + 1)])
def test_a_subject_is_short_printable_text(subject: str) -> None:
    bad = Draft(id="1", type="a.b", subject=subject, at=AT, data={})
    with pytest.raises(MisuseError, match="subject"):
        sealed(bad)

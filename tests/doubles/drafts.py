"""Drafts of journal entries for tests."""

from collections.abc import Mapping

from posedge.model.entry import Draft
from posedge.model.stamp import Stamp
from posedge.model.value import Json

AT = Stamp(utc_ns=1_795_392_000_123_456_789, monotonic_ns=5, boot_id="b" * 32, trusted=True)


def draft(
    number: int,
    *,
    subject: str | None = None,
    type_: str = "payment.sending",
    data: Mapping[str, Json] | None = None,
) -> Draft:
    """Return the draft `number`; its data says so unless `data` is given."""
    return Draft(
        id=f"0199c2d4-6b0e-7c31-9a55-{number:012d}",
        type=type_,
        subject=subject or f"payment/{number}",
        at=AT,
        data={"number": number} if data is None else data,
    )

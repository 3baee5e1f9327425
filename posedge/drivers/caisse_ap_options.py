"""What can be configured of a Caisse-AP terminal."""

from typing import Annotated

from pydantic import Field

from posedge.model.value import Value

Milliseconds = Annotated[int, Field(ge=1, le=3_600_000)]


class CaisseApOptions(Value):
    """The options of a terminal.

    `test_mode`: the operator's word that it moves no real money. `till`: this till's number, as
    the terminal shall report it. `answer_ms`: until the payment must have ended. `rest_ms`: an
    answer that pauses this long is whole. `status_ms`: between looks whether it is there.
    """

    test_mode: bool = False
    till: Annotated[str, Field(pattern=r"^[0-9]{2}$", description="two digits in quotes")] = "01"
    protocol_id: Annotated[
        str, Field(pattern=r"^[0-9]{12}$", description="twelve digits in quotes")
    ] = "012345678901"
    answer_ms: Milliseconds = 180_000
    rest_ms: Milliseconds = 100
    write_ms: Milliseconds = 5_000
    status_ms: Milliseconds = 60_000

import pytest

from posedge.model.errors import ProtocolError
from posedge.wire.ecr17.tickets import MAX_CHARACTERS, Ticket, is_ticket, tickets

LINES = ("COPIA ESERCENTE", "", "x" * 24, "TOTALE 12,50", *(f"riga {n}" for n in range(40)))


def test_a_receipt_of_several_messages() -> None:
    ticket = Ticket()
    messages = tickets("12345678", LINES)
    assert len(messages) > 1
    assert all(is_ticket(each) and len(each) <= 210 for each in messages)
    assert [ticket.add(each) for each in messages] == [False] * (len(messages) - 1) + [True]
    assert ticket.lines == LINES
    assert ticket.merchant


def test_sizes_of_letters_end_with_their_line() -> None:
    ticket = Ticket()
    assert ticket.add(b"123456780S" + b"\x7fEURO 1}{" + b"A" * 12 + b"^" + b"B" * 42 + b"C}}D\x1b")
    assert ticket.lines == ("EURO 1", "A" * 12, "B" * 42, "C", "", "D")
    assert not ticket.merchant


@pytest.mark.parametrize(
    ("lines", "signature"),
    [
        (("COPIA ESERCENTE", "FIRMA ____________"), True),
        (("Copia esercente", "Firma del titolare"), True),
        (("COPIA ESERCENTE", "FIRMA NON RICHIESTA"), False),
        (("COPIA ESERCENTE", "PIN INSERITO"), False),
        (("COPIA CLIENTE", "FIRMA ____________"), False),
    ],
)
def test_whether_it_is_to_be_signed(lines: tuple[str, ...], *, signature: bool) -> None:
    ticket = Ticket()
    for each in tickets("12345678", lines):
        ticket.add(each)
    assert ticket.signature is signature


def test_a_receipt_without_an_end() -> None:
    ticket = Ticket()
    for _ in range(MAX_CHARACTERS // 200):
        assert not ticket.add(b"123456780S" + b"x" * 200)
    with pytest.raises(ProtocolError):
        ticket.add(b"123456780Sx")


def test_what_is_no_receipt() -> None:
    assert not is_ticket(b"123456780E00")
    assert not is_ticket(b"")


def test_a_card_number_is_masked_also_where_a_line_or_a_message_ends_in_it() -> None:
    ticket = Ticket()
    ticket.add(b"123456780S" + b"PAN 4111111111111111}\x7f{Carta 41111111")
    assert ticket.add(b"123456780S" + b"11111111}\x1b")
    assert ticket.lines == ("PAN ************1111", "Carta ******", "******1111")

"""Vectors: EVerest/zvt captures (Apache-2.0), Portalum.Zvt unit tests (MIT)."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.zvt.apdu import Apdu, ApduDecoder
from posedge.wire.zvt.codes import ReceiptKind, Result, TerminalState, words
from posedge.wire.zvt.decode import FromTerminal, Unknown, from_terminal
from posedge.wire.zvt.receipts import PrintBlock, PrintLine
from posedge.wire.zvt.register import Negative, Positive, StatusEnquiry
from posedge.wire.zvt.status import StatusInformation
from posedge.wire.zvt.terminal import Abort, Completion, IntermediateStatus, StatusReport

VISA = "4111111111111111"  # the networks' published test number


def frame(text: str) -> Apdu:
    decoder = ApduDecoder()
    decoder.feed(bytes.fromhex(text))
    apdu = decoder.pull()
    assert apdu is not None
    return apdu


CAPTURES: list[tuple[str, FromTerminal]] = [
    (
        "060f0a19102952523535490978",  # A02
        Completion(status=0x10, terminal_id="52523535", currency=978),
    ),
    ("04ff0117", IntermediateStatus(0x17)),  # A04
    ("060f00", Completion()),  # A06
    (
        "040f1e276c29280048693cf0f1f941626272756368206475726368204b756e6465",  # A29
        StatusInformation(
            result=Result.ABORTED, terminal_id="28004869", text="Abbruch durch Kunde"
        ),
    ),
    ("800000", Positive()),
    ("846f00", Negative(Result.WRONG_CURRENCY)),
]


@pytest.mark.parametrize(("bytes_", "message"), CAPTURES)
def test_captures_both_ways(bytes_: str, message: FromTerminal) -> None:
    assert from_terminal(frame(bytes_)) == message
    assert not isinstance(message, Unknown)
    assert message.to_apdu().to_bytes() == frame(bytes_).to_bytes()


def test_a_success_answer_that_is_carried_in_an_abort() -> None:
    assert from_terminal(frame("061e04b887ffff")) == Abort(0xB8, "ffff")  # A14
    assert Abort(0xB8, "ffff").to_apdu().to_bytes().hex() == "061e04b887ffff"
    assert from_terminal(frame("061e00")) == Abort(Result.SYSTEM)


def test_approval_without_an_amount_and_with_a_long_trace() -> None:
    decoded = from_terminal(
        frame(  # A31
            "040f6527000c2313550d10290e999922f0f8eeeeeeeeeeee4771a00129000000068700080b000000"
            "8a068bf1f14d41535445524341524400062e2f081f1201021f100100601b4307a0000000041010"
            "44104465626974204d6173746572636172641f2b0410015008"
        )
    )
    assert decoded == StatusInformation(
        result=0, time="231355", date="1029", pan_last4="4771", host_code=1, receipt_no="0008",
        terminal_id="00000006", trace_no="10015008", card_type=6, card_name="MASTERCARD",
        aid="a0000000041010", entry=2, cvm=0,
    )  # fmt: skip
    assert not decoded.doubtful
    assert "9999" not in repr(decoded)


def test_status_report_is_decoded_by_the_command_in_flight() -> None:
    enquiry = StatusEnquiry.command
    assert from_terminal(frame("060f019c"), in_flight=enquiry) == StatusReport(0x9C)
    assert from_terminal(frame("060f01f0"), in_flight=enquiry) == StatusReport(0xF0)
    assert from_terminal(frame("060f019c")) == Completion()
    report = StatusReport(TerminalState.READY, "V1.2")
    assert report.to_apdu().to_bytes().hex() == "060f08f0f0f456312e3200"
    assert from_terminal(report.to_apdu(), in_flight=enquiry) == report


@pytest.mark.parametrize(
    ("bytes_", "report"),
    [
        ("060f00", StatusReport(None)),
        ("060f0127", StatusReport(0x27)),
        ("060f02279c", StatusReport(0x9C)),  # written as any other completion
        ("060f0727df2952523535", StatusReport(0xDF)),
        ("060f03060600", StatusReport(0x06)),  # a state that looks like a container, and one
        ("060f03270600", StatusReport(0x27)),
        ("060f04f0f0f141", StatusReport(None, "A")),
        ("060f0af0f0f356312e00060203ff", StatusReport(0x00, "V1.")),
    ],
)
def test_status_reports_as_terminals_write_them(bytes_: str, report: StatusReport) -> None:
    assert from_terminal(frame(bytes_), in_flight=StatusEnquiry.command) == report


def test_a_status_report_without_a_state_goes_back_as_it_came() -> None:
    assert StatusReport(None).to_apdu().to_bytes().hex() == "060f00"


@pytest.mark.parametrize(
    ("bytes_", "message"),
    [
        ("04ff020a01", IntermediateStatus(0x0A, 1)),
        ("04ff020aff", IntermediateStatus(0x0A, None)),
        ("04ff080a06062404070241", IntermediateStatus(0x0A, 6)),
        ("04ff080a06052403070141", IntermediateStatus(0x0A, None, "A")),
        ("04ff0a0a01060624040702410a", IntermediateStatus(0x0A, 1, "A\n")),
    ],
)
def test_intermediate_status(bytes_: str, message: IntermediateStatus) -> None:
    data = bytes.fromhex(bytes_)[3:]
    assert from_terminal(Apdu(0x04FF, data)) == message


def test_an_intermediate_status_that_says_nothing_is_a_sign_of_life() -> None:
    assert from_terminal(frame("04ff00")) == IntermediateStatus(0xFF)


def test_several_lines_and_a_timeout_in_one_intermediate_status() -> None:
    shown = "0708" + b"EUR 9,99".hex() + "0705" + b"Karte".hex()
    told = from_terminal(frame("04ff17ff100613" + "2411" + shown))
    assert told == IntermediateStatus(0xFF, 10, "EUR 9,99\nKarte")


def test_ends_of_lines_in_the_text_of_a_result() -> None:
    said = b"TID 1\rCode 20\r\nRef 3\n"
    text = b"\x3c\xf0" + bytes([0xF0 | len(said) // 10, 0xF0 | len(said) % 10]) + said
    info = from_terminal(Apdu(0x040F, b"\x27\x05" + text))
    assert isinstance(info, StatusInformation)
    assert info.text == "TID 1\nCode 20\nRef 3\n"


SAID = StatusInformation(result=0, amount_minor=1250, receipt_no="0231", terminal_id="52523535")


@pytest.mark.parametrize(
    ("other", "agrees"),
    [
        (SAID, True),
        (StatusInformation(result=0), True),
        (replace(SAID, trace_no="001012", text="approved", currency=978), True),
        (replace(SAID, result=5), False),
        (replace(SAID, amount_minor=0), False),
        (replace(SAID, receipt_no="0232"), False),
        (StatusInformation(result=0, terminal_id="52523536"), False),
        (StatusInformation(amount_minor=1250, receipt_no="0231"), False),
    ],
)
def test_two_results_agree_where_neither_says_otherwise(
    other: StatusInformation, *, agrees: bool
) -> None:
    assert SAID.agrees(other) is agrees
    assert other.agrees(SAID) is agrees


def test_a_payment_is_named_by_its_number_or_its_card() -> None:
    assert SAID.names_payment
    assert StatusInformation(result=0, pan_last4="1234").names_payment
    assert not StatusInformation(result=0, amount_minor=1, terminal_id="52523535").names_payment


def test_a_refusal_that_carries_its_reason() -> None:
    assert from_terminal(frame("841e016f")) == Negative(Result.WRONG_CURRENCY)
    assert from_terminal(frame("841e00")) == Negative(0x1E)


def test_print_lines() -> None:
    centred = frame(
        "06d10e40544553542d506f7274616c756d41".replace("2d", "20").replace("6d41", "6d")
    )
    assert from_terminal(centred) == PrintLine("TEST Portalum", 0x40)
    assert PrintLine("TEST Portalum", 0x40).to_apdu() == centred
    assert from_terminal(frame("06d10140")) == PrintLine("", 0x40)
    typed = frame("06d10f40524945444720353006041f070101")
    assert from_terminal(typed) == PrintLine("RIEDG 50", 0x40, receipt=ReceiptKind.MERCHANT)
    assert from_terminal(frame("06d100")) == PrintLine()
    assert from_terminal(frame("06d10100")) == PrintLine()
    latin = from_terminal(frame("06d10300c44e"), charset="latin-1")
    assert latin == PrintLine("ÄN")


def test_a_line_of_the_terminals_alphabet_that_looks_like_a_container_stays_text() -> None:
    assert from_terminal(Apdu(0x06D1, b"\0A\x06B")) == PrintLine("AB")


@pytest.mark.parametrize(
    ("bytes_", "last"), [("0081", True), ("0080", False), ("0040", False), ("00ff", False)]
)
def test_the_last_line(bytes_: str, last: bool) -> None:
    assert PrintLine("", int(bytes_, 16)).last is last


def test_feeding_lines_is_bounded() -> None:
    assert from_terminal(frame("06d102ff03")) == PrintLine(attribute=0xFF, feed=3)
    assert PrintLine(attribute=0xFF, feed=3).to_apdu() == frame("06d102ff03")
    assert PrintLine(attribute=0xFF, feed=3).lines == ("", "", "")
    assert len(PrintLine(attribute=0xFF, feed=255).lines) == 20
    assert from_terminal(frame("06d101ff")) == PrintLine(attribute=0xFF, feed=1)
    assert PrintLine("A").lines == ("A",)


def test_a_print_block_as_captured() -> None:
    decoded = from_terminal(
        frame(
            "06d3ac0681a91f0701032581a2071b30322e31312e3230323120202020202020202031373a30353a3032"
            "070c5449443a414830303030303607144162736368"
            "6c757373202d206b65696e65205458"
            "07192041563a202b30342e303720284a756e20313120323032312907"
            "1b54493a20452044543a20302f302f204f463a20302f302f2043473a070f"
            "2020202020202020202020312f302f07012007012007012007012007012007012007012009"
            "0181"
        )
    )
    assert isinstance(decoded, PrintBlock)
    assert decoded.receipt == ReceiptKind.ADMINISTRATION
    assert decoded.last
    assert decoded.lines[1:3] == ("TID:AH000006", "Abschluss - keine TX")
    assert len(decoded.lines) == 13


def test_print_block_round_trip() -> None:
    block = PrintBlock(("HÄNDLERBELEG", "", "12,50"), ReceiptKind.MERCHANT, mandatory=True)
    assert from_terminal(block.to_apdu()) == block
    part = PrintBlock(("x",), last=False)
    assert from_terminal(part.to_apdu()) == part
    assert from_terminal(Apdu(0x06D3)) == PrintBlock((), last=False)


def test_unknown_field_leaves_the_rest_unread_and_unkept() -> None:
    decoded = from_terminal(Apdu(0x040F, bytes.fromhex("27000400000000250099" + VISA)))
    assert decoded == StatusInformation(result=0, amount_minor=2500, unread=9)
    assert not decoded.doubtful
    assert StatusInformation.from_data(bytes.fromhex("270099aa")).doubtful
    assert StatusInformation.from_data(bytes.fromhex("99aa2700")).doubtful
    assert not StatusInformation.from_data(bytes.fromhex("2700")).doubtful


def test_an_amount_that_is_no_number_is_not_a_missing_amount() -> None:
    assert StatusInformation.from_data(bytes.fromhex("27000400000000aa00")).doubtful


@pytest.mark.parametrize(
    "data",
    [
        f"270022f0f8{VISA}",
        f"270023f0f9{VISA}99",
        f"270024f0f0f9{VISA}99",
        f"27002df1f6{VISA.encode().hex()}",
        f"27000e9912{'3a'}0123",
        f"27003cf0f1f6{VISA.encode().hex()}",
        f"27008bf1f6{VISA.encode().hex()}",
        f"2700060b1f0808{VISA}",
        f"2700060b1f0908{VISA}",
        f"2700060b1f0a08{VISA}",
        f"2700060b1f3108{VISA}",
        f"2700060b1f3e08{VISA}",
        f"2700060b1f2b08{VISA}",
        f"2700fe{VISA}",
    ],
)
def test_no_card_data_gets_out(data: str) -> None:
    decoded = from_terminal(Apdu(0x040F, bytes.fromhex(data)))
    assert isinstance(decoded, StatusInformation)
    shown = repr(decoded)
    assert VISA not in shown
    assert VISA[:12] not in shown
    assert VISA.encode().hex() not in shown
    assert decoded.pan_unmasked is (data[4:6] == "22")


def test_receipts_and_displays_are_scrubbed() -> None:
    shown = (
        from_terminal(Apdu(0x06D1, b"\0Karte " + VISA.encode())),
        from_terminal(PrintBlock((VISA,)).to_apdu()),
        from_terminal(IntermediateStatus(0, text=VISA).to_apdu()),
        from_terminal(Apdu(0x0444, VISA.encode())),
    )
    assert VISA not in repr(shown)
    assert shown[3] == Unknown(0x0444, 16)


def test_codes_are_said_in_words() -> None:
    assert words(0x6C) == "aborted (6C)"
    assert words(0x05) == "code 05"
    assert words(0xDF, TerminalState) == "out of order (DF)"


DIGITS = st.sampled_from(["", "000001", "123456"])
TEXTS = st.text("ABCäöü 19.,", max_size=30).map(str.strip)
BYTES = st.none() | st.integers(0, 255)
AMOUNTS = st.none() | st.integers(0, 999_999_999_999)
STATUS = st.builds(
    StatusInformation,
    result=BYTES,
    amount_minor=AMOUNTS,
    currency=st.none() | st.integers(0, 999),
    trace_no=st.sampled_from(["", "000001", "123456", "10015008"]),
    original_trace_no=DIGITS,
    time=DIGITS,
    date=st.sampled_from(["", "1123"]),
    terminal_id=st.sampled_from(["", "52523535"]),
    merchant_no=st.sampled_from(["", "455603746"]),
    receipt_no=st.sampled_from(["", "0001", "9999"]),
    card_type=BYTES,
    card_name=TEXTS,
    pan_last4=st.sampled_from(["", "1111"]),
    auth_code=st.sampled_from(["", "367655"]),
    host_code=BYTES,
    text=TEXTS,
    aid=st.sampled_from(["", "a0000000041010"]),
    entry=BYTES,
    cvm=BYTES,
    tip_minor=AMOUNTS,
    cashback_minor=AMOUNTS,
)
PRINTED = st.one_of(
    st.builds(PrintLine, TEXTS, st.integers(0, 254), st.just(0), BYTES),
    st.builds(PrintBlock, st.lists(TEXTS, max_size=9).map(tuple), BYTES, st.booleans()),
    st.builds(IntermediateStatus, st.integers(0, 255), st.integers(0, 99), TEXTS),
    st.builds(Completion, BYTES, BYTES, st.sampled_from(["", "52523535"]), st.just(978)),
    st.builds(Abort, st.integers(0, 255), st.sampled_from(["", "0231"])),
)


@given(message=STATUS | PRINTED)
def test_round_trip(message: StatusInformation | PrintLine) -> None:
    decoder = ApduDecoder()
    decoder.feed(message.to_apdu().to_bytes())
    apdu = decoder.pull()
    assert apdu is not None
    assert from_terminal(apdu) == message


COMMANDS = [0x040F, 0x04FF, 0x060F, 0x061E, 0x06D1, 0x06D3, 0x8000, 0x8483, 0x0000]


@given(
    command=st.sampled_from(COMMANDS),
    data=st.binary(max_size=120),
    in_flight=st.sampled_from([None, 0x0501]),
)
def test_noise_raises_nothing_but_protocol_error(
    command: int, data: bytes, in_flight: int | None
) -> None:
    with suppress(ProtocolError):
        assert from_terminal(Apdu(command, data), in_flight=in_flight) is not None

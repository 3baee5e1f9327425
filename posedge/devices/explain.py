"""Why a device is driven, or not, from what udev told to what became of it."""

import json
from collections.abc import Callable, Sequence

from posedge.devices.case import Case
from posedge.devices.catalog import Model
from posedge.devices.circumstances import Circumstances, look
from posedge.devices.inventory import Node
from posedge.devices.match import Match
from posedge.devices.remedies import FORBIDDEN, HELD, UNREACHABLE, facts, remedy, unhandled
from posedge.devices.settings import Assignment, StaticDevice
from posedge.devices.supervisor import Supervisor
from posedge.devices.tapes import disclosed
from posedge.drivers.registry import DRIVERS
from posedge.model.capabilities import DeviceState
from posedge.model.errors import NotFoundError
from posedge.model.explanation import Explanation, SeenNode, Undriven
from posedge.tasks import Run

OF_THE_MACHINE = frozenset({FORBIDDEN, UNREACHABLE, *HELD})
"""Why a device is known and not driven all the same."""

Look = Callable[[Sequence[str], str | None], Circumstances]


class WhyNot:
    """Answers for all devices; `cases` are those of now, and `run` is where /proc is read."""

    def __init__(self, cases: Callable[[], Sequence[Case]], run: Run, *, look: Look = look) -> None:
        self._cases = cases
        self._run = run
        self._look = look

    async def unsupported(self) -> tuple[Undriven, ...]:
        """Return what is here and not driven: nobody knows it, or the machine is in the way."""
        found = [await self._undriven(each) for each in self._cases()]
        return tuple(each for each in found if each is not None)

    async def explain(self, name: str) -> tuple[Explanation, ...]:
        """Explain the device called `name` by name, id, port, file or USB id; `all` is every one.

        NotFoundError `device.unknown`.
        """
        cases = [each for each in self._cases() if name == "all" or name in each.words]
        if not cases and name != "all":
            text = f"no device {name!r}: `posedge devices` lists names and ports"
            raise NotFoundError("device.unknown", text)
        return tuple([await self._explain(each) for each in cases])

    async def _undriven(self, case: Case) -> Undriven | None:
        if isinstance(case.decision, Undriven):
            circumstances = await self._see(case)
            return _sharpened(case.decision, case, circumstances)
        supervisor = case.supervisor
        if supervisor is None:
            return None
        status = supervisor.status()
        code = status.detail.get("code")
        if status.state is DeviceState.ONLINE or code not in OF_THE_MACHINE:
            return None
        told = remedy(str(code), await self._see(case), str(supervisor.plan.address))
        return Undriven(
            id=status.id,
            port=status.port,
            model=status.model,
            reason=status.reason or str(code),
            remedy=told or "see its reason",
        )

    async def _explain(self, case: Case) -> Explanation:
        found = await self._see(case)
        if isinstance(case.decision, Undriven):
            return _of_undriven(case, _sharpened(case.decision, case, found), found)
        assert case.supervisor is not None, "what is not undriven is driven"
        return _of_driven(case, case.supervisor, found)

    async def _see(self, case: Case) -> Circumstances:
        return await self._run(lambda: self._look(case.openable, case.usb))


def _sharpened(said: Undriven, case: Case, found: Circumstances) -> Undriven:
    """Say what the machine knows better than the catalog, unless somebody had the last word."""
    ignored = isinstance(case.rule, Assignment) and case.rule.ignore
    forbidden = case.model is not None and case.model.why is not None
    settled = case.body is None or case.broken or ignored or forbidden
    better = None if settled or case.body is None else unhandled(case.body, found)
    if better is None:
        return said
    return said.model_copy(update={"reason": better[0], "remedy": better[1]})


def _of_undriven(case: Case, said: Undriven, found: Circumstances) -> Explanation:
    return Explanation(
        id=said.id,
        model=said.model,
        port=said.port,
        usb=_usb(case),
        nodes=_nodes(case),
        catalog=_catalog(case, None),
        rule=_rule(case, None),
        decision="not driven",
        reason=said.reason,
        remedy=said.remedy,
        machine=tuple(facts(found)),
        toml=said.toml,
    )


def _of_driven(case: Case, supervisor: Supervisor, found: Circumstances) -> Explanation:
    plan, status = supervisor.plan, supervisor.status()
    code, address = status.detail.get("code"), str(plan.address)
    return Explanation(
        id=plan.id,
        name=plan.name,
        model=plan.model,
        port=plan.port,
        usb=_usb(case),
        nodes=_nodes(case),
        catalog=_catalog(case, plan.driver.name),
        rule=_rule(case, plan.driver.name),
        decision=f"driven by {plan.driver.name}: {_because(case)}",
        driver=plan.driver.name,
        address=address,
        state=status.state,
        reason=status.reason,
        remedy=None if code is None else remedy(str(code), found, address),
        code=None if code is None else str(code),
        machine=tuple(facts(found)),
        history=supervisor.history(),
        ready_ms=status.ready_ms,
    )


def _because(case: Case) -> str:
    match case.rule, case.model:
        case StaticDevice(), _:
            return "[[devices.static]] names it"
        case Assignment(driver=str()), _:
            return "[[devices.assign]] says so"
        case _, Model(driver=str()):
            return "its row in the catalog says so"
        case _, Model(kind=kind):
            assert isinstance(case.decision, Match), "a model is only known of what was matched"
            return f"the catalog says {kind}, and this is the driver for one with such a node"
        case _:
            return "by what it announces on the network"


def _usb(case: Case) -> dict[str, str]:
    usb = case.body.usb if case.body else None
    if usb is None:
        return {}
    told = {
        "id": usb.id,
        "serial": usb.serial,
        "model": usb.model,
        "interfaces": usb.interfaces,
        "path": usb.path,
    }
    return {key: value for key, value in told.items() if value}


def _nodes(case: Case) -> tuple[SeenNode, ...]:
    return tuple(_node(each) for each in case.body.nodes) if case.body else ()


def _node(node: Node) -> SeenNode:
    return SeenNode(
        path=node.path,
        subsystem=node.subsystem,
        file=node.file,
        properties=node.properties,
        applications=tuple(f"{each:08x}" for each in node.applications),
    )


def _catalog(case: Case, driver: str | None) -> str | None:
    if case.model is None or case.body is None or case.body.usb is None:
        return None
    return f'"{case.body.usb.id}" = {_table(case.model, driver or case.model.driver)}'


def _rule(case: Case, driver: str | None) -> str | None:
    if case.rule is None:
        return None
    table = "static" if isinstance(case.rule, StaticDevice) else "assign"
    return f"devices.{table} = [{_table(case.rule, driver or case.rule.driver)}]"


def _table(row: Model | Assignment | StaticDevice, driver: str | None) -> str:
    """Write a row as TOML, without what is secret."""
    said: dict[str, object] = row.model_dump(
        mode="json", exclude_defaults=True, exclude={"options"}
    )
    options = disclosed(row.options, DRIVERS[driver].options) if driver is not None else None
    pairs = [f"{key} = {_value(value)}" for key, value in said.items()]
    if options:
        inside = ", ".join(f"{key} = {_value(value)}" for key, value in options.items())
        pairs.append(f"options = {{ {inside} }}")
    return f"{{ {', '.join(pairs)} }}"


def _value(value: object) -> str:
    """Write a text, number or truth as TOML: JSON writes them alike."""
    return json.dumps(value, ensure_ascii=False)

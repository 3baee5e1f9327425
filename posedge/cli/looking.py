"""What `posedge devices` shows: the running box's word, or a look at this machine."""

import asyncio
import json
from dataclasses import dataclass

from posedge.cli.asking import ask, ask_if_running
from posedge.devices.explain import WhyNot
from posedge.devices.survey import survey
from posedge.model.capabilities import DeviceStatus
from posedge.model.explanation import Undriven
from posedge.settings import Settings
from posedge.tasks import Worker


@dataclass(frozen=True, slots=True)
class Row:
    """A device: `driver` None when it is not driven; `port` is what [[devices.assign]] takes.

    `state` and `ready_ms` (from the plug to the first answer) are the running box's.
    """

    device: str
    driver: str | None
    where: str
    port: str
    reason: str | None = None
    remedy: str | None = None
    toml: str | None = None
    state: str | None = None
    ready_ms: int | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        ready = "" if self.ready_ms is None else f"{self.ready_ms} ms"
        driver, state = self.driver or "none", self.state or ""
        return self.device, driver, state, ready, self.where, self.port

    @property
    def notes(self) -> tuple[str, ...]:
        why = ": ".join(each for each in (self.reason, self.remedy) if each)
        return (*((why,) if why else ()), *(self.toml or "").splitlines())


def look(chosen: Settings) -> list[Row]:
    """Ask the running box; without one look at this machine, and open nothing."""
    said = ask_if_running(chosen, "/v1/devices")
    if said is None:
        return asyncio.run(_survey(chosen))
    left = json.loads(ask(chosen, "/v1/devices/unsupported"))
    undriven = {each.id: each for each in map(Undriven.model_validate, left)}
    driven = [DeviceStatus.model_validate(each) for each in json.loads(said)]
    rows = [_driven(each, undriven.pop(each.id, None)) for each in driven]
    return rows + [_left(each) for each in undriven.values()]


async def _survey(chosen: Settings) -> list[Row]:
    run = Worker("udev").run
    found = await survey(chosen.devices, run)
    return [
        *(Row(each.name, each.driver, each.address, "") for each in found.static),
        *(
            Row(each.name or each.model or each.id, each.driver, str(each.address), each.port)
            for each in found.matches
        ),
        *(_left(each) for each in await WhyNot(lambda: found.cases, run).unsupported()),
    ]


def _driven(each: DeviceStatus, why: Undriven | None) -> Row:
    return Row(
        each.name,
        each.driver,
        str(each.detail.get("address") or ""),
        each.port,
        each.reason,
        why.remedy if why else None,
        state=each.state,
        ready_ms=each.ready_ms,
    )


def _left(each: Undriven) -> Row:
    return Row(each.model, None, "", each.port, each.reason, each.remedy, each.toml)

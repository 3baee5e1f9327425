"""What `posedge devices --explain` shows: a device's whole chain, top to bottom."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import quote

from posedge.cli.asking import ask_if_running
from posedge.devices.alone import devices_alone
from posedge.devices.circumstances import look
from posedge.devices.explain import WhyNot
from posedge.devices.registry import Devices
from posedge.devices.remedies import facts, remedy
from posedge.devices.udev import Udev
from posedge.model.capabilities import DeviceState
from posedge.model.explanation import Explanation
from posedge.settings import Settings
from posedge.tasks import Crew, Worker

SETTLED_S = 6.0
"""A device answers within a second; one that is away is known to be so after five."""

TURN_S = 0.1


def explanations(chosen: Settings, name: str) -> list[Explanation]:
    """Ask the running box; without one drive the devices from here for a moment."""
    said = ask_if_running(chosen, f"/v1/devices/{quote(name, safe='')}/explain")
    if said is None:
        return list(asyncio.run(_alone(chosen, name)))
    return [_seen_from_here(Explanation.model_validate(each)) for each in json.loads(said)]


def _seen_from_here(told: Explanation) -> Explanation:
    """Add what this user can see of the machine: the service sees no other program."""
    files = [each.file for each in told.nodes if each.file]
    found = look(files, told.usb.get("path"))
    if not found.holders:
        return told
    better = remedy(told.code, found, told.address or "")
    machine = (*told.machine, *(each for each in facts(found) if each not in told.machine))
    return told.model_copy(update={"machine": machine, "remedy": better or told.remedy})


async def _alone(chosen: Settings, name: str) -> tuple[Explanation, ...]:
    devices, run = devices_alone(chosen.devices), Worker("udev").run
    async with Crew("explain") as crew:
        crew.start(devices.run(Udev(run)), name="devices")
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_S):
                await _settled(devices)
        return await WhyNot(devices.cases, run).explain(name)


async def _settled(devices: Devices) -> None:
    """Wait until all that is driven answers; of what comes later nobody knows yet."""
    while True:
        await asyncio.sleep(TURN_S)
        states = [each.state for each in devices.statuses()]
        if states and all(each is DeviceState.ONLINE for each in states):
            return


def lines(told: Explanation) -> Iterator[str]:
    """Write it down for a person."""
    yield told.name or told.model
    for key, value in _said(told).items():
        if value:
            yield f"  {key:<10}{value}"
    for each in told.nodes:
        yield f"  node      {each.subsystem} {each.file or ''}".rstrip() + f"  {each.path}"
        said = " ".join(f"{key}={value}" for key, value in sorted(each.properties.items()))
        usages = " ".join(each.applications)
        for more in (said, f"usages {usages}" if usages else ""):
            if more:
                yield f"              {more}"
    for fact in told.machine:
        yield f"  machine   {fact}"
    for change in told.history:
        yield f"  history   {change.at} {change.state} {change.reason or ''}".rstrip()
    if told.toml:
        yield "  paste"
        yield from (f"    {line}" for line in told.toml.splitlines())


def _said(told: Explanation) -> Mapping[str, str | None]:
    return {
        "id": told.id,
        "model": told.model,
        "port": told.port,
        "usb": " ".join(f"{key}={value}" for key, value in told.usb.items()),
        "catalog": told.catalog,
        "rule": told.rule,
        "decision": told.decision,
        "address": told.address,
        "state": told.state,
        "reason": told.reason,
        "remedy": told.remedy,
        "code": told.code,
        "ready": None if told.ready_ms is None else f"{told.ready_ms} ms from plug to answer",
    }

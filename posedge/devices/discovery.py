"""The only file that knows zeroconf: printers that announce themselves on the shop's network.

A second source of Plugged and Unplugged beside udev. A printer's services are gathered by its host
name for a moment before it is told of, so that its MAC or UUID is known whichever came first.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import structlog
from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from posedge.devices.inventory import Node, Plugged, Unplugged
from posedge.devices.network import TYPES, Service, nodes

log = structlog.get_logger()

ANSWER_MS = 3_000
"""A printer answers a question in milliseconds, one that wakes up in a second or two."""

GATHER_S = 2.0
"""Printers announce all their services within a second (RFC 6762, 8.3)."""

MAX_PRINTERS = 64
"""More than any shop has: whoever announces thousands fills no memory."""

Change = tuple[str, str, bool]
"""Service type and name, and whether it is there."""


@dataclass(slots=True)
class _Host:
    """What one host offers, by service name, and what was told of it."""

    services: dict[str, Service] = field(default_factory=dict[str, Service])
    told: dict[str, Node] = field(default_factory=dict[str, Node])
    due_s: float = 0.0


class Discovery:
    """Source of network printers. `interfaces` are addresses to listen on; None: all."""

    def __init__(
        self, interfaces: Sequence[str] | None = None, *, gather_s: float = GATHER_S
    ) -> None:
        self._interfaces = interfaces
        self._gather_s = gather_s
        self._hosts: dict[str, _Host] = {}
        self._servers: dict[str, str] = {}

    async def events(self) -> AsyncGenerator[Plugged | Unplugged, None]:
        """Yield every printer that is announced, and every change, for ever."""
        changes: asyncio.Queue[Change] = asyncio.Queue(maxsize=4 * MAX_PRINTERS)

        def heard(
            zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
        ) -> None:
            del zeroconf
            if not changes.full():  # told again when it announces again
                there = state_change is not ServiceStateChange.Removed
                changes.put_nowait((service_type, name, there))

        if self._interfaces is None:
            zc = AsyncZeroconf(ip_version=IPVersion.V4Only)
        else:
            zc = AsyncZeroconf(interfaces=list(self._interfaces), ip_version=IPVersion.V4Only)
        try:
            AsyncServiceBrowser(zc.zeroconf, list(TYPES), handlers=[heard])
            while True:
                await self._take(zc, changes)
                for event in self._settled():
                    yield event
        finally:
            await zc.async_close()

    async def _take(self, zc: AsyncZeroconf, changes: "asyncio.Queue[Change]") -> None:
        """Wait for a change, or until a host has been quiet for long enough."""
        due_s = min((host.due_s for host in self._hosts.values() if host.due_s), default=None)
        try:
            async with asyncio.timeout_at(due_s):
                service_type, name, there = await changes.get()
        except TimeoutError:
            return
        if there:
            info = AsyncServiceInfo(service_type, name)
            if await info.async_request(zc.zeroconf, ANSWER_MS):
                self._learn(name, info)
        else:
            self._forget(name)

    def _learn(self, name: str, info: AsyncServiceInfo) -> None:
        addresses = info.parsed_addresses(IPVersion.V4Only)
        if not addresses or not info.server or not info.port:
            return
        if info.server not in self._hosts and len(self._hosts) >= MAX_PRINTERS:
            log.warning("too many printers announce themselves", ignored=info.server[:64])
            return
        txt = {key: value or "" for key, value in info.decoded_properties.items()}
        host = self._hosts.setdefault(info.server, _Host())
        host.services[name] = Service(info.type, info.server, addresses[0], info.port, txt)
        host.due_s = asyncio.get_running_loop().time() + self._gather_s
        self._servers[name] = info.server

    def _forget(self, name: str) -> None:
        host = self._hosts.get(self._servers.pop(name, ""))
        if host is not None:
            host.services.pop(name, None)
            host.due_s = asyncio.get_running_loop().time() + self._gather_s

    def _settled(self) -> list[Plugged | Unplugged]:
        """Return what is new of the hosts that have been quiet."""
        now_s, events = asyncio.get_running_loop().time(), list[Plugged | Unplugged]()
        for server, host in tuple(self._hosts.items()):
            if not host.due_s or host.due_s > now_s:
                continue
            host.due_s = 0.0
            found = nodes(tuple(host.services.values())) if host.services else ()
            there = {node.path: node for node in found}
            events += [Unplugged(path) for path in host.told if path not in there]
            events += [Plugged(node) for node in there.values() if host.told.get(node.path) != node]
            host.told = there
            if not there:
                del self._hosts[server]
        return events

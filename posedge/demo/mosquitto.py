"""The real broker as a child process on a private port, configured as the contract says."""

import asyncio
import getpass
import os
import shutil
from asyncio.subprocess import DEVNULL
from pathlib import Path
from types import TracebackType
from typing import Self

from posedge.demo.ports import free_port
from posedge.model.errors import ConfigError, DeviceError
from posedge.mqtt.settings import BrokerAddress, Tls

SBIN = ("/usr/sbin", "/usr/local/sbin")
READY_S = 10.0
LOOK_S = 0.02
STOP_S = 5.0

SETTLE_S = 0.1
"""Who answers may be another broker on the same port: ours ends within milliseconds then."""

BOX_RULES = (
    "write posedge/v1/+/+/{box}/e/#",
    "write posedge/v1/+/+/{box}/m/#",
    "write posedge/v1/+/+/{box}/state/#",
    "write posedge/v1/+/+/{box}/status",
    "write posedge/v1/+/+/{box}/res/#",
    "read posedge/v1/+/+/{box}/ack",
    "read posedge/v1/+/+/{box}/cmd/#",
    "read posedge/v1/+/+/{box}/desired/#",
    "read posedge/v1/+/+/_all/cfg/#",
    "read posedge/v1/+/_hq/status",
)
"""What a box may do: speak on its own topics only, and hear what is meant for it."""


def access_rules(*, box: str = "%u", headquarters: str = "hq-ingest") -> str:
    """Return mosquitto's acl_file: `%u` is the certificate's CN, `%c` would be the client id."""
    patterns = "".join(f"pattern {rule.format(box=box)}\n" for rule in BOX_RULES)
    return f"{patterns}user {headquarters}\ntopic readwrite posedge/v1/#\n"


def configuration(port: int, *, tls: Tls | None = None, acl: Path | None = None) -> str:
    """Return mosquitto.conf; reasons and measurements: facts on MQTT, §2.

    Nothing is persisted: what a broker forgets costs duplicates, never an entry.
    """
    lines = [
        f"user {getpass.getuser()}",
        f"listener {port} 127.0.0.1",
        "set_tcp_nodelay true",
        "max_inflight_messages 1000",  # headquarters' batches; boxes keep to a window of 100
        "max_queued_messages 100000",
        "persistence false",
        "log_dest none",
    ]
    if tls is None:
        lines.append("allow_anonymous true")
    else:
        lines += [
            f"cafile {tls.ca}",
            f"certfile {tls.cert}",
            f"keyfile {tls.key}",
            "require_certificate true",
            "use_identity_as_username true",
        ]
    if acl is not None:
        lines.append(f"acl_file {acl}")
    return "\n".join(lines) + "\n"


class Mosquitto:
    """`async with Mosquitto(folder) as broker:` then `broker.address`, `kill()`, `restart()`.

    `port` 0 takes a free one and keeps it over restarts. `acl` is the text of an acl_file.
    """

    def __init__(
        self, folder: Path, *, port: int = 0, tls: Tls | None = None, acl: str | None = None
    ) -> None:
        self._folder = folder
        self._tls = tls
        self._acl = acl
        self.port = port or free_port()
        self._child: asyncio.subprocess.Process | None = None

    def __repr__(self) -> str:
        state = "down" if self._child is None else f"pid {self._child.pid}"
        return f"<Mosquitto on port {self.port}, {state}>"

    @property
    def address(self) -> BrokerAddress:
        """Where it listens; with TLS the caller puts in its own certificate."""
        return BrokerAddress(host="127.0.0.1", port=self.port)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Return when it accepts connections; DeviceError `broker.failed` when it does not."""
        assert self._child is None, "it runs already"
        self._child = await asyncio.create_subprocess_exec(
            _binary(), "-c", str(self._configure()), stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            async with asyncio.timeout(READY_S):
                await self._listening(self._child)
        except TimeoutError:
            await self.kill()
            raise DeviceError("broker.failed", f"mosquitto is silent for {READY_S:g} s") from None

    async def stop(self) -> None:
        """End it in order: clients are told, wills are not published."""
        if self._child is None:
            return
        child, self._child = self._child, None
        if child.returncode is None:
            child.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()

    async def kill(self) -> None:
        """End it as a power cut would: SIGKILL."""
        if self._child is None:
            return
        child, self._child = self._child, None
        if child.returncode is None:
            child.kill()
        await child.wait()

    async def restart(self) -> None:
        await self.kill()
        await self.start()

    def _configure(self) -> Path:
        acl = None
        if self._acl is not None:
            acl = self._folder / "acl"
            acl.write_text(self._acl)
            acl.chmod(0o600)
        path = self._folder / "mosquitto.conf"
        path.write_text(configuration(self.port, tls=self._tls, acl=acl))
        return path

    async def _listening(self, child: asyncio.subprocess.Process) -> None:
        while child.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(LOOK_S)
                continue
            writer.close()
            try:
                async with asyncio.timeout(SETTLE_S):
                    await child.wait()
            except TimeoutError:
                return
        self._child = None
        raise DeviceError(
            "broker.failed", f"mosquitto ended with {child.returncode}: is port {self.port} free?"
        )


def _binary() -> str:
    path = os.pathsep.join((os.environ.get("PATH", ""), *SBIN))
    found = shutil.which("mosquitto", path=path)
    if found is None:
        raise ConfigError("broker.missing", "mosquitto is not installed: apt install mosquitto")
    return found

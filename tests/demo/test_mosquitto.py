import asyncio
from pathlib import Path

import pytest

from posedge.demo.mosquitto import Mosquitto, access_rules, configuration
from posedge.model.errors import ConfigError, DeviceError
from posedge.mqtt.settings import Tls


async def reachable(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_runs_is_killed_and_comes_back_on_its_port(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path) as broker:
        port = broker.port
        assert await reachable(port)
        await broker.kill()
        await broker.kill()
        assert not await reachable(port)
        assert "down" in repr(broker)
        await broker.restart()
        assert (broker.port, broker.address.port) == (port, port)
        assert await reachable(port)
        assert "pid" in repr(broker)
    assert not await reachable(port)


async def test_port_of_another_broker_is_said(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path) as first:
        with pytest.raises(DeviceError, match=f"is port {first.port} free"):
            await Mosquitto(tmp_path, port=first.port).start()
        assert await reachable(first.port)


async def test_broker_that_is_not_installed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("posedge.demo.mosquitto.SBIN", ())
    with pytest.raises(ConfigError, match="apt install mosquitto"):
        await Mosquitto(tmp_path).start()


def test_configuration_for_a_shop_of_its_own() -> None:
    text = configuration(1883)
    assert "listener 1883 127.0.0.1\n" in text
    assert "allow_anonymous true" in text
    assert "set_tcp_nodelay true" in text


def test_configuration_with_certificates() -> None:
    tls = Tls(ca="/ca.pem", cert="/hq.pem", key="/hq.key")
    text = configuration(8883, tls=tls, acl=Path("/acl"))
    assert "require_certificate true\nuse_identity_as_username true\n" in text
    assert "acl_file /acl" in text
    assert "allow_anonymous" not in text


def test_access_rules_are_those_of_the_contract() -> None:
    rules = access_rules().splitlines()
    assert "pattern write posedge/v1/+/+/%u/e/#" in rules
    assert "pattern read posedge/v1/+/+/%u/cmd/#" in rules
    assert rules[-2:] == ["user hq-ingest", "topic readwrite posedge/v1/#"]
    assert not any(rule.startswith("pattern write") and "%u" not in rule for rule in rules)

"""The running service: as systemd, udev and the shop see it."""

import asyncio
import json
import re

from posedge.model.sale import SaleState
from posedge.sim.zvt_faults import Step
from tests.lab.full.shop import LOOK_S, PATIENCE_S, READY_S, Shop
from tests.lab.hands import GOODS

AT_BOOT = ("scanner", "cdc-scanner", "printer", "scale")
LATER = ("scale", "cdc-scanner", "printer")
MOST_EXPOSED = 2.0
PROBE = "/run/systemd/system/posedge-probe.service"
MAIN = "$(systemctl show -P MainPID posedge)"


async def boots_with_everything_plugged(shop: Shop) -> str:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await shop.machine.switch_on(AT_BOOT)
    await shop.ready()
    ready_s = loop.time() - began_s
    await shop.let_in()
    await shop.online(*(GOODS[thing].id for thing in AT_BOOT))
    state = await shop.machine.run("systemctl show -P ActiveState -P Type -P User posedge")
    assert state.split() == ["notify", "posedge", "active"], state
    mark = shop.till.mark()
    await shop.hands("scan scanner 4006381333931")
    scan = await shop.till.expect(mark, lambda each: each.type == "scan", PATIENCE_S)
    assert scan is not None, "the till saw no scan"
    assert scan.data["gtin"] == "04006381333931", scan
    failed = await shop.machine.run("systemctl --failed --plain --no-legend | cut -d' ' -f1")
    assert failed == "", failed
    return f"power to /healthz {ready_s:.0f} s; {len(AT_BOOT)} devices on line, a scan at the till"


async def exposure_is_at_most_two(shop: Shop) -> str:
    said = await shop.machine.run("systemd-analyze security --no-pager posedge posedge-failed")
    levels = [float(each) for each in re.findall(r"Overall exposure level for .*: ([0-9.]+)", said)]
    assert len(levels) == 2, said
    assert max(levels) <= MOST_EXPOSED, levels
    return f"posedge.service {levels[0]}, posedge-failed.service {levels[1]}"


async def the_sandbox_is_as_it_says(shop: Shop) -> str:
    """In a unit that differs from the service in what it runs."""
    keep = "^(Type|ExecStart|WatchdogS.*|Restart.*|NotifyAccess|StateDirectory.*|OnFailure)="
    await shop.machine.run(
        f"grep -vE '{keep}' /usr/lib/systemd/system/posedge.service >{PROBE}\n"
        f"sed -i 's|^.Service.$|&\\nType=oneshot\\nReadWritePaths=/var/lib/posedge\\n"
        f"ExecStart=python3 /srv/lab/tests/lab/full/probe.py|' {PROBE}\n"
        "systemctl daemon-reload\nsystemctl start posedge-probe"
    )
    said = await shop.machine.run("journalctl -u posedge-probe -o cat | grep '^{'")
    found = json.loads(said)
    denied = {name: how for name, how in found["may"].items() if how not in {"done", "EBUSY"}}
    allowed = [name for name, how in found["may_not"].items() if how == "done"]
    assert not denied, f"may not: {denied}"
    assert not allowed, f"may: {allowed}"
    status = await shop.machine.run(f"cat /proc/{MAIN}/status")
    assert "NoNewPrivs:\t1" in status, status
    assert "CapEff:\t0000000000000000" in status, status
    assert "Seccomp:\t2" in status, status
    addresses = await shop.machine.run(f"ls -l /proc/{MAIN}/exe; ss -Hltn | tr -s ' '")
    assert "0.0.0.0:8080" in addresses, addresses
    return f"{len(found['may'])} things that it may, {len(found['may_not'])} that it may not"


async def drivers_may_load_later(shop: Shop) -> str:
    """Of the kernel's: the service may open what did not exist when it started."""
    run = shop.machine.run
    for thing in LATER:
        await shop.hands(f"pull {thing}")
    await run("systemctl stop posedge")
    await run("modprobe -r cdc_acm usblp && ! grep -E 'ttyACM|usblp' /proc/devices")
    await run("systemctl start posedge")
    await shop.ready()
    for thing in LATER:
        await shop.hands(f"plug {thing}")
    await shop.online(*(GOODS[thing].id for thing in LATER))
    return "cdc_acm and usblp came with the plugs: scale, scanner and printer on line"


async def keys_are_seen_by_the_service_alone(shop: Shop) -> str:
    user = "setpriv --reuid=posedge --regid=posedge --init-groups"
    await shop.machine.run(f"{user} cat /etc/credstore/posedge.box.key", fails=True)
    await shop.machine.run(f"{user} cat /etc/posedge/posedge.toml")
    mode = await shop.machine.run("stat -c %a /etc/credstore/posedge.box.key /etc/posedge")
    assert mode.split() == ["600", "750"], mode
    (await shop.technician.get("/v1/status")).raise_for_status()  # by the certificate
    return "HTTPS by the credential; the original is root's alone, the configuration the box's"


async def a_hang_in_mid_payment_is_mended_by_the_watchdog(shop: Shop) -> str:
    """The money has moved, and the terminal has not said its last word when all stands still."""
    loop = asyncio.get_running_loop()
    charges = len(shop.terminal.ledger)
    restarts = await _restarts(shop)
    shop.terminal.faults.silent_at = Step.COMPLETION
    async with asyncio.TaskGroup() as group:
        sale = group.create_task(shop.till.sell(shop.request("card")))
        while len(shop.terminal.ledger) == charges:  # noqa: ASYNC110 - a terminal tells nobody
            await asyncio.sleep(LOOK_S)
        began_s = loop.time()
        await shop.machine.run(f"kill -STOP {MAIN}")
        while await _restarts(shop) == restarts:  # noqa: ASYNC110 - another machine
            await asyncio.sleep(1)
        restart_s = loop.time() - began_s
        await shop.ready()
    shop.terminal.faults.silent_at = None
    said = await shop.machine.run("journalctl -u posedge -o cat | grep -c 'Watchdog timeout'")
    assert said == "1", said
    kept = charged(shop, charges)
    assert (sale.result().state, kept) == (SaleState.COMPLETED, 1), (sale.result(), kept)
    settled_s = loop.time() - began_s
    return (
        f"stopped, killed and started again after {restart_s:.0f} s; settled after"
        f" {settled_s:.0f} s from the terminal's word: {sale.result().state}, charged {kept} x"
    )


async def what_cannot_start_says_why_and_tries_for_ever(shop: Shop) -> str:
    run = shop.machine.run
    await run("mount --bind /bin/false /usr/local/bin/posedge; systemctl kill -s KILL posedge")
    async with asyncio.timeout(READY_S):
        while "sleep" not in await run("systemctl status posedge-failed | cat"):  # noqa: ASYNC110
            await asyncio.sleep(1)
    starts = await run("journalctl -u posedge -o cat -S -90s | grep -c 'Main process exited'")
    said = await run("journalctl -u posedge-failed -o cat | grep -c 'Failed with result'")
    await run("umount /usr/local/bin/posedge")
    await shop.ready()
    assert int(said) > 0, "posedge-failed did not say why"
    return f"{starts} ends, then posedge-failed said why; mended, it came back by itself"


async def _restarts(shop: Shop) -> int:
    return int(await shop.machine.run("systemctl show -P NRestarts posedge"))


def in_progress(seen: object) -> bool:
    data = getattr(seen, "data", {})
    return getattr(seen, "type", "") == "payment" and data.get("state") == "in_progress"


def charged(shop: Shop, before: int) -> int:
    """Return how many charges since the first `before` were not taken back."""
    return sum(not each.reversed for each in shop.terminal.ledger[before:])


SCENARIOS = (
    boots_with_everything_plugged,
    exposure_is_at_most_two,
    the_sandbox_is_as_it_says,
    keys_are_seen_by_the_service_alone,
    drivers_may_load_later,
    a_hang_in_mid_payment_is_mended_by_the_watchdog,
    what_cannot_start_says_why_and_tries_for_ever,
)

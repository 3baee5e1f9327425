"""The box's figures in Prometheus' text format."""

from collections.abc import Callable, Iterator

from posedge.model.capabilities import DeviceState, DeviceStatus
from posedge.model.status import BoxStatus


def figures(box: BoxStatus) -> str:
    gauges: tuple[tuple[str, str, int], ...] = (
        ("journal_healthy", "1 while the journal takes entries", int(box.journal.healthy)),
        ("journal_entries", "Sequence number of the newest entry", box.journal.entries),
        ("journal_bytes", "Size of the journal on disk", box.journal.bytes),
        ("events_last", "Sequence number of the newest event", box.events.last),
        ("relay_online", "1 while connected to headquarters", int(box.relay.online)),
        ("relay_acked", "Last entry that headquarters confirmed", box.relay.acked),
        ("relay_behind", "Entries that headquarters has not confirmed", box.relay.behind),
        ("payments_in_doubt", "Payments that recovery is asking about", box.desk.in_doubt),
        ("payments_needing_operator", "Payments only a person can settle", box.desk.needs_operator),
        ("terminals_blocked", "Terminals that wait for such a payment", len(box.desk.blocked)),
        ("prints_waiting", "Receipts and other prints that are not out yet", box.prints_waiting),
        ("devices_undriven", "Devices that are here and not driven", len(box.undriven)),
        ("clock_trusted", "1 when a time service or a real-time clock vouches", box.now.trusted),
    )
    lines = [line for name, text, value in gauges for line in _gauge(name, text, value)]
    lines += ["# HELP posedge_device_online 1 while the device answers"]
    lines += ["# TYPE posedge_device_online gauge"]
    lines += [
        f'posedge_device_online{{device="{_quoted(each.name)}",kind="{each.kind}"}} '
        f"{int(each.state is DeviceState.ONLINE)}"
        for each in box.devices
    ]
    lines += _by_device(
        box, "device_ready_ms", "Time from plug to the first answer", lambda each: each.ready_ms
    )
    lines += _by_device(
        box,
        "device_discarded_events",
        "Codes and weights of a device that flooded the box",
        lambda each: int(each.detail.get("discarded") or 0),
    )
    return "\n".join(lines) + "\n"


def _by_device(
    box: BoxStatus, name: str, text: str, figure: Callable[[DeviceStatus], int | None]
) -> Iterator[str]:
    yield f"# HELP posedge_{name} {text}"
    yield f"# TYPE posedge_{name} gauge"
    for each in box.devices:
        if (value := figure(each)) is not None:
            yield f'posedge_{name}{{device="{_quoted(each.name)}"}} {value}'


def _gauge(name: str, text: str, value: int) -> tuple[str, str, str]:
    name = f"posedge_{name}"
    return f"# HELP {name} {text}", f"# TYPE {name} gauge", f"{name} {int(value)}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

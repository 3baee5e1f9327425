from posedge.sim.caisse_ap import Faults, Outcome, Step
from posedge.sim.switches import switch


def test_what_is_typed_is_switched() -> None:
    faults = Faults()
    orders = ("outcome decline", "silent_at answer", "cut_at 7", "late_ms 20", "busy on", "")
    assert [switch(faults, order) for order in orders] == [None] * 6
    assert (faults.outcome, faults.silent_at) == (Outcome.DECLINE, Step.ANSWER)
    assert (faults.cut_at, faults.late_ms, faults.busy) == (7, 20, True)
    assert switch(faults, "cut_at never") is None
    assert switch(faults, "busy off") is None
    assert (faults.cut_at, faults.busy) == (None, False)


def test_what_is_no_order_is_answered_by_those_there_are() -> None:
    faults = Faults()
    for wrong in ("explode", "busy", "busy maybe", "outcome never", "cut_at x", "late_ms 1 2"):
        said = switch(faults, wrong)
        assert said is not None
        assert said.startswith("orders: outcome approve|decline|")
        assert "cut_at NUMBER|never" in said
        assert "busy on|off" in said
    assert faults == Faults()

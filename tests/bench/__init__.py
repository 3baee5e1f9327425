"""Benchmarks: each figure beside a peer or a physical limit that was measured in the same run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `beside` says in words what it is to be compared with."""

    name: str
    value: float
    unit: str
    beside: str = ""

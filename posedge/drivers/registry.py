"""Every driver there is, in one place that you can see."""

from posedge.drivers.interface import Driver

DRIVERS: tuple[type[Driver], ...] = ()

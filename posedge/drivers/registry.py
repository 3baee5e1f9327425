"""Every driver there is, in one place that you can see."""

from posedge.drivers.auto_scale import AutoScale
from posedge.drivers.caisse_ap import CaisseApTerminal
from posedge.drivers.clouds import CLOUDS
from posedge.drivers.ecr17 import Ecr17Terminal
from posedge.drivers.escpos import EscposPrinter
from posedge.drivers.hid_scale import HidScale
from posedge.drivers.hid_scanner import HidScanner
from posedge.drivers.hid_stripe import HidStripeReader
from posedge.drivers.interface import Driver
from posedge.drivers.line_display import LineDisplayDriver
from posedge.drivers.msr_wedge import StripeWedge
from posedge.drivers.pcsc import PcscReader
from posedge.drivers.posiflex_drawer import PosiflexDrawer
from posedge.drivers.scales import SCALES
from posedge.drivers.serial_scanner import SerialScanner
from posedge.drivers.star import StarPrinter
from posedge.drivers.wedge import WedgeScanner
from posedge.drivers.zpl import ZplPrinter
from posedge.drivers.zvt import ZvtTerminal

DRIVERS: tuple[type[Driver], ...] = (
    WedgeScanner,
    StripeWedge,
    SerialScanner,
    *SCALES,
    HidScale,
    HidStripeReader,
    PosiflexDrawer,
    HidScanner,
    AutoScale,
    PcscReader,
    EscposPrinter,
    LineDisplayDriver,
    StarPrinter,
    ZplPrinter,
    ZvtTerminal,
    CaisseApTerminal,
    *CLOUDS,
    Ecr17Terminal,
)

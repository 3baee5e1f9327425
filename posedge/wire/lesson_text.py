"""The texts of the test codes that a scanner is learnt from."""

from posedge.wire.gs1 import GS

FULL_TEXT = f"posedge{GS}{''.join(map(chr, range(0x20, 0x7F)))}."
"""For scanners that read QR codes: all that there is in ASCII, no blank at either end."""
SHORT_TEXT = f"Qy;{GS}-/_@#\\."
"""For laser scanners, as Code 128: what tells all layouts apart, as narrow as can be."""
TEXTS = (FULL_TEXT, SHORT_TEXT)

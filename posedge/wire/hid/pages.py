"""What a HID device says it is: usage pages. Apart from the codecs: only such devices need them."""

BARCODE_SCANNER = 0x8C
SCALE = 0x8D
STRIPE_READER = 0x8E
"""HID Usage Tables, Point of Sale."""

MAGTEK = 0xFF00
POSIFLEX = 0xFFA0
"""Their makers' own."""

"""The virtual shop: the other end of every wire. Sees wire/ and model/ only, never drivers/."""

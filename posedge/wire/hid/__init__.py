"""Floor 1: what HID devices of a till say in their reports. No socket, clock, task or log."""

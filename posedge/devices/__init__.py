"""Floor 4: udev, matching, supervision and identity of devices. Knows no payment."""

"""Floor 0: the words that every floor shares. No I/O, clock, logging, device or MQTT library."""

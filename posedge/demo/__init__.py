"""Floor 6: the whole virtual shop as processes: broker, headquarters, box, devices, shopper."""

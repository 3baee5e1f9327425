"""Floor 4: the payment desk and its recovery. Knows terminals only by their capability."""

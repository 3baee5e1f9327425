"""Floor 6: the box composed. Knows every floor below; only the command line knows it."""

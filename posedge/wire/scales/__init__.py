"""What scales say on a serial line: one file a dialect, all of them into the same frames."""

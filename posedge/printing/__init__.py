"""Floor 4¼: jobs for printers: accepted durably, printed once, in order, told how they ended."""

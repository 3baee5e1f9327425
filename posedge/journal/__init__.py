"""Floor 2: everything that touches SQLite: the journal, its notes and the event log."""

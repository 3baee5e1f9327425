"""Floor 1: sans-I/O codecs, bytes to messages and back. No socket, clock, task or log."""

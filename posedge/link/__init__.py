"""Floor 2: byte streams to and from the kernel. Nothing above has heard of a foreign exception."""

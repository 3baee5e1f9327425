"""Ports for servers that may be killed and must get the same one again."""

import random
import socket

BELOW_EPHEMERAL = range(20_000, 32_000)
"""Linux hands out 32768 to 60999 to outgoing connections: one of those would take our place."""

TRIES = 100


def free_port(wanted: int | None = None) -> int:
    """Return `wanted` if it can be had, else another that can."""
    chance: random.Random = random.SystemRandom()
    ports = [] if wanted is None else [wanted]
    ports += [chance.choice(BELOW_EPHEMERAL) for _ in range(TRIES)]
    for port in ports:
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise OSError("no port is free on 127.0.0.1")

"""The box's edge for tills and technicians: where it listens, and how it ends."""

import socket

import structlog
from fastapi import FastAPI

from posedge import serving
from posedge.web.settings import WebSettings
from posedge.web.stream import MAX_STREAMS, Streams

MAX_CONNECTIONS = 64 + MAX_STREAMS
"""Forty tills that ask at once, and their streams."""

log = structlog.get_logger()


def bind(settings: WebSettings) -> socket.socket:
    """Return the listening socket; ConfigError `web.address` when the address cannot be had."""
    remedy = "set web.host and web.port"
    return serving.bind(settings.host, settings.port, code="web.address", remedy=remedy)


def address(listener: socket.socket, settings: WebSettings) -> str:
    """Return where a browser on this machine finds the page, e.g. `http://127.0.0.1:8080`."""
    port: int = listener.getsockname()[1]
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only compared
    host = everywhere.get(settings.host, settings.host)
    scheme = "https" if settings.secure else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def serve(app: FastAPI, settings: WebSettings, listener: socket.socket) -> None:
    """Serve until cancelled; then let streams end and answers finish for up to three seconds."""
    streams: Streams = app.state.streams
    log.info("web.serving", address=address(listener, settings))
    await serving.serve(
        app,
        listener,
        name="web",
        connections=MAX_CONNECTIONS,
        certificate=settings.tls_certificate,
        key=settings.tls_key,
        ending=streams.close,
    )

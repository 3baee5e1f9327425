"""The two contracts as documents, from what runs."""

import json
import random
from types import SimpleNamespace
from typing import Any

from posedge.clock import Ids, SystemClock
from posedge.relay import asyncapi
from posedge.web import openapi
from posedge.web.app import build
from posedge.web.settings import WebSettings


def documents() -> dict[str, str]:
    """Return the text of each document by its file's name."""
    clock = SystemClock()
    nobody: Any = SimpleNamespace(
        devices=None, bus=None, journal=None, clock=clock, ids=Ids(clock), chance=random.Random(1)
    )
    app = build(nobody, WebSettings())
    found = {"asyncapi.json": asyncapi.document(), "openapi.json": openapi.document(app)}
    return {name: json.dumps(each, indent=1) + "\n" for name, each in found.items()}

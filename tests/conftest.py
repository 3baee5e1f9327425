"""What holds for every test."""

import os

from hypothesis import settings

settings.register_profile("posedge", deadline=None)
settings.load_profile("posedge")
"""No example is timed: on a busy machine any of them may take its time."""

os.environ.pop("PYTHONUNBUFFERED", None)
"""Programs are started as in a shop: what they print and do not flush is late there."""

"""What holds for every test."""

from hypothesis import settings

settings.register_profile("posedge", deadline=None)
settings.load_profile("posedge")
"""No example is timed: on a busy machine any of them may take its time."""

"""posedge: a box in a shop between the till's hardware and headquarters."""

__version__ = "0.1.0"

"""Payments on their worst day: protocol x fault x journal step, each held against the truth.

`make chaos-payments`, or `python -m tests.chaos --seed 7 --cases 2000`.
"""

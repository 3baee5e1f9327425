import os

import pytest


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own environment counts."""
    for name in os.environ:
        if name.startswith("POSEDGE_"):
            monkeypatch.delenv(name)

from collections.abc import Callable, Mapping

from tests.doubles.simloop import SimLoop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], SimLoop]]:
    return {"sim": SimLoop}

from collections.abc import AsyncIterator

import httpx
import pytest

from posedge.web.access import Scope
from tests.web.shop import Shop, running


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with running(Shop()) as shop:
        yield shop


@pytest.fixture
async def anybody(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shop.url) as client:
        yield client


@pytest.fixture
async def till(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with await shop.client(Scope.TILL) as client:
        yield client


@pytest.fixture
async def technician(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with await shop.client(Scope.TECHNICIAN) as client:
        yield client

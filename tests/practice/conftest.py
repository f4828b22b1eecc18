"""A practice server for each test, and a customer of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from l402tui.practice.run import PracticeServer
from tests.practice.customer import Customer


@pytest.fixture
async def server() -> AsyncIterator[PracticeServer]:
    async with PracticeServer.start() as running:
        yield running


@pytest.fixture
async def customer(server: PracticeServer) -> AsyncIterator[Customer]:
    somebody = await Customer.at(server)
    yield somebody
    await somebody.leave()

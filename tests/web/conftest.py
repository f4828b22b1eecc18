"""A transport that is closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from l402tui.web.transport import HttpTransport


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport()
    yield made
    await made.close()

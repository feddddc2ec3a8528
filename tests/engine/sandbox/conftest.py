"""One sandbox house for all these tests, and REPLs opened from it as a test needs them."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.engine.sandbox.driving import Opener
from trajectories.engine.sandbox import SandboxHouse


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sandbox_house() -> AsyncIterator[SandboxHouse]:
    made = SandboxHouse()
    await made.open()
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def opened(sandbox_house: SandboxHouse) -> AsyncIterator[Opener]:
    """`await opened("text", …)` gives a REPL on these documents."""
    opener = Opener(sandbox_house)
    yield opener
    await opener.close()

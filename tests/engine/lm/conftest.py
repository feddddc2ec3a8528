"""A real model server and the real HTTP client; `kind` tells how a call failed."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from tests.model_server import ModelServer
from trajectories.engine.errors import ProviderError
from trajectories.engine.lm import HTTP
from trajectories.engine.types import Connection, Message, Request

KEY = "sk-proj-4f1d9b7c2e"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest_asyncio.fixture
async def http() -> AsyncIterator[HTTP]:
    async with HTTP() as http:
        yield http


@pytest.fixture
def connection(server: ModelServer) -> Connection:
    return Connection(name="mine", provider="openai", base_url=server.url, api_key=KEY)


def asking(text: str = "Who jumps?", **details: object) -> Request:
    return Request(model="worker", messages=(Message(role="user", content=text),), **details)


async def failure_of(call: Callable[[], Awaitable[object]]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await call()
    return caught.value

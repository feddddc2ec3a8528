"""A house whose models are a scripted server."""

from collections.abc import Iterator

import pytest

from tests.house import House
from tests.model_server import ModelServer


@pytest.fixture(scope="session")
def models() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture(scope="session")
def modelled(models: ModelServer) -> Iterator[House]:
    """Stays up for all tests here."""
    with House(OPENAI_BASE_URL=models.url, OPENAI_API_KEY="sk-test") as house:
        yield house


@pytest.fixture(scope="session")
def restarted(models: ModelServer) -> Iterator[House]:
    with House(OPENAI_BASE_URL=models.url, OPENAI_API_KEY="sk-test") as house:
        yield house


@pytest.fixture
def own_house(restarted: House) -> House:
    """For tests that stop or kill it; up when a test begins."""
    if not restarted.is_up:
        restarted.start()
    return restarted

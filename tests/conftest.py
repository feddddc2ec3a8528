"""What all tests share: the running product."""

from collections.abc import Iterator

import pytest

from tests.house import House


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """The real `manage.py serve`, one for all tests: make what you need, assume nothing about what else is there."""
    with House() as house:
        yield house

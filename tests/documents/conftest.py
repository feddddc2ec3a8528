"""An owner and a stranger at the API's door, and a way to read a file without the rest of the house."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from tests.api.conftest import sender
from trajectories.documents.reading import Reading, read_file


@pytest.fixture
def owner(db: None) -> Any:
    return get_user_model().objects.create_user("ada")


@pytest.fixture
def stranger(db: None) -> Any:
    return get_user_model().objects.create_user("mallory")


@pytest.fixture
def send(owner: Any) -> Callable[..., Any]:
    return sender(owner)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[str, Reading]]:
    """`read(name, bytes)` → (text, what the reader said), by the real child process. Raises `ReadingError`."""

    def read(name: str, content: bytes) -> tuple[str, Reading]:
        source, folder = tmp_path / "source", tmp_path / "folder"
        source.write_bytes(content)
        folder.mkdir(exist_ok=True)
        reading = read_file(source, name, folder)
        return reading.text.read_bytes().decode(), reading

    return read

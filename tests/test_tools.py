"""The tools of a server: files in its data folder."""

import os
from pathlib import Path
from typing import Any

import pytest

from trajectories import tools

FILE = '''
"""Tools of the tests."""
import json as codec
from math import floor

def double(number: int) -> int:
    """Twice the number."""
    return _helper(number)

def _helper(number):
    return 2 * number
'''


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    (tmp_path / "tools").mkdir()
    return tmp_path / "tools"


def test_without_a_folder_there_are_none(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    assert tools.tools() == {}


def test_public_functions_of_a_file_are_tools_and_nothing_else_in_it(folder: Path) -> None:
    (folder / "numbers.py").write_text(FILE)
    found = tools.tools()
    assert list(found) == ["double"]
    assert found["double"].function(21) == 42


def test_a_changed_file_is_read_again(folder: Path) -> None:
    path = folder / "numbers.py"
    path.write_text(FILE)
    assert tools.tools()["double"].function(2) == 4
    path.write_text(FILE.replace("2 * number", "3 * number"))
    os.utime(path, (1, 1))
    assert tools.tools()["double"].function(2) == 6


@pytest.mark.parametrize("text", ["def broken(:", "1 / 0", "def undocumented():\n    return 1"])
def test_a_file_that_cannot_be_used_is_left_out_and_the_others_stay(
    folder: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "bad.py").write_text(text)
    (folder / "good.py").write_text(FILE)
    assert list(tools.tools()) == ["double"]
    assert "bad.py" in caplog.text

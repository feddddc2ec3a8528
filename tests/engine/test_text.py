"""Windows of characters out of UTF-8 files."""

import random
from pathlib import Path

import pytest

from trajectories import engine
from trajectories.engine.text import STRIDE

KINDS = {
    "ascii": "abcdefghij",
    "two bytes": "äöüß",
    "mixed": "a€𝄞é ",
    "four bytes": "𝄞",
}


@pytest.mark.parametrize("letters", KINDS.values(), ids=KINDS)
def test_any_window_equals_the_slice(tmp_path: Path, letters: str) -> None:
    chance = random.Random(7)
    text = "".join(chance.choice(letters) for _ in range(5 * STRIDE + 77))
    path = tmp_path / "text"
    path.write_text(text, encoding="utf-8")
    file = engine.TextFile.open(path)
    assert file.chars == len(text)
    edges = [0, 1, STRIDE - 1, STRIDE, STRIDE + 1, 2 * STRIDE, len(text) - 1, len(text), len(text) + 50]
    for _ in range(300):
        start, end = chance.choice(edges), chance.randrange(len(text) + 10)
        assert file.read(start, end) == text[start:end]


def test_an_index_over_many_blocks_is_right(tmp_path: Path) -> None:
    text = ("x" * 999 + "€") * 3_000
    path = tmp_path / "text"
    path.write_text(text, encoding="utf-8")
    file = engine.TextFile.open(path)
    for start in range(0, len(text), 123_457):
        assert file.read(start, start + 100) == text[start : start + 100]


def test_an_empty_file_has_no_characters(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"")
    file = engine.TextFile.open(path)
    assert (file.chars, file.read(0, 10)) == (0, "")


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"abc\xe2\x82", b"\x80"])
def test_what_is_not_utf8_is_refused(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "text"
    path.write_bytes(bad)
    with pytest.raises(engine.DocumentError):
        engine.TextFile.open(path)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(engine.DocumentError, match="Upload it again"):
        engine.TextFile.open(tmp_path / "none")

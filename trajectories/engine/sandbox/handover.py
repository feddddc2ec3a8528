"""Giving the documents' texts to a child as open files, which it decodes before it loses everything else."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from trajectories.engine.errors import DocumentError
from trajectories.engine.text import TextFile
from trajectories.engine.types import Document, Text

MOST_FILES = 48
"""Documents handed over one file each; of more, one file holds all."""
_IN_MEMORY = 64 << 20
_WINDOW = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Open files, to be closed by whoever asked for them."""

    files: tuple[int, ...]
    sizes: tuple[int, ...] | None
    """Bytes of each document in the one file; None: each document has its own file."""

    def close(self) -> None:
        for file in self.files:
            os.close(file)


def hand_over(documents: Sequence[Document]) -> Handover:
    """Raises `DocumentError` when a text is gone."""
    if len(documents) > MOST_FILES:
        return _all_in_one(documents)
    files: list[int] = []
    try:
        for document in documents:
            files.append(_file_of(document.text))
    except BaseException:
        for file in files:
            os.close(file)
        raise
    return Handover(files=tuple(files), sizes=None)


def _file_of(text: Text) -> int:
    if isinstance(text, TextFile):
        try:
            return os.open(text.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise DocumentError("The text of this document is gone. Upload it again.") from error
    file = _scratch(text.chars)
    try:
        _copy(text, file)
    except BaseException:
        os.close(file)
        raise
    return file


def _all_in_one(documents: Sequence[Document]) -> Handover:
    file = _scratch(sum(document.text.chars for document in documents))
    try:
        sizes = tuple(_copy(document.text, file) for document in documents)
    except BaseException:
        os.close(file)
        raise
    return Handover(files=(file,), sizes=sizes)


def _scratch(chars: int) -> int:
    """A file without a name: in memory while it is small."""
    if chars <= _IN_MEMORY:
        return os.memfd_create("text", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _copy(text: Text, file: int) -> int:
    """Writes the text as UTF-8 and returns the bytes."""
    written = 0
    for start in range(0, text.chars, _WINDOW):
        rest = memoryview(text.read(start, start + _WINDOW).encode("utf-8", "replace"))
        written += len(rest)
        while rest:
            rest = rest[os.write(file, rest) :]
    return written

"""Giving the documents' texts to a child as open files, which it decodes before it loses everything else."""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trajectories.engine import text as texts
from trajectories.engine.errors import DocumentError
from trajectories.engine.text import TextFile
from trajectories.engine.types import Document, Span, Text

MOST_FILES = 48
"""Documents handed over one file each; of more, one file holds all."""
_IN_MEMORY = 64 << 20
_WINDOW = 1 << 20
_SHARE, _MOST = 3, 3 << 30

Place = list[Any]
"""How a child comes to one text: ["file", index], ["next", bytes] (of the one file that holds all), or
["held", number, start, end] (a piece of what the process it is forked from holds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Open files, to be closed by whoever asked for them."""

    files: tuple[int, ...]
    texts: list[Place]
    """For each document."""

    def close(self) -> None:
        for file in self.files:
            os.close(file)


async def hand_over(documents: Sequence[Document], held: Sequence[Span | None] | None = None) -> Handover:
    """`held`: for each document its place in held texts; those without one are handed over as files.

    In a thread, since texts may be large; what it opened is closed even when nobody waits for it any more. Raises
    `DocumentError` when a text is gone or the texts are too large."""
    places = held or [None] * len(documents)
    if None not in places:
        return Handover(files=(), texts=[_held(span) for span in places if span])
    opening = asyncio.ensure_future(asyncio.to_thread(_hand_over, documents, places))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)
        raise


def decoded_bytes(document: Document) -> int:
    """Memory that its text takes. Raises `DocumentError`."""
    return texts.decoded_bytes(document.text) if document.decoded_bytes is None else document.decoded_bytes


def room() -> int:
    """Bytes of decoded text that one REPL may have: a third of the machine's memory, at most 3 GiB."""
    return min(machine_memory() // _SHARE, _MOST)


def machine_memory() -> int:
    """Bytes. Where the system does not say (Windows), what an ordinary machine has."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 8 << 30


def check_size(documents: Sequence[Document], most: int) -> int:
    """The bytes of memory that all take. Raises `DocumentError`: better than a REPL that dies while it decodes."""
    sizes = [decoded_bytes(document) for document in documents]
    if sum(sizes) <= most:
        return sum(sizes)
    largest = max(range(len(sizes)), key=sizes.__getitem__)
    document, width = documents[largest], max(1, round(sizes[largest] / max(1, documents[largest].text.chars)))
    why = f" ({width} bytes a character, because of characters such as {_EXAMPLES[width]})" if width > 1 else ""
    raise DocumentError(
        f"The text is too large for a REPL on this machine: it takes {_gb(sum(sizes))} in memory, {_gb(most)} are "
        f"possible. The largest document, {document.name[:80]!r}, takes {_gb(sizes[largest])} for "
        f"{document.text.chars:,} characters{why}. Split the text, or leave some of it out."
    )


_EXAMPLES = {2: "Chinese or Cyrillic ones", 4: "emoji"}


def _gb(count: int) -> str:
    return f"{count / 1e9:.2f} GB"


def _hand_over(documents: Sequence[Document], places: Sequence[Span | None]) -> Handover:
    own = [document for document, place in zip(documents, places, strict=True) if place is None]
    if len(own) > MOST_FILES:
        file, sizes = _all_in_one(own)
        given: list[Place] = [["next", size] for size in sizes]
        files = [file]
    else:
        files = _one_each(own)
        given = [["file", number] for number in range(len(own))]
    waiting = iter(given)
    return Handover(files=tuple(files), texts=[_held(place) if place else next(waiting) for place in places])


def _held(place: Span) -> Place:
    return ["held", place.document, place.start, place.end]


def _one_each(documents: Sequence[Document]) -> list[int]:
    files: list[int] = []
    try:
        for document in documents:
            files.append(_file_of(document.text))
    except BaseException:
        for file in files:
            os.close(file)
        raise
    return files


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


def _all_in_one(documents: Sequence[Document]) -> tuple[int, list[int]]:
    """One file, and the bytes of each document in it."""
    file = _scratch(sum(document.text.chars for document in documents))
    try:
        return file, [_copy(document.text, file) for document in documents]
    except BaseException:
        os.close(file)
        raise


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


def _close_unwanted(opening: "asyncio.Future[Handover]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()

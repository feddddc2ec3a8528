"""Pieces of a document as lines for the page: offsets in the margin, the wanted span marked.

Lines carry the offset of their first character rather than a line number, because nobody counts the lines of 400 MB.
"""

from dataclasses import dataclass

from trajectories import documents
from trajectories.models import Document

AROUND = 1_500
"""Characters of context on each side of a span."""
LONGEST_MARK = 20_000
"""Characters of a span that are shown; a longer one is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    text: str
    marked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    start: int
    """Offset of its first character in the document."""
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    start: int
    end: int
    lines: tuple[Line, ...]


def around_span(document: Document, start: int, end: int, around: int = AROUND) -> Passage:
    """The span with its surroundings, whole lines where they are short. Raises `engine.DocumentError`."""
    start = max(0, min(start, document.chars))
    end = max(start, min(end, document.chars, start + LONGEST_MARK))
    return window(document, start - around, end + around, mark=(start, end))


def window(document: Document, first: int, last: int, mark: tuple[int, int] = (0, 0)) -> Passage:
    """Characters first..last, moved inwards to the ends of lines but never into the marked span."""
    first, last = max(0, first), min(document.chars, last)
    text = documents.open_text(document).read(first, last)
    inner = (mark[0], mark[1]) if mark[1] > mark[0] else ((first + last) // 2, (first + last) // 2)
    if first > 0 and 0 <= (cut := text.find("\n")) < inner[0] - first:
        first, text = first + cut + 1, text[cut + 1 :]
    if last < document.chars and (cut := text.rfind("\n")) >= inner[1] - first:
        text = text[: cut + 1]
    return Passage(start=first, end=first + len(text), lines=tuple(lines_of(text, first, mark)))


def lines_of(text: str, first: int, mark: tuple[int, int]) -> list[Line]:
    """Of a text whose first character stands at `first` in its document."""
    lines, at = [], first
    for raw in text.split("\n"):
        lines.append(Line(start=at, pieces=_pieces(raw, mark[0] - at, mark[1] - at)))
        at += len(raw) + 1
    if len(lines) > 1 and not text[text.rfind("\n") + 1 :]:
        lines.pop()
    return lines


def _pieces(raw: str, start: int, end: int) -> tuple[Piece, ...]:
    """A line cut at the borders of the mark (given relative to it)."""
    start, end = max(0, start), max(0, min(end, len(raw)))
    if start >= end:
        return (Piece(text=raw, marked=False),)
    parts = ((raw[:start], False), (raw[start:end], True), (raw[end:], False))
    return tuple(Piece(text=text, marked=marked) for text, marked in parts if text)

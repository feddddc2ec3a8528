"""Looking for words in a text of any size, window after window, for a bounded time."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from trajectories import engine

WINDOW = 1 << 20
SECONDS = 1.0
LONGEST_GAP = 50
"""White space between two words that still counts as one space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`start`..`end` is the match; without one `next` says where to go on, None when the text is searched through."""

    start: int | None = None
    end: int | None = None
    next: int | None = None


def find(text: engine.Text, words: str, start: int, *, back: bool = False, seconds: float = SECONDS) -> Found:
    """The first match at or after `start` (or the last one before it), whatever its case and its line breaks."""
    pieces = [re.escape(piece) for piece in words.split()]
    if not pieces:
        return Found()
    pattern = re.compile(rf"\s{{1,{LONGEST_GAP}}}".join(pieces), re.IGNORECASE)
    overlap = 2 * len(words) + LONGEST_GAP * len(pieces)
    deadline = time.monotonic() + seconds
    for first, last in _windows(text.chars, start, overlap, back):
        piece = text.read(first, last)
        matches = (match for match in pattern.finditer(piece) if not back or first + match.start() < start)
        match = _last(matches) if back else next(matches, None)
        if match:
            return Found(start=first + match.start(), end=first + match.end())
        if time.monotonic() > deadline:
            return Found(next=first if back else last - overlap)
    return Found()


def _windows(chars: int, start: int, overlap: int, back: bool) -> Iterator[tuple[int, int]]:
    """Stretches of the text that overlap, so that no match falls between two of them."""
    if not back:
        for first in range(start, chars, WINDOW):
            yield first, min(first + WINDOW + overlap, chars)
        return
    for last in range(min(start, chars), 0, -WINDOW):
        yield max(0, last - WINDOW), min(last + overlap, chars)


def _last(matches: "Iterator[re.Match[str]]") -> "re.Match[str] | None":
    match = None
    for match in matches:  # noqa: B007
        pass
    return match

"""A text as viewers of a share may read it: names of documents replaced, pieces of documents and matches of patterns
blacked out. All three are looked for in the text as it was, so none hides another.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import re2

from trajectories.sharing.patterns import Clock, OutOfTime, Spans, spans
from trajectories.sharing.pieces import SHORTEST, Pieces
from trajectories.spans import merged

BLACK = "█████"
SHORTEST_STEM = 6
SHORTEST_NAME = 3
SHORT_NAME = 5
"""Characters up to which a document's name counts only as a word of its own."""
_PLAIN_WORD = re.compile(r"[^\W\d_]+")


def whole(text: str) -> str:
    """For a text of which nothing may be read."""
    return f"{BLACK} ({len(text):,} characters blacked out)" if text else text


MOST_REMEMBERED = 4_000_000
"""Characters."""


class Blackout:
    """Remembers what it made of texts: pages repeat themselves."""

    def __init__(
        self, patterns: Collection[str], names: Mapping[str, str], pieces: Pieces | None, clock: Clock
    ) -> None:
        """`names`: what stands for a document's name; `pieces`: None where documents are not hidden."""
        self._patterns = patterns
        self._names = _variants(names)
        self._any_name = _any_of(self._names)
        self._pieces = pieces
        self._clock = clock
        self._made: dict[str, str] = {}
        self._chars = 0
        """Of the texts that are remembered."""

    def learn(self, texts: Iterable[str]) -> None:
        """Works many texts out together: documents are gone through once for all of them."""
        if self._chars > MOST_REMEMBERED:
            self._made, self._chars = {}, 0
        new = {text for text in texts if text not in self._made}
        found = self._pieces_of(new)
        for text in new:
            self._made[text] = self._make(text, found.get(text, []))
            self._chars += len(text)

    def text(self, text: str) -> str:
        if text not in self._made:
            self.learn([text])
        return self._made[text]

    def _pieces_of(self, texts: Collection[str]) -> Mapping[str, Spans | None]:
        long = [text for text in texts if len(text.encode("utf-8", "replace")) >= SHORTEST]
        return self._pieces.find(long, self._clock) if self._pieces and long else {}

    def _make(self, text: str, pieces: Spans | None) -> str:
        if pieces is None:
            return whole(text)
        try:
            black = merged([*pieces, *self._matches(text)])
        except OutOfTime:
            return whole(text)
        return _covered(text, black, self._named(text))

    def _matches(self, text: str) -> Spans:
        """Of the patterns, in characters. Raises `OutOfTime`."""
        if not self._patterns:
            return []
        data = text.encode("utf-8", "replace")
        return _in_characters(
            data, merged(span for pattern in self._patterns for span in spans(pattern, data, self._clock))
        )

    def _named(self, text: str) -> list[tuple[int, int, str]]:
        """Where documents' names stand, and what stands for them."""
        if self._any_name is None:
            return []
        data = text.encode("utf-8", "replace")
        found = [match.span() for match in self._any_name.finditer(data)]
        return [
            (start, end, self._names.get(text[start:end].lower(), BLACK)) for start, end in _in_characters(data, found)
        ]


def _variants(names: Mapping[str, str]) -> dict[str, str]:
    """Names in small letters, and without their ending where that is no plain word."""
    variants = {}
    for name, shown in names.items():
        stem = PurePosixPath(name).stem
        if len(stem) >= SHORTEST_STEM and not _PLAIN_WORD.fullmatch(stem):
            variants[stem.lower()] = shown
    return variants | {name.lower(): shown for name, shown in names.items()}


def _any_of(names: Collection[str]) -> Any | None:
    ordered = sorted((name for name in names if len(name.strip()) >= SHORTEST_NAME), key=len, reverse=True)
    if not ordered:
        return None
    options = re2.Options()
    options.max_mem = 64 << 20
    options.log_errors = False
    options.case_sensitive = False
    options.never_capture = True
    escaped = [rf"\b{re2.escape(name)}\b" if len(name) <= SHORT_NAME else re2.escape(name) for name in ordered]
    return re2.compile("|".join(escaped), options)


def _in_characters(data: bytes, found: Spans) -> Spans:
    """Spans of bytes, in order and apart, as spans of characters."""
    if data.isascii():
        return found
    converted, at, letters = [], 0, 0
    for span in found:
        places = []
        for place in span:
            letters += len(data[at:place].decode("utf-8", "replace"))
            at = place
            places.append(letters)
        converted.append((places[0], places[1]))
    return converted


def _covered(text: str, black: Spans, named: list[tuple[int, int, str]]) -> str:
    """The text with its black stretches and other names; a name that reaches into black becomes black with it."""
    black = merged([*black, *((start, end) for start, end, _ in named if _touches(black, start, end))])
    kept = [each for each in named if not _touches(black, each[0], each[1])]
    parts, at = [], 0
    for start, end, shown in sorted([*((start, end, BLACK) for start, end in black), *kept]):
        parts += [text[at:start], shown]
        at = end
    return "".join([*parts, text[at:]])


def _touches(spans: Spans, start: int, end: int) -> bool:
    """Whether one of the spans (in order and apart) overlaps this one."""
    after = bisect_right(spans, (start, len(spans) and spans[-1][1]))
    return (after > 0 and spans[after - 1][1] > start) or (after < len(spans) and spans[after][0] < end)

"""`peek` and `grep`: looking into the documents without printing them whole."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, SupportsIndex, overload

from .interrupts import Interrupts, TookTooLong
from .texts import ContextText, Record, Span

GREP_SECONDS = 10.0
MOST_MATCHES = 100_000
_LINE_CHARS = 400
"""A line is shown whole up to this length, a longer one around the match."""
_SPECIAL = frozenset("\\.^$*+?{}[]()|")


class Match:
    """One hit. `text` is exactly what stands at start..end; printing it shows the line's number and the line."""

    __slots__ = ("_around", "_source", "document", "end", "line", "start")

    def __init__(self, source: "_Source", start: int, end: int, line: int, around: int) -> None:
        self._source = source
        self._around = around
        self.document, self.start, self.end, self.line = source.text.document, start, end, line

    @property
    def text(self) -> ContextText:
        return self._source.text.piece("grep", self.start, self.end)

    @property
    def shown(self) -> Span:
        """What printing this match shows."""
        text, low, high = self._source.text, self.start, self.end
        for _ in range(self._around + 1):
            low = text.rfind("\n", max(0, low - _LINE_CHARS), low) if low else -1
            high = text.find("\n", high, high + _LINE_CHARS)
        return self.document, low, high

    def __str__(self) -> str:
        return self._source.show(self)

    __repr__ = __str__

    def __len__(self) -> int:
        return self.end - self.start

"""`peek` and `grep`: looking into the documents without printing them whole."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, SupportsIndex

from .interrupts import Interrupts, TookTooLong
from .texts import ContextText, Span

MOST_MATCHES = 100_000
_LINE_CHARS = 400
"""How far a line is shown to either side of a match."""
_SPECIAL = frozenset("\\.^$*+?{}[]()|")


class Match:
    """One hit. `text` is exactly what stands at start..end; printing it shows the line's number and the line."""

    __slots__ = ("_around", "_name_document", "_whole", "document", "end", "line", "start", "text")

    def __init__(self, whole: ContextText, start: int, end: int, line: int, around: int, name_document: bool) -> None:
        self.document, self.start, self.end, self.line = whole.document, start, end, line
        self.text = whole.piece("grep", start, end)
        self._whole, self._around, self._name_document = whole, around, name_document

    def group(self, number: int = 0) -> ContextText:
        """For code that takes this for a match of `re`."""
        if number:
            raise IndexError("matches of grep have no groups; use re.finditer(pattern, context) for them")
        return self.text

    @property
    def shown(self) -> Span:
        """What printing this match shows."""
        last = max(self.start, self.end - 1)
        low, high = _lines_before(self._whole, self.start, self._around), _lines_after(self._whole, last, self._around)
        return self.document, low, high

    def __str__(self) -> str:
        whole = self._whole
        _, low, high = self.shown
        first = self.line - str.count(whole, "\n", low, self.start)
        last = self.line + str.count(whole, "\n", self.start, max(self.start, self.end - 1))
        lines = whole.plain(low, high).split("\n")
        if low and whole.plain(low - 1, low) != "\n":
            lines[0] = "…" + lines[0]
        if high < len(whole) and whole.plain(high, high + 1) != "\n":
            lines[-1] += "…"
        name = f"[{self.document}] " if self._name_document else ""
        marks = (
            f"{name}{number}{':' if self.line <= number <= last else '-'}"
            for number in range(first, first + len(lines))
        )
        return "\n".join(f"{mark} {line}" for mark, line in zip(marks, lines, strict=True))

    __repr__ = __str__


class Matches(list[Match]):
    """A list of matches that prints one a line."""

    complete = True

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        found: Any = super().__getitem__(key)
        return Matches(found) if isinstance(key, slice) else found

    def __str__(self) -> str:
        lines = [str(match) for match in self]
        if not self.complete:
            lines.append(f"… the limit of {len(self):,} is reached; there are more (set limit=)")
        return "\n".join(lines) if lines else "no matches"

    __repr__ = __str__


class Search:
    """The two functions over the documents of this REPL."""

    def __init__(
        self, texts: Sequence[ContextText], names: Sequence[str], interrupts: Interrupts, seconds: float
    ) -> None:
        self._texts = texts
        self._names = names
        self._interrupts = interrupts
        self._seconds = seconds

    def peek(self, n: int = 500, start: int = 0, document: int | str = 0) -> str:
        """n characters of a document from `start` on (negative: from its end)."""
        text = self._document(document)
        begin = max(0, start + len(text)) if start < 0 else start
        return text.piece("peek", begin, begin + max(0, n))

    def grep(
        self,
        pattern: str | re.Pattern[str],
        ignore_case: bool = False,
        limit: int | None = 100,
        around: int = 0,
        document: int | str | None = None,
    ) -> Matches:
        """Matches of a regular expression; ^ and $ match at lines. `around`: lines to show before and after."""
        regex = _compiled(pattern, ignore_case)
        texts = self._texts if document is None else [self._document(document)]
        most = MOST_MATCHES if limit is None else max(0, min(int(limit), MOST_MATCHES))
        found = Matches()
        try:
            with self._interrupts.time_limit(self._seconds):
                for text in texts:
                    self._collect(text, regex, most, int(around), found)
        except TookTooLong:
            raise TimeoutError(
                f"grep was stopped after {self._seconds:g} s: {regex.pattern!r} takes too long on this text. "
                "Use a simpler pattern: no repetition inside a repetition such as (a+)+, fewer .* in a row."
            ) from None
        return found

    def _collect(self, text: ContextText, regex: re.Pattern[str], most: int, around: int, found: Matches) -> None:
        line, counted = 1, 0
        for start, end in _hits(regex, text):
            if len(found) >= most:
                found.complete = False
                return
            line += str.count(text, "\n", counted, start)
            counted = start
            found.append(Match(text, start, end, line, around, len(self._texts) > 1))

    def _document(self, which: int | str) -> ContextText:
        if isinstance(which, str):
            if which not in self._names:
                raise LookupError(f"there is no document named {which!r}; see `documents`")
            return self._texts[self._names.index(which)]
        if not -len(self._texts) <= which < len(self._texts):
            raise IndexError(f"there is no document {which}: there are {len(self._texts)}, counted from 0")
        return self._texts[which]


def _compiled(pattern: str | re.Pattern[str], ignore_case: bool) -> re.Pattern[str]:
    flags = re.IGNORECASE if ignore_case else re.NOFLAG
    if isinstance(pattern, re.Pattern):
        return re.compile(pattern.pattern, pattern.flags | flags) if ignore_case else pattern
    if not isinstance(pattern, str):
        raise TypeError(f"grep wants a regular expression as text, not {type(pattern).__name__}")
    return re.compile(pattern, flags | re.MULTILINE)


def _hits(regex: re.Pattern[str], text: ContextText) -> Iterator[tuple[int, int]]:
    """Start and end of each match that is not empty. Plain words go through `find`, which is many times as fast."""
    pattern = regex.pattern
    if regex.flags & re.IGNORECASE or regex.flags & re.VERBOSE or not pattern or not _SPECIAL.isdisjoint(pattern):
        yield from (match.span() for match in regex.finditer(text) if match.end() > match.start())
        return
    at = str.find(text, pattern)
    while at >= 0:
        yield at, at + len(pattern)
        at = str.find(text, pattern, at + len(pattern))


def _lines_before(text: ContextText, at: int, lines: int) -> int:
    """Where the line of `at` begins, or that many lines before it; long lines are cut."""
    floor = max(0, at - _LINE_CHARS * (lines + 1))
    low = at
    for _ in range(lines + 1):
        newline = str.rfind(text, "\n", floor, low)
        if newline < 0:
            return floor
        low = newline
    return low + 1


def _lines_after(text: ContextText, at: int, lines: int) -> int:
    ceiling = min(len(text), at + _LINE_CHARS * (lines + 1))
    high = at
    for _ in range(lines + 1):
        newline = str.find(text, "\n", high, ceiling)
        if newline < 0:
            return ceiling
        high = newline + 1
    return high - 1

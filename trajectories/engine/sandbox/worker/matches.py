"""What `grep` finds: hits that know their place, and lists of them that print as a person would want to read them."""

from typing import Any, SupportsIndex

from .texts import ContextText, Span

_LINE_CHARS = 400
"""How far a line is shown to either side of a match."""


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

    def span(self) -> tuple[int, int]:
        return self.start, self.end

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

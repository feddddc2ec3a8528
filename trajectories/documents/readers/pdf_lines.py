"""The lines of a PDF page, and where and in which letters each is printed."""

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_LINE_END = re.compile("([\x02\ufffe])?(\r\n|\r|\n|(?<=[\x02\ufffe]))")
"""With the hyphen, which pdfium marks like this, when the line ended within a word."""
_HYPHENS = re.compile("[\x02\ufffe]")
_FARTHEST = 3
"""Characters that the page's list of characters may be ahead of its text, more or fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    text: str
    goes_on: bool = False
    """Its last word goes on in the next line, without a space."""
    x: float = 0.0
    y: float = 0.0
    """Of the base line, upwards, in points."""
    size: float = 0.0
    """Of its letters, in points and halves; 0 when they do not stand upright, or nobody knows."""
    weight: int = 0
    """400 is regular, 700 bold, as far as the font tells."""
    noted: bool = False
    """It begins with a small raised letter, as a footnote does."""


def lines_of(document: Any, index: int) -> list[Line]:
    """Raises `PdfiumError` for a page that cannot be read."""
    page = document[index]
    try:
        textpage = page.get_textpage()
        try:
            return list(_lines(textpage, str(textpage.get_text_range())))
        finally:
            textpage.close()
    finally:
        page.close()


def _lines(textpage: Any, text: str) -> Iterator[Line]:
    letters = _Letters(textpage)
    start = 0
    for end in _LINE_END.finditer(text):
        if end.end() > start:
            yield _line(letters, text[start : end.start()], start, goes_on=bool(end[1]))
        start = end.end()
    if start < len(text):
        yield _line(letters, text[start:], start, goes_on=False)


def _line(letters: "_Letters", text: str, start: int, *, goes_on: bool) -> Line:
    shown = _HYPHENS.sub("", text).strip() if not goes_on else _HYPHENS.sub("", text).lstrip()
    first, last = len(text) - len(text.lstrip()), len(text.rstrip()) - 1
    places = sorted({first, (first + last) // 2, last}) if last >= first else []
    found = [letter for at in places if (letter := letters.at(start + at, text[at]))]
    if not found:
        return Line(text=shown, goes_on=goes_on)
    main = max(found, key=lambda letter: letter.size)  # the others may be raised and small
    return Line(
        text=shown,
        goes_on=goes_on,
        x=found[0].x,
        y=main.y,
        size=main.size,
        weight=min(letter.weight for letter in found),
        noted=found[0].size < 0.85 * main.size,
    )


@dataclass(frozen=True, slots=True)
class _Letter:
    x: float
    y: float
    size: float
    weight: int


class _Letters:
    """The letters of a page by their place in its text, which hardly differs from that in its list of characters."""

    def __init__(self, textpage: Any) -> None:
        import pypdfium2.raw as pdfium

        self._pdfium = pdfium
        self._page = textpage
        self._ahead = 0
        self._x, self._y, self._box = ctypes.c_double(), ctypes.c_double(), pdfium.FS_RECTF()

    def at(self, place: int, letter: str) -> _Letter | None:
        if letter.isspace():
            return None
        index = self._index(place, ord(letter))
        if index is None or not self._pdfium.FPDFText_GetCharOrigin(self._page, index, self._x, self._y):
            return None
        if not self._pdfium.FPDFText_GetLooseCharBox(self._page, index, self._box):
            return None
        weight = self._pdfium.FPDFText_GetFontWeight(self._page, index)
        size = round(2 * abs(self._box.top - self._box.bottom)) / 2
        return _Letter(self._x.value, self._y.value, size, weight)

    def _index(self, place: int, letter: int) -> int | None:
        for step in range(2 * _FARTHEST + 1):
            ahead = self._ahead + (step + 1) // 2 * (1 if step % 2 else -1)
            if place + ahead >= 0 and self._pdfium.FPDFText_GetUnicode(self._page, place + ahead) == letter:
                self._ahead = ahead
                return place + ahead
        return None

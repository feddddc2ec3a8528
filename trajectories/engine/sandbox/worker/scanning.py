"""Going through documents with a pattern: in one go, or line by line where only that can be stopped."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from . import patterns
from .patterns import SHORT, Shape
from .texts import ContextText

_WINDOW = 1 << 20
_LONG_ENOUGH = 3
_STRETCH = 4096
"""Where the words are frequent, many lines go at once."""


class Hit(NamedTuple):
    document: int
    start: int
    end: int
    line: int


class CannotBeStopped(Exception):
    """Searching on could go on for minutes without a look for an interrupt."""


def scan(texts: Sequence[ContextText], regex: re.Pattern[str], most: int, *, stoppable: bool) -> tuple[list[Hit], bool]:
    """At most so many hits, and whether these are all. With `stoppable` it raises `CannotBeStopped` where it cannot."""
    shape = patterns.shape_of(regex)
    if not stoppable:
        shape = shape._replace(hungry=False)
    needed = "" if shape.crosses_lines else patterns.words_in(regex)
    found: list[Hit] = []
    for text in texts:
        line, counted = 1, 0
        for start, end in _hits(regex, text, shape, needed):
            if len(found) >= most:
                return found, False
            line += str.count(text, "\n", counted, start)
            counted = start
            found.append(Hit(text.document, start, end, line))
    return found, True


def _hits(regex: re.Pattern[str], text: ContextText, shape: Shape, needed: str) -> Iterator[tuple[int, int]]:
    """Start and end of each match that is not empty. `needed`: words that stand in each, all in one line."""
    if patterns.is_literal(regex):
        if not regex.flags & re.IGNORECASE:
            return _words(text, regex.pattern)
        if text.isascii() and regex.pattern.isascii():
            return _words_in_any_case(text, regex.pattern.lower())
    if len(needed) >= _LONG_ENOUGH:
        places = _lines_with(text, needed, SHORT if shape.hungry else len(text))
        return (hit for begin, end in places for hit in _matches(regex, text, begin, end))
    if not shape.hungry or len(text) <= SHORT:
        return _matches(regex, text, 0, len(text))
    if shape.crosses_lines:
        raise CannotBeStopped
    return (hit for begin, end in _lines(text) for hit in _matches(regex, text, begin, end))


def _matches(regex: re.Pattern[str], text: ContextText, begin: int, end: int) -> Iterator[tuple[int, int]]:
    return (match.span() for match in regex.finditer(text, begin, end) if match.end() > match.start())


def _words(text: ContextText, words: str) -> Iterator[tuple[int, int]]:
    """`find` is many times as fast as an expression."""
    at = str.find(text, words)
    while at >= 0:
        yield at, at + len(words)
        at = str.find(text, words, at + len(words))


def _words_in_any_case(text: ContextText, words: str) -> Iterator[tuple[int, int]]:
    """Of ASCII, where a letter has one other case and no more."""
    done = 0
    for begin in range(0, len(text), _WINDOW):
        window = text.plain(begin, begin + _WINDOW + len(words) - 1).lower()
        at = window.find(words, max(0, done - begin))
        while at >= 0:
            done = begin + at + len(words)
            yield begin + at, done
            at = window.find(words, at + len(words))


def _lines_with(text: ContextText, needed: str, longest: int) -> Iterator[tuple[int, int]]:
    """Stretches of whole lines in which the words stand: mostly a small part of the text."""
    end = 0
    while (at := str.find(text, needed, end)) >= 0:
        begin = max(end, str.rfind(text, "\n", end, at) + 1)
        newline = str.find(text, "\n", at + _STRETCH)
        end = len(text) if newline < 0 else newline + 1
        if end - begin > longest:
            raise CannotBeStopped
        yield begin, end


def _lines(text: ContextText) -> Iterator[tuple[int, int]]:
    """The text in short stretches of whole lines."""
    begin, length = 0, len(text)
    while begin < length:
        end = length if length - begin <= SHORT else str.rfind(text, "\n", begin, begin + SHORT) + 1
        if end <= begin:
            raise CannotBeStopped
        yield begin, end
        begin = end

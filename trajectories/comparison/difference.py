"""What differs between two texts, in linear space and bounded time.

The way of “patience”: tokens that occur once on both sides, in the same order, are the same; between them the same
again. What is left is small enough for a table, or counts as replaced.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from trajectories.comparison.alignment import Pair, unique_twins

How = Literal["same", "gone", "new"]
Stretch = tuple[int, int, int, int]
"""From, to in the one; from, to in the other."""

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
PARAGRAPHS = re.compile(r"[^\n]*\n+|[^\n]+")
MOST_WORDS = 40_000
"""Of both texts; longer ones are compared paragraph by paragraph."""
MOST_CELLS = 40_000
"""Of the table for a stretch without unique words."""
WORK = 30
"""Looks at each token that are allowed on average."""
SHORTEST_ISLAND = 3
"""Characters; what is shorter between two changes counts as changed, so that a new sentence is marked as one."""


@dataclass(frozen=True, slots=True)
class Part:
    how: How
    """`gone`: in the first text only; `new`: in the second only."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    parts: tuple[Part, ...]
    by: Literal["words", "paragraphs"]


def difference(one: str, other: str) -> Difference:
    words = [WORDS.findall(text) for text in (one, other)]
    if len(words[0]) + len(words[1]) <= MOST_WORDS:
        return Difference(parts=parts_of(*words), by="words")
    return Difference(parts=parts_of(*(PARAGRAPHS.findall(text) for text in (one, other))), by="paragraphs")


def parts_of(one: Sequence[str], other: Sequence[str]) -> tuple[Part, ...]:
    """Both texts, token by token, as one sequence of parts: what is the same, gone, new."""
    parts: list[Part] = []
    at = 0
    for first, last, other_first, other_last in changes(one, other):
        _add(parts, "same", one[at:first])
        _add(parts, "gone", one[first:last])
        _add(parts, "new", other[other_first:other_last])
        at = last
    _add(parts, "same", one[at:])
    return tuple(parts)


def _add(parts: list[Part], how: How, tokens: Sequence[str]) -> None:
    if tokens:
        parts.append(Part(how, "".join(tokens)))


def changes(one: Sequence[str], other: Sequence[str]) -> list[Stretch]:
    """What is not the same, in order; short islands of sameness between two changes are part of them."""
    found: list[Stretch] = []
    at = beside = 0
    for ours, theirs in [*common(one, other), (len(one), len(other))]:
        if at < ours or beside < theirs:
            if found and len("".join(one[found[-1][1] : at]).strip()) < SHORTEST_ISLAND:
                found[-1] = (found[-1][0], ours, found[-1][2], theirs)
            else:
                found.append((at, ours, beside, theirs))
        at, beside = ours + 1, theirs + 1
    return found


def common(one: Sequence[Hashable], other: Sequence[Hashable]) -> list[Pair]:
    """Pairs of equal tokens, rising on both sides; the longest such run for short texts, a good one for long ones."""
    pairs: list[Pair] = []
    waiting: list[Stretch] = [(0, len(one), 0, len(other))]
    work = WORK * (len(one) + len(other)) + MOST_CELLS
    while waiting:
        first, last, other_first, other_last = _trimmed(one, other, waiting.pop(), pairs)
        size = (last - first) * (other_last - other_first)
        work -= last - first + other_last - other_first
        if not size or work < 0:
            continue
        ours, theirs = one[first:last], other[other_first:other_last]
        if size <= MOST_CELLS and size // 4 <= work:
            work -= size // 4
            found = _longest(ours, theirs)
            pairs += [(first + at, other_first + beside) for at, beside in found]
            continue
        at, beside = first, other_first
        twins = unique_twins(ours, theirs)
        for twin, other_twin in [*twins, (last - first, other_last - other_first)] if twins else []:
            waiting.append((at, first + twin, beside, other_first + other_twin))
            at, beside = first + twin + 1, other_first + other_twin + 1
        pairs += [(first + twin, other_first + other_twin) for twin, other_twin in twins]
    return sorted(pairs)


def _trimmed(one: Sequence[Hashable], other: Sequence[Hashable], stretch: Stretch, pairs: list[Pair]) -> Stretch:
    """Without what both begin and end with, which are pairs."""
    first, last, other_first, other_last = stretch
    while first < last and other_first < other_last and one[first] == other[other_first]:
        pairs.append((first, other_first))
        first, other_first = first + 1, other_first + 1
    while first < last and other_first < other_last and one[last - 1] == other[other_last - 1]:
        last, other_last = last - 1, other_last - 1
        pairs.append((last, other_last))
    return first, last, other_first, other_last


def _longest(one: Sequence[Hashable], other: Sequence[Hashable]) -> list[Pair]:
    """The longest common subsequence, by a table."""
    table = [[0] * (len(other) + 1)]
    for token in one:
        above, line = table[-1], [0]
        for column, beside in enumerate(other):
            line.append(above[column] + 1 if token == beside else max(above[column + 1], line[column]))
        table.append(line)
    pairs: list[Pair] = []
    row, column = len(one), len(other)
    while row and column:
        if one[row - 1] == other[column - 1]:
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif table[row - 1][column] >= table[row][column - 1]:
            row -= 1
        else:
            column -= 1
    return pairs[::-1]

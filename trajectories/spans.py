"""Stretches of a text or of time: [start, end) pairs, joined and cut."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import TypeVar

Number = TypeVar("Number", int, float)


def merged(spans: Iterable[tuple[Number, Number]]) -> list[tuple[Number, Number]]:
    """Spans that touch or overlap as one."""
    joined: list[tuple[Number, Number]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def without(
    spans: Sequence[tuple[Number, Number]], taken: Sequence[tuple[Number, Number]]
) -> list[tuple[Number, Number]]:
    """What of the spans lies outside those taken; both merged and in order."""
    left: list[tuple[Number, Number]] = []
    at = 0
    for start, end in spans:
        while at < len(taken) and taken[at][1] <= start:
            at += 1
        for taken_start, taken_end in taken[at:]:
            if taken_start >= end:
                break
            if taken_start > start:
                left.append((start, taken_start))
            start = max(start, taken_end)
        if start < end:
            left.append((start, end))
    return left


class Covered:
    """Stretches seen so far, for telling what is new in each that follows."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> int:
        """Takes a stretch in; how much of it is new."""
        if end <= start:
            return 0
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        touched = zip(self._starts[first:last], self._ends[first:last], strict=True)
        new = end - start - sum(min(end, known_end) - max(start, known_start) for known_start, known_end in touched)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]
        return new

"""Stretches of a text or of time: [start, end) pairs, joined and cut."""

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

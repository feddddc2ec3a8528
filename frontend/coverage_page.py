"""How near each piece of the documents came to the answer, in numbers and words: for the strip of the page Answer and
for the page Coverage, from whatever place they are looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from frontend.place import Place
from frontend.templatetags.words import share
from trajectories.coverage import LEVELS, Coverage, strips
from trajectories.models import Run

MOST_LISTED = 200
"""Intervals of one document in the table."""
WORDS = {
    "untouched": "not touched",
    "scanned": "scanned by code",
    "printed": "printed to the model",
    "sent": "sent to a model",
    "cited": "cited",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document of the page."""

    coverage: Coverage
    numbers: list[dict[str, Any]]
    """Characters and share by level."""
    listed: list[dict[str, Any]]
    more: int
    """Intervals beyond those listed."""


def coverage_context(run: Run, place: Place, documents: list[Coverage]) -> dict[str, Any]:
    """For `coverage.html`."""
    return {"run": run, "place": place, "tab": "coverage", **coverage_rows(documents), **strip_context(documents)}


def coverage_rows(documents: Sequence[Coverage]) -> dict[str, Any]:
    """For `_coverage.html`, a strip and a table for each document."""
    return {"rows": [_row(each) for each in documents]}


def strip_context(documents: Sequence[Coverage]) -> dict[str, Any]:
    """For `_strip.html`, the strip over all documents."""
    return {
        "covered": sum(each.document.chars for each in documents),
        "totals": numbers(documents),
        "strips": strips(list(documents)),
    }


def numbers(documents: Sequence[Coverage]) -> list[dict[str, Any]]:
    """Characters and share by level over some documents."""
    total = sum(each.document.chars for each in documents)
    chars = [sum(each.chars(level) for each in documents) for level in range(len(LEVELS))]
    return [
        {"name": name, "words": WORDS[name], "chars": number, "share": share(number, total)}
        for name, number in zip(LEVELS, chars, strict=True)
    ]


def _row(coverage: Coverage) -> Row:
    nearest_first = sorted(coverage.intervals, key=lambda interval: (-interval.level, interval.start))
    listed = [
        {
            "start": each.start,
            "end": each.end,
            "chars": each.chars,
            "level": LEVELS[each.level],
            "words": WORDS[LEVELS[each.level]],
        }
        for each in nearest_first[:MOST_LISTED]
    ]
    return Row(
        coverage=coverage,
        numbers=numbers([coverage]),
        listed=listed,
        more=max(0, len(nearest_first) - MOST_LISTED),
    )

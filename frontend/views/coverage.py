"""How near each piece of the documents came to the answer: a strip for each document, numbers, and every interval."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.place import own_place
from frontend.templatetags.words import share
from trajectories import access
from trajectories.coverage import LEVELS, Coverage, coverage_of, strips

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


@require_safe
@login_required
def coverage(request: HttpRequest, run_id: str) -> HttpResponse:
    run = access.get_run(request.user, run_id)
    documents = coverage_of(run)
    context = {
        "run": run,
        "place": own_place(run),
        "tab": "coverage",
        "rows": [_row(each) for each in documents],
        "levels": [{"name": name, "words": WORDS[name]} for name in LEVELS],
        "totals": _numbers(documents),
        "strips": strips(documents),
    }
    return render(request, "frontend/coverage.html", context)


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
        numbers=_numbers([coverage]),
        listed=listed,
        more=max(0, len(nearest_first) - MOST_LISTED),
    )


def _numbers(documents: list[Coverage]) -> list[dict[str, Any]]:
    total = sum(each.document.chars for each in documents)
    chars = [sum(each.chars(level) for each in documents) for level in range(len(LEVELS))]
    return [
        {"name": name, "words": WORDS[name], "chars": number, "share": share(number, total)}
        for name, number in zip(LEVELS, chars, strict=True)
    ]

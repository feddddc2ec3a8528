"""How near each piece of the documents came to the answer: a strip for each document, numbers, and every interval."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.templatetags.words import share
from trajectories import access
from trajectories.coverage import LEVELS, Coverage, coverage_of

MOST_LISTED = 200
"""Intervals of one document in the table."""
MOST_DRAWN = 4_000
"""Stretches in one strip; finer ones are drawn as one, at the highest level."""
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
    """`?format=json`: the strips alone, for the workbench."""
    run = access.get_run(request.user, run_id)
    documents = coverage_of(run)
    if request.GET.get("format") == "json":
        return JsonResponse(strips(documents))
    context = {
        "run": run,
        "tab": "coverage",
        "rows": [_row(each) for each in documents],
        "levels": [{"name": name, "words": WORDS[name]} for name in LEVELS],
        "totals": _numbers(documents),
        "strips": strips(documents),
    }
    return render(request, "frontend/coverage.html", context)


def strips(documents: list[Coverage]) -> dict[str, Any]:
    """What `coverage.js` draws."""
    return {
        "documents": [
            {
                "id": each.document.id,
                "name": each.document.name,
                "chars": each.document.chars,
                "intervals": _drawn(each),
            }
            for each in documents
        ],
        "totals": {each["name"]: each["share"] for each in _numbers(documents)},
    }


def _drawn(coverage: Coverage) -> list[list[int]]:
    """[start, end, level]…; where there are too many to see, neighbours become one."""
    intervals = coverage.intervals
    if len(intervals) <= MOST_DRAWN:
        return [[each.start, each.end, each.level] for each in intervals]
    width = coverage.document.chars / MOST_DRAWN
    drawn: list[list[int]] = []
    for each in intervals:
        if drawn and each.end - drawn[-1][0] <= width:
            drawn[-1][1:] = [each.end, max(drawn[-1][2], each.level)]
        else:
            drawn.append([each.start, each.end, each.level])
    return drawn


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

"""Coverage of the same documents by several runs: strips on one axis, and the numbers beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from frontend.templatetags.words import share
from trajectories.comparison import Record
from trajectories.coverage import LEVELS, Coverage, strips
from trajectories.spans import merged

SENT = LEVELS.index("sent")
MOST_DOCUMENTS = 12
"""The longest ones; the others have only numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One run's coverage of a document."""

    letter: str
    index: int | None
    """In the data for the script; None: the run did not have this document."""
    sent: str
    """“20.0 %” of it sent to a model or cited."""
    shares: list[str]
    """By level, from scanned on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One document."""

    name: str
    chars: int
    strips: list[Strip]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageView:
    documents: list[Covered]
    more: int
    """Documents beyond those listed."""
    shared: str
    """“28 %” of what any run sent to a model was sent by all; empty where none sent anything."""
    drawn: list[dict[str, Any]]
    """What `coverage.js` draws."""


def coverage_view(records: Sequence[Record], letters: Sequence[str]) -> CoverageView:
    """By column, the baseline first."""
    by_document: dict[tuple[str, str], list[Coverage | None]] = {}
    for column, record in enumerate(records):
        for each in record.coverage:
            key = (each.document.name, each.document.text_sha256 or each.document.sha256)
            by_document.setdefault(key, [None] * len(records))[column] = each
    found = sorted(by_document.values(), key=lambda columns: -_document(columns).chars)
    shown = found[:MOST_DOCUMENTS]
    drawn: list[dict[str, Any]] = []
    documents = [_covered(columns, letters, drawn) for columns in shown]
    return CoverageView(documents=documents, more=len(found) - len(shown), shared=_shared(found), drawn=drawn)


def _document(columns: Sequence[Coverage | None]) -> Any:
    return next(each.document for each in columns if each is not None)


def _covered(columns: Sequence[Coverage | None], letters: Sequence[str], drawn: list[dict[str, Any]]) -> Covered:
    document = _document(columns)
    made = []
    for each, letter in zip(columns, letters, strict=True):
        if each is None:
            made.append(Strip(letter=letter, index=None, sent="", shares=[]))
            continue
        drawn.extend(strips([each])["documents"])
        shares = [share(each.chars(level), document.chars) for level in range(1, len(LEVELS))]
        near = sum(each.chars(level) for level in range(SENT, len(LEVELS)))
        made.append(Strip(letter=letter, index=len(drawn) - 1, sent=share(near, document.chars), shares=shares))
    return Covered(name=document.name, chars=document.chars, strips=made)


def _shared(found: Sequence[Sequence[Coverage | None]]) -> str:
    """Of the characters that any run sent to a model, those that all of them sent."""
    by_any = by_all = 0
    for columns in found:
        spans = [
            [(each.start, each.end) for each in coverage.intervals if each.level >= SENT] if coverage else []
            for coverage in columns
        ]
        by_any += _chars(merged([span for each in spans for span in each]))
        common = merged(spans[0])
        for each in spans[1:]:
            common = _both(common, merged(each))
        by_all += _chars(common)
    return share(by_all, by_any) if by_any else ""


def _both(ours: Sequence[tuple[int, int]], theirs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What lies in both; each merged and in order."""
    found = []
    at = beside = 0
    while at < len(ours) and beside < len(theirs):
        start, end = max(ours[at][0], theirs[beside][0]), min(ours[at][1], theirs[beside][1])
        if start < end:
            found.append((start, end))
        if ours[at][1] < theirs[beside][1]:
            at += 1
        else:
            beside += 1
    return found


def _chars(spans: Sequence[tuple[int, int]]) -> int:
    return sum(end - start for start, end in spans)

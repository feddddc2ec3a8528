"""Runs beside one another: figures, settings, answers, steps laid side by side, and where they first differ.

`record.py` reads a run once; everything else is pure functions over what it read. Nothing here depends on which run is
looked at first, but for the baseline, which the others are told against.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from trajectories import recorder
from trajectories.comparison.answers import Answer, answers
from trajectories.comparison.code import Codes, Fetch
from trajectories.comparison.difference import Difference, Part, difference
from trajectories.comparison.divergence import Divergence, Divergences
from trajectories.comparison.essences import Calls, Essences, Step
from trajectories.comparison.figures import Delta, Figure, figures
from trajectories.comparison.items import Items
from trajectories.comparison.likeness import Thing
from trajectories.comparison.record import Node, Record, read_record
from trajectories.comparison.rows import Result, Row, SideBySide
from trajectories.comparison.settings import Setting, settings
from trajectories.comparison.sides import Side, row_id, side
from trajectories.models import Run

FEWEST, MOST = 2, 4
LETTERS = "ABCD"

__all__ = [
    "FEWEST",
    "LETTERS",
    "MOST",
    "Answer",
    "Calls",
    "Comparison",
    "Delta",
    "Difference",
    "Divergence",
    "Fetch",
    "Figure",
    "Items",
    "Node",
    "Part",
    "Record",
    "Row",
    "Setting",
    "Side",
    "Step",
    "Thing",
    "compare",
    "compare_records",
    "difference",
    "read_record",
    "row_id",
    "side",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    records: tuple[Record, ...]
    base: int
    """Index of the run that the others are told against."""
    figures: list[Figure]
    settings: list[Setting]
    answers: list[Answer]
    rows: list[Row]
    left_out: int
    """Rows that had no room."""
    divergences: tuple[Divergence | None, ...]
    """By run: where it leaves the baseline; None for the baseline, and where it never does."""
    codes: Codes
    """The code of the cells."""
    calls: Callable[[Step], list[Calls]]
    """The sub-calls of a step."""

    @property
    def counts(self) -> dict[str, int]:
        """Rows of the root by result."""
        return {result: sum(row.result == result for row in self.rows) for result in get_args(Result)}

    @property
    def first_divergence(self) -> tuple[int, Divergence] | None:
        """The earliest, with the run it is of."""
        found = [(run, each) for run, each in enumerate(self.divergences) if each is not None]
        return min(found, key=lambda each: each[1].steps[0] or each[1].steps[1] or 0, default=None)


def compare(runs: Sequence[Run], base: int = 0) -> Comparison:
    """Two to four runs."""
    return compare_records([read_record(run) for run in runs], base, recorder.kept_texts)


def compare_records(records: Sequence[Record], base: int, fetch: Fetch) -> Comparison:
    """`fetch` gives texts by their hashes."""
    essences = Essences(_codes(records, fetch), _document_keys(records))
    for record in records:
        essences.prepare(record)
    rows, left_out = SideBySide(essences, base).runs(records)
    divergences = Divergences(essences, LETTERS)
    return Comparison(
        records=tuple(records),
        base=base,
        figures=figures(records, base),
        settings=settings(records),
        answers=answers(records, base),
        rows=rows,
        left_out=left_out,
        divergences=tuple(
            None if run == base else divergences.between(records, base, run) for run in range(len(records))
        ),
        codes=essences.codes,
        calls=essences.calls,
    )


def _codes(records: Sequence[Record], fetch: Fetch) -> Codes:
    """Fetched at once: what all runs have alike needs no look at the text, but a page may show it."""
    codes = Codes(fetch)
    codes.load(node.texts["code"] for record in records for node in record.all() if "code" in node.texts)
    return codes


def _document_keys(records: Sequence[Record]) -> dict[str, str]:
    """The same key for documents with the same text and name, whichever copy a run had."""
    keys: dict[str, str] = {}
    known: dict[tuple[str, str], str] = {}
    for record in records:
        for document in record.documents:
            text = (document.text_sha256 or document.sha256, document.name)
            keys[document.id] = known.setdefault(text, document.id)
    return keys

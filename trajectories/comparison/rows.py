"""Runs side by side: every run against the baseline, merged into rows. What is the same is one row; what differs has
rows below it, down to the steps of sub-RLMs and the items of batches.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from trajectories.comparison.essences import Calls, Essences, Step
from trajectories.comparison.items import Items
from trajectories.comparison.laying import Sides, laid_items, laid_out
from trajectories.comparison.likeness import Pairing, Thing
from trajectories.comparison.record import Node, Record

Result = Literal["same", "changed", "onlya", "onlyb"]
Beside = Literal["base", "same", "changed", "missing", "extra", "absent"]
"""How one run's part of a row stands to the baseline's; `absent`: neither of them has it."""

MOST_LEVELS = 24
MOST_ROWS = 2_000
MOST_ITEMS = 20
"""Items of a batch that are listed; all are counted."""
MOST_ALONE = 4
"""Of them, those that are only missing somewhere: their number says more than they do."""


@dataclass(slots=True, kw_only=True)
class Row:
    sides: Sides
    beside: tuple[Beside, ...]
    differs: tuple[tuple[str, ...], ...]
    """By run: the facets that differ from the baseline's."""
    notes: tuple[tuple[str, ...], ...]
    """By run: what differs without making it different."""
    level: int
    items: tuple[Items | None, ...] = ()
    """By run, where the row is a set of calls."""
    below: list["Row"] = field(default_factory=list)
    left_out: int = 0
    """Rows below that are not listed."""

    @property
    def result(self) -> Result:
        """`onlya`: only the baseline has it; `onlyb`: the baseline has it not."""
        others = [each for each in self.beside if each != "base"]
        if len(others) == len(self.beside):
            return "onlyb"
        if all(each == "missing" for each in others):
            return "onlya"
        return "same" if all(each == "same" for each in others) else "changed"

    @property
    def first(self) -> Thing:
        return next(side for side in self.sides if side is not None)

    def all(self) -> Iterator["Row"]:
        yield self
        for row in self.below:
            yield from row.all()


class SideBySide:
    """Makes the rows of a comparison."""

    def __init__(self, essences: Essences, base: int) -> None:
        self._essences = essences
        self._pairing = Pairing(essences)
        self._base = base
        self._room = MOST_ROWS

    def runs(self, records: Sequence[Record]) -> tuple[list[Row], int]:
        """The steps of the root (or, for sessions of several questions, the questions with their steps), and how many
        rows had no room."""
        if any(len(record.roots) > 1 for record in records):
            lists: list[Sequence[Thing]] = [record.roots for record in records]
        else:
            lists = [self._steps(record.roots[0] if record.roots else None) for record in records]
        return self._listed(laid_out(lists, self._base, self._pairing), 0)

    def _steps(self, rlm: Thing | None) -> Sequence[Thing]:
        return self._essences.steps(rlm) if isinstance(rlm, Node) and rlm.kind == "rlm" else ()

    def _calls(self, step: Thing | None) -> Sequence[Thing]:
        return self._essences.calls(step) if isinstance(step, Step) else ()

    def _listed(self, sides: Sequence[Sides], level: int, most: int = MOST_ROWS) -> tuple[list[Row], int]:
        """Rows for as many as there is room for, and how many are left out."""
        shown = sides[: max(0, min(most, self._room))]
        self._room -= len(shown)
        rows = [self._row(each, level) for each in shown]
        for row in rows:
            self._look_below(row)
        return rows, len(sides) - len(shown)

    def _row(self, sides: Sides, level: int) -> Row:
        base = sides[self._base]
        differs: list[tuple[str, ...]] = []
        notes: list[tuple[str, ...]] = []
        for side in sides:
            is_pair = base is not None and side is not None and side is not base
            differs.append(self._essences.differing(base, side) if is_pair else ())  # type: ignore[arg-type]
            are_steps = is_pair and isinstance(base, Step) and isinstance(side, Step)
            notes.append(self._essences.notes(base, side) if are_steps else ())  # type: ignore[arg-type]
        beside = tuple(_beside(base, side, each) for side, each in zip(sides, differs, strict=True))
        return Row(sides=sides, beside=beside, differs=tuple(differs), notes=tuple(notes), level=level)

    def _look_below(self, row: Row) -> None:
        """Only of what differs, and of that only what makes it differ."""
        first = row.first
        if isinstance(first, Calls):
            self._look_at_items(row)
            return
        differs = {name for names in row.differs for name in names}
        if row.level >= MOST_LEVELS:
            return
        if isinstance(first, Step) and "calls" in differs:
            laid = laid_out([self._calls(side) for side in row.sides], self._base, self._pairing)
            row.below, row.left_out = self._listed([_unwrapped(sides) for sides in laid], row.level + 1)
        elif "steps" in differs:
            laid = laid_out([self._steps(side) for side in row.sides], self._base, self._pairing)
            row.below, row.left_out = self._listed(laid, row.level + 1)

    def _look_at_items(self, row: Row) -> None:
        """Counts all items, and lists those that differ."""
        counts, laid = laid_items(row.sides, self._base, self._essences)
        row.items = tuple(counts)
        if row.result == "changed" and row.level < MOST_LEVELS:
            otherwise, missing = self._differing(laid)
            most = min(MOST_ITEMS, len(otherwise) + MOST_ALONE)
            row.below, _ = self._listed([*otherwise, *missing], row.level + 1, most)
            row.left_out = len(otherwise) + len(missing) - len(row.below)

    def _differing(self, laid: Sequence[Sides]) -> tuple[list[Sides], list[Sides]]:
        """What came out otherwise somewhere, and what is only missing somewhere."""
        otherwise: list[Sides] = []
        missing: list[Sides] = []
        for sides in laid:
            present = {self._essences.number(side) for side in sides if side is not None}
            if len(present) > 1:
                otherwise.append(sides)
            elif None in sides:
                missing.append(sides)
        return otherwise, missing


def _beside(base: Thing | None, side: Thing | None, differs: tuple[str, ...]) -> Beside:
    if base is None:
        return "absent" if side is None else "extra"
    if side is None:
        return "missing"
    if side is base:
        return "base"
    return "changed" if differs else "same"


def _unwrapped(sides: Sides) -> Sides:
    """A single call stands for itself, not for a set of one."""
    sets = [side for side in sides if isinstance(side, Calls)]
    if any(calls.is_batch or len(calls.items) > 1 for calls in sets):
        return sides
    return tuple(side.items[0] if isinstance(side, Calls) else side for side in sides)

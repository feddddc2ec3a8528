"""Rows of steps side by side, as the page shows them: what stands in each column, and what lies between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from frontend.place import Place
from frontend.templatetags.words import duration, usd, whole
from trajectories.comparison import Calls, Comparison, Items, Node, Row, Side, Step, Thing, row_id, side
from trajectories.comparison.difference import changes

MOST_SHOWN = 400
"""Rows of the page, unless all are asked for."""
MOST_LINES = 8
"""Of changed code beside a step; all of it stands in the detail."""
LONGEST_COMPARED = 2_000
"""Lines of code that are compared for it."""
DEEPEST = 6
"""Levels that are indented."""
FACETS = {
    "code": "code",
    "reply": "reply",
    "calls": "sub-calls",
    "output": "output",
    "error": "outcome",
    "reads": "reads",
    "gates": "gates",
    "ending": "final answer",
    "kind": "kind",
    "prompt": "prompt",
    "steps": "steps",
    "count": "number",
}
NOTES = {"layout": "layout of the code", "words": "wording of the reply", "model": "model"}
KINDS = {"step": "step", "last_chance": "step", "lm": "lm", "rlm": "rlm"}
Join = Literal["same", "changed", "onlya", "onlyb", "none"]


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    how: Literal["same", "gone", "new"]
    text: str

    @property
    def style(self) -> str:
        return {"gone": " del", "new": " add"}.get(self.how, "")


@dataclass(slots=True, kw_only=True)
class Cell:
    """One run's part of a row; without a name: the run has none."""

    letter: str
    glyph: str = ""
    kind: str = ""
    name: str = ""
    address: str = ""
    facts: str = ""
    error: str = ""
    says: str = ""
    code: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """How a run's part stands to the baseline's."""

    result: Join
    words: str
    small: str
    """What differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A row."""

    id: str
    result: str
    level: int
    cells: list[Cell]
    """By column, the baseline's first."""
    betweens: list[Between]
    """By column, from the second on."""
    left_out: int
    """Rows below it that are not listed; they come after the last of them."""
    is_end: bool = False
    """Stands only for what is left out below another row."""

    @property
    def columns(self) -> list[tuple[Between | None, Cell]]:
        return list(zip([None, *self.betweens], self.cells, strict=True))


class Steps:
    """Makes the pairs of a comparison."""

    def __init__(self, found: Comparison, order: Sequence[int], letters: str, places: Sequence[Place]) -> None:
        """`order`: the runs by column; `letters` and `places` by run."""
        self._found = found
        self._order = order
        self._letters = letters
        self._places = places

    def pairs(self) -> Iterator[Pair]:
        for row in self._found.rows:
            yield from self._with_below(row)

    def _with_below(self, row: Row) -> Iterator[Pair]:
        yield self._pair(row)
        for below in row.below:
            yield from self._with_below(below)
        if row.left_out:
            level = min(DEEPEST, row.level + 1)
            yield Pair(id="", result="", level=level, cells=[], betweens=[], left_out=row.left_out, is_end=True)

    def _pair(self, row: Row) -> Pair:
        cells = [self._cell(row, run) for run in self._order]
        self._add_code(row, cells)
        return Pair(
            id=row_id(row),
            result=row.result,
            level=min(DEEPEST, row.level),
            cells=cells,
            betweens=[self._between(row, run) for run in self._order[1:]],
            left_out=0,
        )

    # ------------------------------------------------------------------------------------------ a run's part

    def _cell(self, row: Row, run: int) -> Cell:
        thing = row.sides[run]
        if thing is None:
            return Cell(letter=self._letters[run])
        told = side(thing)
        kind = KINDS.get(told.kind) or (thing.kind if isinstance(thing, Calls) else "lm")
        which = "batch" if told.kind == "batch" else "node"
        return Cell(
            letter=self._letters[run],
            kind=_gate_or(kind, thing),
            glyph="batch" if isinstance(thing, Calls) else _gate_or(kind, thing),
            name=told.name,
            address=f"{self._places[run].trace}?{which}={told.node}",
            facts=_facts(told),
            error="" if isinstance(thing, Calls) else told.error,
            says=self._says(row, run, thing),
        )

    def _says(self, row: Row, run: int, thing: Thing) -> str:
        if isinstance(thing, Calls):
            items = row.items[run]
            return _counts(items, side(thing).error) if items else ""
        if isinstance(thing, Step) and not row.below:
            return ", ".join(_called(calls) for calls in self._found.calls(thing))
        return ""

    # ------------------------------------------------------------------------------------------ between

    def _between(self, row: Row, run: int) -> Between:
        base = self._order[0]
        beside = row.beside[run]
        if beside == "absent":
            return Between(result="none", words="", small="")
        if beside in ("missing", "extra"):
            letter = self._letters[run if beside == "extra" else base]
            if beside == "missing" and len(self._order) > 2:
                return Between(result="onlya", words=f"not in {self._letters[run]}", small="")
            if beside == "extra" and len(self._order) > 2:
                return Between(result="onlyb", words=f"not in {self._letters[base]}", small="")
            return Between(result="onlya" if beside == "missing" else "onlyb", words=f"only in {letter}", small="")
        notes = [NOTES[name] for name in row.notes[run]]
        if beside == "same":
            return Between(result="same", words="same", small=f"other {', '.join(notes)}" if notes else "")
        differs = "" if isinstance(row.first, Calls) else ", ".join(FACETS[name] for name in row.differs[run])
        return Between(result="changed", words=self._counts_changed(row, run) or "changed", small=differs)

    def _counts_changed(self, row: Row, run: int) -> str:
        """“×350 → ×1,204” where a set of calls, or the only one of a step, has another size."""
        sizes = [self._size(row.sides[each]) for each in (self._order[0], run)]
        if None in sizes or sizes[0] == sizes[1]:
            return ""
        return f"×{sizes[0]:,} → ×{sizes[1]:,}"

    def _size(self, thing: Thing | None) -> int | None:
        if isinstance(thing, Calls):
            return len(thing.items)
        calls = self._found.calls(thing) if isinstance(thing, Step) else []
        return len(calls[0].items) if len(calls) == 1 else None

    # ------------------------------------------------------------------------------------------ code

    def _add_code(self, row: Row, cells: list[Cell]) -> None:
        """Where the code of a step differs: the lines that do, with one before them."""
        sources = [self._source(row.sides[run]) for run in self._order]
        base = sources[0]
        for column, run in enumerate(self._order[1:], 1):
            other = sources[column]
            if base is None or other is None or "code" not in row.differs[run]:
                continue
            stretches = changes(base, other)
            if len(self._order) == 2:
                cells[0].code = _lines(base, [(first, last) for first, last, _, _ in stretches], "gone")
            cells[column].code = _lines(other, [(first, last) for _, _, first, last in stretches], "new")

    def _source(self, thing: Thing | None) -> list[str] | None:
        if not isinstance(thing, Step):
            return None
        codes = [self._found.codes.source(cell.texts["code"]) for cell in thing.cells if "code" in cell.texts]
        lines = "\n".join(codes).splitlines()
        return lines[:LONGEST_COMPARED]


def _lines(source: list[str], stretches: list[tuple[int, int]], how: Literal["gone", "new"]) -> list[Line]:
    shown: list[Line] = []
    for first, last in stretches:
        before = first - 1
        if before >= 0 and before + 1 not in {line.number for line in shown}:
            shown.append(Line(before + 1, "same", source[before]))
        shown += [Line(at + 1, how, source[at]) for at in range(first, last)]
    return shown[:MOST_LINES]


def _facts(told: Side) -> str:
    """“11.4 s · $0.0072”"""
    parts = [] if told.seconds is None else [duration(told.seconds)]
    if told.usd:
        parts.append(f"≥ {usd(told.usd)}" if told.unpriced else usd(told.usd))
    elif told.unpriced:
        parts.append("cost unknown")
    return " · ".join(parts)


def _called(calls: Calls) -> str:
    failed = sum(item.status == "failed" for item in calls.items)
    return f"{side(calls).name}{f', {failed:,} failed' if failed else ''}"


def _counts(items: Items, error: str) -> str:
    """What became of the items of a set of calls, against the baseline's where it has them."""
    told = (
        (items.same, "the same"),
        (items.answered_otherwise, "answered otherwise"),
        (items.asked_otherwise, "asked otherwise"),
        (items.extra, "more"),
        (items.missing, "not asked"),
        (items.failed, f"failed ({error})" if error else "failed"),
    )
    return ", ".join(f"{whole(number)} {words}" for number, words in told if number)


def _gate_or(kind: str, thing: Thing) -> str:
    """A step that a gate sent back is shown by the gate's sign."""
    if isinstance(thing, Step) and any(gate.accepted is False for gate in thing.gates):
        return "gate"
    return kind


def rows_for_script(found: Comparison) -> dict[str, Any]:
    """What the detail of a row needs, by its id: the numbers of the nodes that hold the texts, by run."""
    return {
        row_id(row): [None if thing is None else _nodes(thing) for thing in row.sides]
        for rows in found.rows
        for row in rows.all()
        if not isinstance(row.first, Calls)
    }


def _nodes(thing: Thing) -> dict[str, Any]:
    if isinstance(thing, Step):
        return {
            "kind": "step",
            "node": thing.node.number,
            "replies": [node.number for node in thing.replies],
            "cells": [node.number for node in thing.cells],
        }
    assert isinstance(thing, Node)
    return {"kind": thing.kind, "node": thing.number, "replies": [thing.number], "cells": []}

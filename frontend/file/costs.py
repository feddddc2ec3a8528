"""What a run cost, in tables with bars: for a file, which does not carry the charts' script of five megabytes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from frontend.file.record import FileRecord, money
from frontend.templatetags.words import count, duration, usd, whole

Json = Mapping[str, Any]
MOST_LINES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    name: str
    node: int
    """A node it sums up, where its link leads."""
    cells: tuple[str, ...]
    part: int
    """Thousandths of the longest bar of its table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    title: str
    measure: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    more: int
    """Lines beyond those shown."""


def tables(record: FileRecord) -> list[Table]:
    calls = [row for row in record.rows if row["kind"] == "lm"]
    if not calls:
        return []
    kinds = {row["number"]: row["kind"] for row in record.rows}
    steps = _steps(record)
    return [
        _table("Cost by model", "Model", calls, lambda row: (row["model"] or "").partition("/")[2] or "unknown model"),
        _table("Cost by depth and kind", "What", calls, lambda row: _what(row, kinds)),
        _table(
            "Cost by step", "Step", [row for row in calls if row["number"] in steps], lambda row: steps[row["number"]]
        ),
        _slowest(calls),
    ]


def _what(row: Json, kinds: Mapping[int, str]) -> str:
    above = kinds.get(row["parent"] or 0)
    kind = {"cell": "sub-calls", "gate": "gate calls"}.get(above or "", "turns")
    return f"Root, {kind}" if row["depth"] == 0 else f"Depth {row['depth']}, {kind}"


def _steps(record: FileRecord) -> dict[int, str]:
    """Number of each call → the root's step it belongs to."""
    of: dict[int | None, str] = {}
    found: dict[int, str] = {}
    place = 0
    roots = {row["number"] for row in record.rows if row["parent"] is None}
    for row in record.rows:
        if row["kind"] == "step" and row["parent"] in roots:
            place += 1
            of[row["number"]] = f"Step {place}"
        elif row["parent"] in of:
            of[row["number"]] = of[row["parent"]]
        if row["kind"] == "lm" and row["number"] in of:
            found[row["number"]] = of[row["number"]]
    return found


def _table(title: str, first: str, calls: Sequence[Json], name_of: Callable[[Json], str]) -> Table:
    groups: dict[str, list[Json]] = {}
    for row in calls:
        groups.setdefault(name_of(row), []).append(row)
    sums = {name: _sum(rows) for name, rows in groups.items()}
    most = max((spent for spent, _unpriced in sums.values()), default=Decimal(0))
    lines = [_line(name, groups[name], *sums[name], most) for name in groups]
    return Table(
        title=title,
        measure="Calls, tokens and cost",
        columns=(first, "Calls", "In", "Cached", "Out", "Cost"),
        lines=tuple(lines[:MOST_LINES]),
        more=max(0, len(lines) - MOST_LINES),
    )


def _line(name: str, rows: Sequence[Json], spent: Decimal, unpriced: int, most: Decimal) -> Line:
    cells = (
        whole(len(rows)),
        *(
            count(sum(row[kind] or 0 for row in rows))
            for kind in ("input_tokens", "cache_read_tokens", "output_tokens")
        ),
        f"at least {usd(spent)}" if unpriced and spent else "unknown" if unpriced else usd(spent),
    )
    return Line(name=name, node=rows[0]["number"], cells=cells, part=int(1000 * spent / most) if most else 0)


def _sum(rows: Iterable[Json]) -> tuple[Decimal, int]:
    """What is priced, and how many calls are not: unknown is never 0."""
    spent, unpriced = Decimal(0), 0
    for row in rows:
        if row["cost_kind"] == "unknown":
            unpriced += 1
        spent += money(row["usd"]) or Decimal(0)
    return spent, unpriced


def _slowest(calls: Sequence[Json]) -> Table:
    def seconds(row: Json) -> float:
        return max(0.0, row["end"] - row["start"] - (row["queued_ms"] or 0) / 1000)

    ended = sorted((row for row in calls if row["end"] is not None), key=seconds, reverse=True)[:10]
    most = seconds(ended[0]) if ended else 0.0
    lines = [
        Line(
            name=row["name"],
            node=row["number"],
            cells=(duration(seconds(row)), duration((row["queued_ms"] or 0) / 1000), whole(row["attempt"] or 1)),
            part=int(1000 * seconds(row) / most) if most else 0,
        )
        for row in ended
    ]
    return Table(
        title="Slowest calls",
        measure="Time with the model, without the queue",
        columns=("Call", "Time", "Queued", "Tries"),
        lines=tuple(lines),
        more=0,
    )

"""The table that says the same as a figure: exact values for a file, words for the page, nodes behind each row."""

import csv
import heapq
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from trajectories.charts._words import Spent, clock, duration, percent, spent

Unit = Literal["text", "count", "tokens", "usd", "seconds", "moment", "share", "characters", "rate"]


class Told(NamedTuple):
    """A cell of a column whose rows have different units."""

    value: int | float | Decimal | None
    """For the file."""
    words: str
    """For the page."""


Value = str | int | float | Decimal | Spent | Told | None
Json = dict[str, Any]

MOST_IN_A_MARK = 50
MOST_LISTED = 1_000
"""Nodes named in all marks of a figure together, so that a figure stays small."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

IN_HEAD: dict[Unit, str] = {
    "usd": " (USD)",
    "seconds": " (s)",
    "moment": " (s)",
    "rate": " (1/s)",
    "characters": " (characters)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    name: str
    unit: Unit = "count"


class HasNumber(Protocol):
    @property
    def number(self) -> int: ...


class Mark(NamedTuple):
    """The nodes behind a mark of a figure or a row of its table."""

    nodes: tuple[int, ...]
    """The weightiest first, at most `MOST_IN_A_MARK`."""
    values: tuple[str, ...]
    """What each of them adds, in words."""
    total: int
    """How many there are in all."""
    query: str = ""
    """Finds all of them in the trace's search; empty where words cannot say it."""

    def json(self) -> Json:
        return {"nodes": self.nodes, "values": self.values, "count": self.total, "query": self.query}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    cells: tuple[Value, ...]
    mark: Mark | None = None


def room(marks: int) -> int:
    """How many nodes each of so many marks may name."""
    return max(1, min(MOST_IN_A_MARK, MOST_LISTED // max(1, marks)))


Item = TypeVar("Item", bound=HasNumber)


def mark(
    items: Sequence[Item],
    weight: Callable[[Item], Any],
    words: Callable[[Any], str],
    *,
    query: str = "",
    most: int = MOST_IN_A_MARK,
) -> Mark | None:
    """None for no items."""
    if not items:
        return None
    weightiest = heapq.nlargest(most, items, key=weight)
    return Mark(
        tuple(item.number for item in weightiest),
        tuple(words(weight(item)) for item in weightiest),
        len(items),
        query,
    )


# ---------------------------------------------------------------------------------------------- words


def words(value: Value, unit: Unit) -> str:
    """A cell on the page."""
    if value is None:
        return "unknown" if unit in ("usd", "tokens") else "–"
    if isinstance(value, str):
        return value
    if isinstance(value, Told):
        return value.words
    if isinstance(value, Spent):
        return spent(value)
    return _number(float(value), unit)


def _number(value: float, unit: Unit) -> str:
    if unit == "seconds":
        return duration(value)
    if unit == "moment":
        return clock(value)
    if unit == "share":
        return percent(value, 1)
    return f"{value:,.1f}" if unit == "rate" else f"{value:,.0f}"


# ---------------------------------------------------------------------------------------------- files


def table_csv(columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    """The whole table with plain numbers, money to the last digit. Money has a second column: calls without a price."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    head: list[str] = []
    for column in columns:
        head.append(f"{column.name}{IN_HEAD.get(column.unit, '')}")
        if column.unit == "usd":
            head.append("Calls without a price")
    writer.writerow(head)
    for row in rows:
        both = zip(row.cells, columns, strict=True)
        writer.writerow([cell for value, column in both for cell in _cells(value, column.unit)])
    return sheet.getvalue().encode()


def _cells(value: Value, unit: Unit) -> list[str | int | float]:
    if isinstance(value, Told):
        return _cells(value.value, unit)
    if unit == "usd":
        money = value if isinstance(value, Spent) else Spent(Decimal(0), 0)
        return [
            "" if value is None or not (money.usd or not money.unpriced) else format(money.usd, "f"),
            money.unpriced,
        ]
    if value is None or isinstance(value, Spent):
        return [""]
    if isinstance(value, Decimal):
        return [format(value, "f")]
    if isinstance(value, str) and value.startswith(FORMULA):
        return [f"'{value}"]
    return [value]

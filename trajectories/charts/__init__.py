"""Figures over a run: one file for each, found by its name.

A chart file has `VIEWS`, the ways to look at it by name, the usual one first, and `chart(record, by) -> Chart`. A
figure is a plain Plotly dict of at most `MOST_MARKS` marks. Its colours are names of tokens (`var(--seq-1)`), which the
page fills in for the theme; a mark's `customdata` names the nodes behind it: `{nodes, values, count, query}`, the
weightiest nodes with what each adds, how many there are in all, and the words by which the trace's search finds them
(empty where words cannot say it). `layout.meta` has the measure and the same numbers as a table, with a mark for each
row. Nothing here imports Plotly, which takes a second.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from trajectories.charts._chart import MOST_MARKS, MOST_ROWS, Chart
from trajectories.charts._record import Call, Record, read_record
from trajectories.charts._table import Mark, Row, table_csv
from trajectories.models import Run

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))

__all__ = [
    "MOST_MARKS",
    "MOST_ROWS",
    "NAMES",
    "Call",
    "Chart",
    "Mark",
    "Record",
    "Row",
    "as_csv",
    "chart",
    "figure",
    "read_record",
    "table",
    "views",
]


def views(name: str) -> Mapping[str, str]:
    """How a chart can be looked at: name → words. Raises `KeyError` for a name that is not in `NAMES`."""
    found: Mapping[str, str] = _module(name).VIEWS
    return found


def chart(record: Record, name: str, by: str = "") -> Chart:
    """Raises `KeyError` for a name that is not in `NAMES`, and for a view that the chart does not have."""
    ways = views(name)
    if by and by not in ways:
        raise KeyError(by)
    made: Chart = _module(name).chart(record, by or next(iter(ways)))
    return made


def figure(run: Run, name: str, by: str = "") -> dict[str, Any]:
    """The Plotly figure of a run, fit for JSON. Raises as `chart`."""
    return chart(read_record(run), name, by).figure()


def table(run: Run, name: str, by: str = "") -> bytes:
    """All rows of the table that says the same as a figure, as CSV. Raises as `chart`."""
    return as_csv(chart(read_record(run), name, by))


def as_csv(made: Chart) -> bytes:
    return table_csv(made.columns, made.rows)


def _module(name: str) -> Any:
    if name not in NAMES:
        raise KeyError(name)
    return importlib.import_module(f"{__name__}.{name}")

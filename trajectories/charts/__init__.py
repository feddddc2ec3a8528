"""Figures over a run: one file for each, found by its name.

A chart file has `chart(record) -> Chart`. A figure is a plain Plotly dict of at most `MOST_MARKS` marks; its colours
are names of tokens (`var(--seq-1)`), which the page fills in for the theme; a mark's `customdata` is the number of the
node to open. Nothing here imports Plotly, which takes a second.
"""

import importlib
import pkgutil
from typing import Any

from trajectories.charts._chart import MOST_MARKS, Chart
from trajectories.charts._record import Call, Record, read_record
from trajectories.models import Run

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))

__all__ = ["MOST_MARKS", "NAMES", "Call", "Chart", "Record", "chart", "figure", "read_record"]


def chart(record: Record, name: str) -> Chart:
    """Raises `KeyError` for a name that is not in `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    made: Chart = importlib.import_module(f"{__name__}.{name}").chart(record)
    return made


def figure(run: Run, name: str) -> dict[str, Any]:
    """The Plotly figure of a run, fit for JSON. Raises `KeyError` for a name that is not in `NAMES`."""
    return chart(read_record(run), name).figure()

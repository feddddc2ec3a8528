"""What the tests of charts read of a run: figures, tables, files, and the runs they are made of."""

import csv
import io
from collections.abc import Callable
from typing import Any

from tests.fixtures.plans import WORKER, MadeRun, Plan, log
from tests.fixtures.runs import LOOK, RUNS, Story
from trajectories import charts
from trajectories.models import Run


def marks(figure: dict[str, Any]) -> int:
    return sum(len(trace["x"]) for trace in figure["data"])


def rows(run: Run, name: str, by: str = "") -> list[dict[str, Any]]:
    """The table's rows by column, with exact values."""
    made = charts.chart(charts.read_record(run), name, by)
    return [dict(zip([column.name for column in made.columns], row.cells, strict=True)) for row in made.rows]


def file(run: Run, name: str, by: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(charts.table(run, name, by).decode())))


def title(run: Run, name: str, by: str = "") -> str:
    text: str = charts.figure(run, name, by)["layout"]["title"]["text"]
    return text


def one_call() -> MadeRun:
    story = Story(11)
    cell = story.turn(LOOK, "peek", 0.3)
    story.done(cell, cell.start + 0.3)
    story.answer("Done.", [])
    return story.made("one_call")


def not_begun() -> MadeRun:
    root = Plan(kind="rlm", name="Why?", start=0.0, began={"role": "root", "model": WORKER})
    return log("not_begun", "Why?", root, [])


MADE: dict[str, Callable[[], MadeRun]] = {**RUNS, "one_call": one_call, "not_begun": not_begun}

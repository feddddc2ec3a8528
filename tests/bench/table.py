"""The table of `tests/bench/peers.py`: which figures each case gives, and how they are set side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.memory import MB
from tests.bench.work import CASES, STEPS

TITLE, IDEAL, CELL = 34, 7, 26


class Skipped(Exception):
    """This figure is not to be had. `str(error)` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a driver told, and what was seen from outside."""

    about: str
    seconds: list[float]
    """Of each round."""
    answers: int
    wrong: list[str]
    """Those that are not what they must be."""
    text_bytes: int
    record_bytes: int | None
    peak_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    title: str
    figure: Callable[[Result], float]
    unit: str = "s"
    ideal: str = ""
    aim: str = ""


def _whole(name: str, aim: str) -> Row:
    case = CASES[name]
    return Row(title=case.title, figure=lambda r: median(r.seconds), ideal=f"{case.ideal:.1f} s", aim=aim)


ROWS = {
    "steps": [
        Row(
            title="a step, model at 0 ms",
            figure=lambda r: median(r.seconds) / STEPS * 1000,
            unit="ms",
            ideal="0 ms",
            aim="10 ms",
        )
    ],
    "batch100": [_whole("batch100", "0.5 s")],
    "batch1000": [_whole("batch1000", "2.5 s")],
    "sequence": [_whole("sequence", "4.2 s")],
    "children": [_whole("children", "0.6 s")],
    "runs": [_whole("runs", "1.8 s")],
    "large": [
        Row(title="first look at a large text", figure=lambda r: r.seconds[0], aim="1.5 s (400 MB)"),
        Row(title="… once more", figure=lambda r: min(r.seconds[1:]), aim="0.2 s (400 MB)"),
        Row(title="… memory at most", figure=lambda r: (r.peak_bytes or 0) / MB, unit="MB"),
    ],
    "pass": [
        Row(
            title="record of a full pass, text = 1",
            figure=lambda r: (r.record_bytes or 0) / r.text_bytes,
            unit="",
            aim="0.1",
        )
    ],
}


class Table:
    """Printed row by row; each figure with its ratio to the first system's."""

    def __init__(self, systems: Sequence[str]) -> None:
        self._systems = systems
        self._notes: list[str] = []
        self._abouts: dict[str, str] = {}
        self._line("", "ideal", systems, "aim")

    def add(self, name: str, results: Mapping[str, Result | Skipped]) -> None:
        for row in ROWS[name]:
            self._line(row.title, row.ideal, [self._cell(row, results, system) for system in self._systems], row.aim)
        for system, result in results.items():
            self._note(name, system, result)

    def end(self) -> None:
        print("\n" + "\n".join([*(f"{system}: {about}" for system, about in self._abouts.items()), *self._notes]))

    def _cell(self, row: Row, results: Mapping[str, Result | Skipped], system: str) -> str:
        result = results[system]
        if isinstance(result, Skipped):
            return "–"
        figure = row.figure(result)
        shown = f"{figure:.{0 if figure >= 100 else 1 if row.unit == 'ms' else 2}f} {row.unit}".strip()
        if result.wrong:
            return f"{shown}, {len(result.wrong)} of {result.answers} wrong"
        first = results[self._systems[0]]
        if result is first or isinstance(first, Skipped):
            return shown
        return f"{shown}  ×{figure / row.figure(first):.1f}"

    def _note(self, name: str, system: str, result: Result | Skipped) -> None:
        if isinstance(result, Result):
            self._abouts[system] = result.about
            if result.wrong:
                self._notes.append(f"{name}, {system}, a wrong answer: {result.wrong[0]!r}")
        elif str(result):
            self._notes.append(f"{name}, {system}: {result}")

    def _line(self, title: str, ideal: str, cells: Sequence[str], aim: str) -> None:
        padded = [title.ljust(TITLE), ideal.ljust(IDEAL), *(cell.ljust(CELL) for cell in cells), aim]
        print("  ".join(padded).rstrip(), flush=True)

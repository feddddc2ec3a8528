"""This project beside other engines of the kind (`rlms`, `dspy`, `minrlm`): the same work, the same scripted models.

    python -m tests.bench.peers [--only ours rlms …] [--cases steps batch100 …] [--mb 50] [--environments FOLDER]

Each peer is installed from PyPI into an environment of its own (kept with `--environments`); one that cannot be
installed is left out, with the reason. Every system runs in a process of its own against one and the same model
server process. Not timed: imports, what is made once, and a first small run. Ours records everything in its database,
the peers nothing (but in the case `pass`). A figure is the median of the rounds; a wrong answer is told beside it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.memory import MB, Peak
from tests.bench.texts import write_text
from tests.bench.work import CASES, Case

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
OURS = "ours"
PACKAGES = {"rlms": ["rlms"], "dspy": ["dspy", "deno"], "minrlm": ["minrlm"]}
SYSTEMS = [OURS, *PACKAGES]
MEASURED = ["steps", "batch100", "batch1000", "sequence", "children", "runs", "large", "pass"]
RECORDING = {OURS, "rlms"}
"""Those that keep a record of a run by themselves."""
RECURSIVE = {OURS, "rlms"}
QUESTION = "Do the task that the text is about."
SMALL = 20_000
PASS_MB = 5
SECONDS_TO_INSTALL = 600
SECONDS_A_CASE = 420


class Skipped(Exception):
    """This figure is not to be had. `str(error)` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a driver told, and what was seen from outside."""

    about: str
    seconds: list[float]
    wrong: int
    """Answers that are not what they must be, of all rounds."""
    sample: str
    """One of them."""
    answers: int
    record_bytes: int | None
    peak_bytes: int | None


# ------------------------------------------------------------------------------------------------- environments


def interpreters(names: Sequence[str], folder: Path) -> dict[str, Path]:
    """The Python to run each system with."""
    found = {}
    for name in names:
        try:
            found[name] = Path(sys.executable) if name == OURS else _environment(folder / name, PACKAGES[name])
        except Skipped as reason:
            print(f"{name} is left out: {reason}")
    return found


def _environment(folder: Path, packages: Sequence[str]) -> Path:
    python = folder / "bin" / "python"
    ready = folder / "installed"
    if not ready.exists():
        venv.create(folder, with_pip=True, clear=True)
        _install(python, packages)
        ready.touch()
    return python


def _install(python: Path, packages: Sequence[str]) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_TO_INSTALL)
    except subprocess.TimeoutExpired:
        raise Skipped(f"pip took more than {SECONDS_TO_INSTALL} s") from None
    if done.returncode:
        raise Skipped(f"pip says: {(done.stderr.strip().splitlines() or ['nothing'])[-1]}")


# ------------------------------------------------------------------------------------------------- measuring


@contextmanager
def model_server() -> Iterator[str]:
    """Its URL."""
    command = [sys.executable, "-m", "tests.model_server", "--script", str(HERE / "work.py")]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def measure(system: str, python: Path, name: str, url: str, size: int, rounds: int, folder: Path) -> Result:
    """Raises `Skipped`."""
    case = CASES[name]
    if case.max_depth > 1 and system not in RECURSIVE:
        raise Skipped("–")
    if name == "pass" and system not in RECORDING:
        raise Skipped("–")
    urllib.request.urlopen(urllib.request.Request(url.removesuffix("v1") + "reset", method="POST")).close()
    opened = _work(system, name, url, size, rounds, folder)
    watched = name == "large"
    told, peak = _driven(system, python, {"warm_up": _warm_up(opened, system, folder), "work": opened}, folder, watched)
    wrong = [answer for answers in told["answers"] for answer in _wrong(case, answers)]
    return Result(
        about=told["about"],
        seconds=told["seconds"],
        wrong=len(wrong),
        sample=wrong[0] if wrong else "",
        answers=sum(map(len, told["answers"])),
        record_bytes=told["record_bytes"],
        peak_bytes=peak,
    )


def _work(system: str, name: str, url: str, size: int, rounds: int, folder: Path) -> dict[str, Any]:
    """As `Work` in drivers/driving.py."""
    case = CASES[name]
    texts = [
        write_text(folder / f"{name}-{number:02}.txt", size, f"run {number:02}: ") for number in range(case.runs)
    ]
    return {
        "url": url,
        "model": f"{system}.{name}",
        "question": QUESTION,
        "max_depth": case.max_depth,
        "texts": [str(text) for text in texts],
        "rounds": rounds,
        "seconds": 10.0,
        "record": str(folder / "record") if name == "pass" else "",
    }


def _warm_up(work: dict[str, Any], system: str, folder: Path) -> dict[str, Any]:
    text = write_text(folder / "small.txt", SMALL, "run 00: ")
    return {**work, "model": f"{system}.large", "texts": [str(text)], "max_depth": 1, "rounds": 1, "record": ""}


def _driven(
    system: str, python: Path, work: dict[str, Any], folder: Path, watched: bool
) -> tuple[dict[str, Any], int | None]:
    """What the driver told, and the most memory that it and its children took."""
    command = [str(python), str(HERE / "drivers" / f"with_{system}.py")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = _variables(work["work"]["url"], folder, python)
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, **pipes) as driver:  # type: ignore[call-overload]
        try:
            if not watched:
                return _figures(driver, work), None
            with Peak(driver.pid) as peak:
                return _figures(driver, work), peak.bytes
        except subprocess.TimeoutExpired:
            raise Skipped(f"over {SECONDS_A_CASE} s") from None
        finally:
            driver.kill()


def _figures(driver: subprocess.Popen[str], work: dict[str, Any]) -> dict[str, Any]:
    out, errors = driver.communicate(json.dumps(work), SECONDS_A_CASE)
    if driver.returncode or not out.strip():
        raise Skipped(f"failed: {(errors.strip().splitlines() or ['it said nothing'])[-1][:200]}")
    return dict(json.loads(out.strip().splitlines()[-1]))


def _variables(url: str, folder: Path, python: Path) -> dict[str, str]:
    """The environment of a driver. The models' server is all that it is told of."""
    ours = ("RLM_", "OPENAI_", "ANTHROPIC_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {
        **kept,
        "PATH": f"{python.parent}{os.pathsep}{kept.get('PATH', '')}",
        "PYTHONPATH": str(PROJECT) if python == Path(sys.executable) else "",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "rlm_web.settings",
        "RLM_DATA_DIR": str(folder / "data"),
        "RLM_SANDBOX_MIN": "none",
    }


def _wrong(case: Case, answers: Sequence[str]) -> list[str]:
    if not case.answer:
        return []
    return [answer for run, answer in enumerate(answers) if answer != case.answer.format(run=run)]


# ------------------------------------------------------------------------------------------------- the table


class Table:
    """Rows as they come: what, the ideal, then each system with its ratio to ours."""

    def __init__(self, systems: Sequence[str]) -> None:
        self._systems = systems
        self._widths = [34, 7, *([24] * len(systems)), 12]
        self.notes: list[str] = []
        self._line(["", "ideal", *systems, "aim"])

    def row(self, title: str, ideal: str, figures: dict[str, float | str], unit: str, aim: str) -> None:
        ours = figures.get(OURS)
        cells = [_cell(figures.get(system, "–"), unit, ours) for system in self._systems]
        self._line([title, ideal, *cells, aim])

    def _line(self, cells: Sequence[str]) -> None:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, self._widths, strict=True)).rstrip(), flush=True)


def _cell(figure: float | str, unit: str, ours: float | str | None) -> str:
    if isinstance(figure, str):
        return figure
    ratio = f"  ×{figure / ours:.1f}" if isinstance(ours, float) and ours and figure is not ours else ""
    return f"{figure:.{2 if unit == 's' or figure < 10 else 0}f} {unit}{ratio}"


def compare(pythons: dict[str, Path], names: Sequence[str], url: str, mb: int, rounds: int) -> None:
    table = Table(list(pythons))
    abouts: dict[str, str] = {}
    for name in names:
        results: dict[str, Result | Skipped] = {}
        for system, python in pythons.items():
            with tempfile.TemporaryDirectory(prefix="rlm-peers-") as folder:
                size = {"large": mb * MB, "pass": PASS_MB * MB}.get(name, SMALL)
                times = 1 if name == "pass" else max(2, rounds) if name == "large" else rounds
                try:
                    results[system] = measure(system, python, name, url, size, times, Path(folder))
                    abouts[system] = results[system].about
                except Skipped as reason:
                    results[system] = reason
        _tell(table, name, mb, results)
    print()
    for system, about in abouts.items():
        print(f"{system}: {about}")
    print("\n".join(table.notes))


def _tell(table: Table, name: str, mb: int, results: dict[str, Result | Skipped]) -> None:
    case = CASES[name]
    good = {system: result for system, result in results.items() if isinstance(result, Result)}
    reasons: dict[str, float | str] = {system: str(r)[:22] for system, r in results.items() if isinstance(r, Skipped)}
    table.notes += [f"{name}, {system}: {r}" for system, r in results.items() if isinstance(r, Skipped) and len(str(r)) > 22]
    if name == "pass":
        title = f"record of a full pass over {PASS_MB} MB"
        sizes = {system: (r.record_bytes or 0) / MB for system, r in good.items()}
        table.row(title, "", reasons | sizes, "MB", f"{PASS_MB / 10} MB")
        return
    if name == "large":
        title = f"{case.title}, {mb} MB"
        table.row(f"{title}, cold", "", reasons | {s: r.seconds[0] for s, r in good.items()}, "s", "1.5 s (400)")
        table.row("… again", "", reasons | {s: min(r.seconds[1:]) for s, r in good.items()}, "s", "0.2 s (400)")
        table.row("… peak memory", "", reasons | {s: (r.peak_bytes or 0) / MB for s, r in good.items()}, "MB", "")
        return
    ideal = f"{case.ideal:.1f} s"
    table.row(case.title, ideal, reasons | {s: median(r.seconds) for s, r in good.items()}, "s", case.aim)
    wrong = [f"{s}: {r.wrong} of {r.answers} answers wrong ({r.sample[:90]!r})" for s, r in good.items() if r.wrong]
    if wrong:
        print("   " + "; ".join(wrong), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--cases", nargs="+", choices=MEASURED, default=MEASURED)
    parser.add_argument("--mb", type=int, default=50, help="size of the large text (400: an aim of its own)")
    parser.add_argument("--rounds", type=int, default=3, help="at most; no further one after 10 s")
    parser.add_argument("--environments", type=Path, metavar="FOLDER", help="keeps what is installed, for the next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rlm-peers-") as scratch, model_server() as url:
        pythons = interpreters(options.only, (options.environments or Path(scratch)).resolve())
        print(f"load before: {', '.join(f'{load:.1f}' for load in os.getloadavg())}; {os.cpu_count()} processors\n")
        compare(pythons, options.cases, url, options.mb, options.rounds)


if __name__ == "__main__":
    main()

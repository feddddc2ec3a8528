"""This project beside other engines of the kind (`rlms`, `dspy`, `minrlm`): the same work, the same scripted models.

    python -m tests.bench.peers [--only ours rlms …] [--cases steps batch100 …] [--mb 50] [--environments FOLDER]

Each peer is installed from PyPI into an environment of its own (kept with `--environments`); one that cannot be
installed is left out, with the reason. Every system runs in a process of its own against one and the same model
server process. Not timed: imports, making an engine, reading the text into it, and a first small run. Ours records
everything in its database, the peers nothing (but in the case `pass`). A figure is the median of the rounds.
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
from pathlib import Path
from typing import Any

from tests.bench.memory import MB, Peak
from tests.bench.table import ROWS, Result, Skipped, Table
from tests.bench.texts import write_text
from tests.bench.work import CASES, Case

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
OURS = "ours"
PACKAGES = {"rlms": ["rlms"], "dspy": ["dspy", "deno"], "minrlm": ["minrlm"]}
SYSTEMS = [OURS, *PACKAGES]
RECORDING = {OURS, "rlms"}
"""Those that keep a record of a run by themselves."""
RECURSIVE = {OURS, "rlms"}
"""Those whose code can start sub-RLMs side by side."""
QUESTION = "Do the task that the text is about."
SMALL = 20_000
PASSED = 5 * MB
"""Bytes of the text of `pass`."""
SECONDS_TO_INSTALL = 600
SECONDS_A_CASE = 420
SECONDS_OF_ROUNDS = 10.0
"""No further round is begun after so many."""

# ------------------------------------------------------------------------------------------------- environments


def interpreters(names: Sequence[str], folder: Path) -> dict[str, Path]:
    """The Python to run each system with; says why one is missing."""
    found = {}
    for name in names:
        try:
            found[name] = Path(sys.executable) if name == OURS else _environment(folder / name, PACKAGES[name])
        except Skipped as reason:
            print(f"{name} is left out: {reason}")
    return found


def _environment(folder: Path, packages: Sequence[str]) -> Path:
    python, ready = folder / "bin" / "python", folder / "installed"
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
        raise Skipped(f"pip took more than {SECONDS_TO_INSTALL} s.") from None
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


class Bench:
    """One system after the other does the cases, each in a process and a folder of its own."""

    def __init__(self, url: str, large: int, rounds: int) -> None:
        self._url = url
        self._sizes = {"large": large, "pass": PASSED}
        self._rounds = rounds

    def measured(self, system: str, python: Path, name: str) -> Result | Skipped:
        case = CASES[name]
        if (case.max_depth > 1 and system not in RECURSIVE) or (name == "pass" and system not in RECORDING):
            return Skipped()
        try:
            return self._result(system, python, name)
        except Skipped as reason:
            return reason

    def _result(self, system: str, python: Path, name: str) -> Result:
        told, _ = self._driven(system, python, name, watched=False)
        # looking at the memory slows down what is looked at: that takes a run of its own
        peak = self._driven(system, python, name, watched=True)[1] if name == "large" else None
        return Result(
            about=told["about"],
            seconds=told["seconds"],
            answers=sum(map(len, told["answers"])),
            wrong=[answer for answers in told["answers"] for answer in _wrong(CASES[name], answers)],
            text_bytes=self._sizes.get(name, SMALL),
            record_bytes=told["record_bytes"],
            peak_bytes=peak,
        )

    def _driven(self, system: str, python: Path, name: str, *, watched: bool) -> tuple[dict[str, Any], int]:
        """What the driver told, and the most memory that it and its children took (0 when nobody looked)."""
        reset = urllib.request.Request(f"{self._url.removesuffix('v1')}reset", method="POST")
        urllib.request.urlopen(reset).close()
        with tempfile.TemporaryDirectory(prefix="rlm-peers-") as scratch:
            folder = Path(scratch)
            work = self._work(system, name, folder)
            given = json.dumps({"warm_up": _warm_up(work, system, folder), "work": work})
            with _driver(system, python, self._url, folder) as driver:
                if not watched:
                    return _figures(driver, given), 0
                with Peak(driver.pid) as peak:
                    told = _figures(driver, given)
                return told, peak.bytes

    def _work(self, system: str, name: str, folder: Path) -> dict[str, Any]:
        """As `Work` in drivers/driving.py."""
        case, size = CASES[name], self._sizes.get(name, SMALL)
        runs = [(f"{name}-{number:02}.txt", f"run {number:02}: ") for number in range(case.runs)]
        return {
            "url": self._url,
            "model": f"{system}.{name}",
            "question": QUESTION,
            "max_depth": case.max_depth,
            "texts": [str(write_text(folder / file, size, opening)) for file, opening in runs],
            "rounds": {"pass": 1, "large": max(2, self._rounds)}.get(name, self._rounds),
            "seconds": SECONDS_OF_ROUNDS,
            "record": str(folder / "record") if name == "pass" else "",
        }


def _warm_up(work: dict[str, Any], system: str, folder: Path) -> dict[str, Any]:
    text = write_text(folder / "small.txt", SMALL, "run 00: ")
    return {**work, "model": f"{system}.large", "texts": [str(text)], "max_depth": 1, "rounds": 1, "record": ""}


@contextmanager
def _driver(system: str, python: Path, url: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [python, HERE / "drivers" / f"with_{system}.py"],
        cwd=folder,
        env=_variables(url, folder, python),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as driver:
        try:
            yield driver
        finally:
            driver.kill()


def _figures(driver: "subprocess.Popen[str]", given: str) -> dict[str, Any]:
    try:
        out, errors = driver.communicate(given, SECONDS_A_CASE)
    except subprocess.TimeoutExpired:
        raise Skipped(f"not done after {SECONDS_A_CASE} s.") from None
    if driver.returncode or not out.strip():
        raise Skipped(f"failed: {(errors.strip().splitlines() or ['it said nothing.'])[-1][:200]}")
    return dict(json.loads(out.strip().splitlines()[-1]))


def _variables(url: str, folder: Path, python: Path) -> dict[str, str]:
    """The environment of a driver. The models' server is all that it is told of."""
    others = ("RLM_", "OPENAI_", "ANTHROPIC_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    return {
        **kept,
        "PATH": f"{python.parent}{os.pathsep}{kept.get('PATH', '')}",
        "PYTHONPATH": str(PROJECT) if python == Path(sys.executable) else "",
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "rlm_web.settings",
        "RLM_DATA_DIR": str(folder / "data"),
        "RLM_SANDBOX_MIN": "none",
    }


def _wrong(case: Case, answers: Sequence[str]) -> list[str]:
    """From where on they are wrong."""
    if not case.answer:
        return []
    wanted = [case.answer.format(run=run) for run in range(len(answers))]
    return [_from_difference(got, right) for got, right in zip(answers, wanted, strict=True) if got != right]


def _from_difference(got: str, right: str) -> str:
    same = len(os.path.commonprefix([got, right]))
    return f"{'…' if same else ''}{got[same : same + 80]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--cases", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--mb", type=int, default=50, help="size of the large text (the aims are for 400)")
    parser.add_argument("--rounds", type=int, default=3, help="at most; no further one is begun after 10 s")
    parser.add_argument("--environments", type=Path, metavar="FOLDER", help="keeps what is installed for next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rlm-peers-") as scratch, model_server() as url:
        pythons = interpreters(options.only, (options.environments or Path(scratch)).resolve())
        load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
        print(f"{os.cpu_count()} processors, load {load}; large text of {options.mb} MB\n")
        bench, table = Bench(url, options.mb * MB, options.rounds), Table(list(pythons))
        for name in options.cases:
            table.add(name, {system: bench.measured(system, python, name) for system, python in pythons.items()})
        table.end()


if __name__ == "__main__":
    main()

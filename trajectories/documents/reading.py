"""Runs a reader on one file in a process of its own, with limits, and believes nothing that comes back."""

import json
import logging
import math
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trajectories import engine

CHILD = Path(__file__).parent / "readers" / "child.py"
MEMORY_BYTES = 2 << 30
"""Address space over the size of the file."""
TEXT_BYTES = 4 << 30
SECONDS = 120
SECONDS_PER_MEGABYTE = 0.5
MOST_SECONDS = 900
MOST_RESULT_BYTES = 8 << 20
MOST_PARTS = 10_000
MOST_WARNINGS = 100

BROKE_OFF = "This file could not be read: it is damaged, or too large for its kind. Save it again, or as plain text."


log = logging.getLogger(__name__)


class ReadingError(engine.DocumentError):
    """A file gave no text. `str(error)` is one sentence for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reader made of a file. The text lies in UTF-8 in a file of the working folder."""

    text: Path
    media_type: str
    warnings: list[str]
    parts: list[dict[str, Any]]
    """[{name, start, chars}]"""


def read_file(
    source: Path, name: str, folder: Path, *, memory: int = MEMORY_BYTES, seconds: float | None = None
) -> Reading:
    """Blocks until the text of `source` lies in `folder`. Raises `ReadingError`."""
    size = source.stat().st_size
    if seconds is None:
        seconds = min(SECONDS + SECONDS_PER_MEGABYTE * (size >> 20), MOST_SECONDS)
    status = run_reader(CHILD, [str(source), name, str(folder)], folder, memory=memory + size, seconds=seconds)
    return checked(folder, status)


def run_reader(child: Path, arguments: list[str], folder: Path, *, memory: int, seconds: float) -> int:
    """Runs a child that reads a hostile file and writes into `folder`; its exit status. Raises `ReadingError`."""
    limits = [str(limit) for limit in (memory, math.ceil(seconds) + 1, TEXT_BYTES)]
    command = [sys.executable, "-I", "-X", "utf8", str(child), *arguments, *limits]
    with (folder / "stderr").open("wb") as complaints:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise ReadingError(f"This file took longer than {seconds:.0f} seconds to read. Split it.") from None
        finally:
            _end(process)
    if status != 0:
        log.warning("%s of %r ended with %d: %s", child.stem, arguments[1], status, _last_words(folder / "stderr"))
    return status


def _last_words(complaints: Path) -> str:
    return complaints.read_bytes()[-2000:].decode("utf-8", "replace").strip()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Nothing of the process group stays behind."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def checked(folder: Path, status: int) -> Reading:
    """What a reading process left in its folder. Raises `ReadingError`."""
    result = _result(folder / "result.json") if status == 0 else {}
    if error := result.get("error"):
        raise ReadingError(_sentence(error))
    text = folder / "text"
    if not result or not text.is_file() or text.is_symlink():
        raise ReadingError(BROKE_OFF)
    return Reading(
        text=text,
        media_type=_sentence(result.get("media_type", ""))[:120],
        warnings=[_sentence(warning) for warning in _list(result.get("warnings"))[:MOST_WARNINGS]],
        parts=[part for part in map(_part, _list(result.get("parts"))[:MOST_PARTS]) if part],
    )


def _result(path: Path) -> dict[str, Any]:
    try:
        if path.is_symlink() or path.stat().st_size > MOST_RESULT_BYTES:
            return {}
        result = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return result if isinstance(result, dict) else {}


def _part(value: Any) -> dict[str, Any] | None:
    match value:
        case {"name": str(name), "start": int(start), "chars": int(chars)} if min(start, chars) >= 0:
            return {"name": _sentence(name)[:255], "start": min(start, TEXT_BYTES), "chars": min(chars, TEXT_BYTES)}
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _sentence(value: Any) -> str:
    """A short text without anything a database or a page would choke on."""
    text = str(value).encode("utf-8", "replace").decode()[:500]
    return "".join(letter if letter.isprintable() else " " for letter in text)

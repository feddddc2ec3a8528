"""Exceptions of the reduced interpreter as a model reads them best, with what it lacks said in words."""

from collections.abc import Mapping

import pydantic_monty as monty

from .hints import Surroundings
from .reduced_hints import hint_of

_UNKNOWN = "The monty syntax parser does not yet support "
_TRACEBACK_CHARS = 8_000
_MESSAGE_CHARS = 2_000
_MOST_FRAMES = 10


def described(error: monty.MontyError, cells: Mapping[str, str], around: Surroundings) -> dict[str, str]:
    """kind, message and traceback of what left a cell. `cells`: names of cells by what the interpreter calls them."""
    kind, message = _told(error)
    frames = _frames(error, cells)
    lines = [*frames, f"{kind}: {message}" if message else kind]
    if hint := hint_of(error.exception(), kind, message, frames[-1] if frames else "", around):
        lines.append(f"Hint: {hint}")
    trace = "\n".join(lines)
    if len(trace) > _TRACEBACK_CHARS:
        trace = f"{trace[: _TRACEBACK_CHARS // 2]}\n…\n{trace[-_TRACEBACK_CHARS // 2 :]}"
    return {"kind": kind[:200], "message": message[:_MESSAGE_CHARS], "traceback": trace}


def _told(error: monty.MontyError) -> tuple[str, str]:
    if not isinstance(error, monty.MontyRuntimeError | monty.MontySyntaxError):
        return "Error", str(error)
    kind, _, message = error.display("type-msg").partition(": ")
    kind = kind.rpartition(".")[2]
    if message.startswith(_UNKNOWN):
        return kind, f"not supported by this interpreter: {message.removeprefix(_UNKNOWN)}"
    return kind, message


def _frames(error: monty.MontyError, cells: Mapping[str, str]) -> list[str]:
    if not isinstance(error, monty.MontyRuntimeError | monty.MontySyntaxError):
        return []
    frames = [frame for frame in error.traceback() if frame.filename in cells]
    half = _MOST_FRAMES // 2
    left_out = len(frames) - 2 * half
    shown = [_frame_lines(frame, cells) for frame in frames]
    if left_out > 0:
        shown[half:-half] = [[f"  … {left_out:,} more …"]]
    lines = [line for one in shown for line in one]
    return ["Traceback (most recent call last):", *lines] if lines else []


def _frame_lines(frame: monty.Frame, cells: Mapping[str, str]) -> list[str]:
    name = frame.function_name
    where = "" if not name or name == "<module>" else f", in {name}"
    lines = [f"  {cells[frame.filename]}, line {frame.line}{where}"]
    return [*lines, f"    {frame.source_line.strip()}"] if frame.source_line else lines

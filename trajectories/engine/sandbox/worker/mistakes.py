"""Exceptions of the model's code as a model reads them best: the cells' lines, the error, a hint where one helps."""

import linecache
import traceback
from types import TracebackType
from typing import Any

from .digests import kind_of
from .hints import Surroundings, hint_for

_MOST_FRAMES = 10
_MESSAGE_CHARS = 2_000
_TRACEBACK_CHARS = 8_000
CELL = "<cell "


def remember_source(name: str, code: str) -> None:
    """Lets tracebacks show the lines of a cell."""
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)


def described(error: BaseException, timed_out: bool, cell_seconds: float, around: Surroundings) -> dict[str, str]:
    """kind, message and traceback of an exception that left a cell."""
    kind = "Timeout" if timed_out else kind_of(error)
    if timed_out:
        message = f"The cell ran longer than {cell_seconds:g} s and was stopped. Variables set so far are kept."
    else:
        message = _message(error)
    lines = [*_frames(error), f"{kind}: {message}" if message else kind]
    hint = None if timed_out else hint_for(error, around)
    if hint:
        lines.append(f"Hint: {hint}")
    return {
        "kind": kind[:200],
        "message": message[:_MESSAGE_CHARS],
        "traceback": _ends("\n".join(lines), _TRACEBACK_CHARS),
    }


def _message(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return error.msg or "invalid syntax"
    if isinstance(error, SystemExit):
        return f"the code called for the exit ({error.code!r}); call FINAL(answer) to end the run"
    text = "".join(traceback.format_exception_only(error)).strip()
    name, _, rest = text.partition(": ")
    return rest if name.rpartition(".")[2] == kind_of(error) else str(error)


def _frames(error: BaseException) -> list[str]:
    if isinstance(error, SyntaxError) and (error.filename or "").startswith(CELL):
        return _syntax_lines(error)
    lines = [line for frame in _cell_frames(error.__traceback__) for line in _frame_lines(frame)]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        lines.append(f"  (while handling {kind_of(cause)}: {_message(cause)[:300]})")
    return ["Traceback (most recent call last):", *lines] if lines else []


def _cell_frames(trace: TracebackType | None) -> list[traceback.FrameSummary | int]:
    """Frames of the cells alone: what happens inside the library is seldom the model's mistake. Of very many the
    first and the last, with the number of those left out between them."""
    frames = [(frame, line) for frame, line in traceback.walk_tb(trace) if frame.f_code.co_filename.startswith(CELL)]
    half = _MOST_FRAMES // 2
    left_out = len(frames) - 2 * half
    if left_out <= 0:
        return [*traceback.StackSummary.extract(frames)]
    first, last = traceback.StackSummary.extract(frames[:half]), traceback.StackSummary.extract(frames[-half:])
    return [*first, left_out, *last]


def _frame_lines(frame: traceback.FrameSummary | int) -> list[str]:
    if isinstance(frame, int):
        return [f"  … {frame:,} more …"]
    where = "" if frame.name == "<module>" else f", in {frame.name}"
    lines = [f"  {frame.filename.strip('<>')}, line {frame.lineno}{where}"]
    return [*lines, f"    {frame.line}"] if frame.line else lines


def _syntax_lines(error: SyntaxError) -> list[str]:
    lines = [f"  {(error.filename or '').strip('<>')}, line {error.lineno}"]
    if error.text:
        lines.append("    " + error.text.rstrip("\n"))
        if error.offset:
            lines.append("    " + " " * (error.offset - 1) + "^")
    return lines


def _ends(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit // 2]}\n…\n{text[-limit // 2 :]}"


def no_input(prompt: Any = "") -> str:
    raise RuntimeError("input() is not available: nobody is there to type. All there is stands in `context`.")

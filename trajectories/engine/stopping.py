"""Early stopping: a reply that only repeats itself is cut while it is written, and a run that leads nowhere is ended.

Each rule looks at what a run has done and says whether it has been idle for `patience` turns. In mode `shadow` it only
notes where it would have stopped.
"""

import ast
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from trajectories.engine.events import Delta
from trajectories.engine.policy import EarlyStopping, Limits

LOOKED_AT = 2_000
"""Characters at a reply's end that must all be one repeated stretch."""
LONGEST_PERIOD = 200
LOOK_EVERY = 256

# ------------------------------------------------------------------------------------------------ replies


class Degenerate(Exception):
    """A reply was cut because it only repeated itself."""


class Listener:
    """Hears a reply as it is written and passes its words on."""

    def __init__(self, node: int, tell: Delta | None, *, cuts: bool) -> None:
        self._node = node
        self._tell = tell
        self._cuts = cuts
        self._parts: list[str] = []
        self._tail = ""
        self._new = 0
        self._chars = 0
        self.repeated_at: int | None = None
        """Characters after which it was seen to repeat itself."""

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def __call__(self, words: str) -> None:
        """Raises `Degenerate`."""
        self._parts.append(words)
        self._chars += len(words)
        self._tail = (self._tail + words)[-LOOKED_AT:]
        self._new += len(words)
        if self._tell is not None:
            self._tell(self._node, words)
        if self.repeated_at is None and self._new >= LOOK_EVERY:
            self._new = 0
            if repeats(self._tail):
                self.repeated_at = self._chars
                if self._cuts:
                    raise Degenerate


def repeats(tail: str) -> bool:
    """Whether a long enough text is one short stretch over and over (a period of at most `LONGEST_PERIOD`)."""
    if len(tail) < LOOKED_AT:
        return False
    at = tail.rfind(tail[-LONGEST_PERIOD // 4 :], 0, len(tail) - 1)
    period = len(tail) - LONGEST_PERIOD // 4 - at
    return at >= 0 and 0 < period <= LONGEST_PERIOD and tail[period:] == tail[:-period]


# ------------------------------------------------------------------------------------------------ runs


@dataclass(slots=True)
class Progress:
    """What an rlm node has done so far, turn by turn."""

    codes: list[str] = field(default_factory=list)
    """Of each turn: its code in a form in which lay-out and comments do not count; empty where it had none."""
    errors: list[str] = field(default_factory=list)
    """Of each turn: what its last cell failed with; empty where it did not."""
    read_chars: list[int] = field(default_factory=list)
    """After each turn: how much of the text has been read, printed or asked about in all."""
    candidates: list[str] = field(default_factory=list)
    """Answers that were given but not taken."""
    spent: list[Decimal] = field(default_factory=list)
    """After each turn: dollars."""

    def turn(self, codes: list[str], error: str, read_chars: int, spent: Decimal) -> None:
        self.codes.append(normalised("\n".join(codes)))
        self.errors.append(error)
        self.read_chars.append(read_chars)
        self.spent.append(spent)


def normalised(code: str) -> str:
    """The same for code that differs in lay-out and comments only."""
    try:
        shape = ast.dump(ast.parse(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        shape = "".join(code.split())
    return hashlib.sha256(shape.encode("utf-8", "replace")).hexdigest() if code.strip() else ""


def _repeated_code(progress: Progress, patience: int, _limits: Limits) -> str:
    last = progress.codes[-1]
    times = progress.codes.count(last) if last else 0
    return f"The same code was run {times} times." if times >= patience else ""


def _repeated_error(progress: Progress, patience: int, _limits: Limits) -> str:
    recent = progress.errors[-patience:]
    same = len(recent) == patience and recent[0] and len(set(recent)) == 1
    return f"The last {patience} turns failed in the same way: {recent[0][:120]}" if same else ""


def _no_new_reading(progress: Progress, patience: int, _limits: Limits) -> str:
    recent = progress.read_chars[-patience - 1 :]
    idle = len(recent) == patience + 1 and recent[0] == recent[-1]
    return f"Nothing new of the text was read in the last {patience} turns." if idle else ""


def _stable_answer(progress: Progress, patience: int, _limits: Limits) -> str:
    recent = progress.candidates[-patience:]
    same = len(recent) == patience and len(set(recent)) == 1
    return f"The same answer was given {patience} times." if same else ""


def _budget_slope(progress: Progress, patience: int, limits: Limits) -> str:
    """At the pace of the last turns the money will be gone within as many turns again, and they brought nothing new."""
    if limits.cost_usd is None or len(progress.spent) <= patience:
        return ""
    pace = progress.spent[-1] - progress.spent[-1 - patience]
    left = limits.cost_usd - progress.spent[-1]
    gain = progress.read_chars[-1] - progress.read_chars[-1 - patience]
    idle = gain * 10 <= progress.read_chars[-1]
    return (
        f"The last {patience} turns cost ${pace:.2f} and read little new; ${left:.2f} is left."
        if pace > left and idle
        else ""
    )


RULES: dict[str, Callable[[Progress, int, Limits], str]] = {
    "repetition": lambda _progress, _patience, _limits: "",  # of replies: `Listener` sees to it
    "repeated_code": _repeated_code,
    "repeated_error": _repeated_error,
    "no_new_reading": _no_new_reading,
    "stable_answer": _stable_answer,
    "budget_slope": _budget_slope,
}
"""By name; each gives one sentence when it speaks, else an empty text."""


def verdict(progress: Progress, how: EarlyStopping, limits: Limits) -> tuple[str, str]:
    """The first rule that would stop now, and why; both empty when none would."""
    if how.mode == "off" or not progress.codes:
        return "", ""
    for name in how.rules or RULES:
        reason = RULES[name](progress, how.patience, limits)
        if reason:
            return name, reason
    return "", ""

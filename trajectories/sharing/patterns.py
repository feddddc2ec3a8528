"""Patterns of an owner's own, which say what to black out. They are hostile: each is matched by RE2, whose time grows
with the text and not with its tricks, outside Python's lock, and against a clock.
"""

import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import re2

MOST = 20
LONGEST = 200
MOST_PROGRAM = 4_000
"""Instructions of a compiled pattern; matching takes at most as many steps for each byte."""
PROBES = (b"", b"a", b"a b", b"0", b".", b"\n")
"""A pattern that matches nothing between their characters would black out nothing, many times."""
SAYS = {
    "missing )": "a parenthesis is not closed",
    "unexpected )": "a parenthesis is closed that was not opened",
    "missing ]": "a bracket is not closed",
    "trailing \\": "it ends with a backslash",
    "no argument": "a repetition has nothing before it to repeat",
    "bad repetition": "a repetition follows a repetition",
    "invalid repetition": "a repetition is too large",
    "invalid perl operator": "looking ahead or behind is not supported",
    "invalid escape": "one of its escape sequences is not known (references back are not supported)",
    "invalid character class": "one of its brackets names a range that does not exist",
    "pattern too large": "it is too large; use fewer or smaller repetitions",
}
"""What RE2 says (its beginning) → in our words."""

Spans = list[tuple[int, int]]


class WrongPattern(ValueError):
    """`str(error)` is one sentence that says what to change."""


class OutOfTime(Exception):
    """What was not looked at has to be taken for a match."""


class Clock:
    """Seconds that may go into looking, over many texts."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def take(self, began: float) -> float:
        """Charges the time since `began` and returns now. Raises `OutOfTime`."""
        now = time.monotonic()
        self.left -= now - began
        if self.left < 0:
            raise OutOfTime
        return now


def checked(patterns: Sequence[str]) -> tuple[str, ...]:
    """The patterns as they are kept, empty ones left out. Raises `WrongPattern`."""
    kept = tuple(dict.fromkeys(pattern for pattern in patterns if pattern.strip()))
    if len(kept) > MOST:
        raise WrongPattern(f"There are {len(kept)} patterns; use at most {MOST}, or join some with |.")
    for number, pattern in enumerate(kept, start=1):
        _check(f"Pattern {number}" if len(kept) > 1 else "The pattern", pattern)
    return kept


def _check(which: str, pattern: str) -> None:
    if len(pattern) > LONGEST:
        raise WrongPattern(f"{which} has {len(pattern)} characters; at most {LONGEST} are taken.")
    try:
        made = _made(pattern)
    except (re2.error, UnicodeEncodeError) as error:
        raise WrongPattern(f"{which} cannot be used: {_said(error)}.") from None
    if made.programsize > MOST_PROGRAM:
        raise WrongPattern(f"{which} is too large: use fewer or smaller repetitions.")
    if any(match.start() == match.end() for probe in PROBES for match in made.finditer(probe)):
        raise WrongPattern(f"{which} also matches the empty text; make it need at least one character.")


def _said(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    if not isinstance(first, bytes):
        return "it has characters that are no text"
    words = first.decode("utf-8", "replace")
    return next((said for beginning, said in SAYS.items() if words.startswith(beginning)), words)


@lru_cache(maxsize=256)
def _made(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = 1 << 20
    options.log_errors = False
    options.never_capture = True
    re2.compile(pattern, options)  # alone first: a stray parenthesis must not be mended by ours
    return re2.compile(f"(?:{pattern})+", options)  # neighbours as one: fewer matches, the same characters


def spans(pattern: str, data: bytes, clock: Clock) -> Iterator[tuple[int, int]]:
    """Where it matches, in bytes. Raises `OutOfTime`."""
    began = time.monotonic()
    for match in _made(pattern).finditer(data):
        began = clock.take(began)
        if match.end() > match.start():
            yield match.span()
    clock.take(began)

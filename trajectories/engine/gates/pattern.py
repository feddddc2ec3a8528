"""Refuses a text that does not match a regular expression, or that matches one it must not.

RE2 matches in linear time, whatever the expression and the text are.
"""

from typing import Any

import re2

from trajectories.engine.errors import PolicyError
from trajectories.engine.gates._claim import ACCEPTED, Claim, Gate, Options, Verdict, refused

TITLE = "Regular expression"
SAYS = "The text matches a regular expression, or must not match one."
PLACES = ("call", "answer", "cell")
OPTIONS: dict[str, Options] = {
    "matches": {"type": "string", "maxLength": 500},
    "never": {"type": "string", "maxLength": 500},
    "reason": {"type": "string", "maxLength": 300, "description": "what the model is told"},
}
FREE = True

LONGEST = 1_000_000
"""Characters that are searched."""


class _Pattern:
    def __init__(self, matches: str | None, never: str | None, reason: str) -> None:
        self._matches = _compiled(matches) if matches else None
        self._never = _compiled(never) if never else None
        self._reason = reason

    async def judge(self, claim: Claim) -> Verdict:
        text = claim.text[:LONGEST].encode("utf-8", "replace").decode()
        if self._matches is not None and not self._matches.search(text):
            return refused(self._reason or f"It does not match the expression {self._matches.pattern[4:]!r}.")
        if self._never is not None and (found := self._never.search(text)):
            return refused(self._reason or f"It holds what it must not: {found[0][:80]!r}.")
        return ACCEPTED


def make(options: Options) -> Gate:
    matches, never = options.get("matches"), options.get("never")
    if not matches and not never:
        raise PolicyError("The gate pattern needs `matches`, `never`, or both.")
    return _Pattern(matches, never, options.get("reason", ""))


def _compiled(pattern: str) -> Any:
    """`^` and `$` match at lines."""
    try:
        return re2.compile(f"(?m){pattern}")
    except re2.error as error:
        raise PolicyError(f"{pattern[:60]!r} is not a regular expression of RE2: {_said(error)}.") from error


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)

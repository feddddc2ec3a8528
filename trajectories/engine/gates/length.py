"""Refuses what is too short or too long."""

from trajectories.engine.errors import PolicyError
from trajectories.engine.gates._claim import ACCEPTED, Claim, Gate, Options, Verdict, refused

TITLE = "Length"
SAYS = "The text has at least, and at most, so many characters."
PLACES = ("call", "answer", "cell")
OPTIONS: dict[str, Options] = {
    "at_least": {"type": "integer", "minimum": 1, "description": "characters"},
    "at_most": {"type": "integer", "minimum": 1, "description": "characters"},
}
FREE = True


class _Length:
    def __init__(self, at_least: int, at_most: int | None) -> None:
        self._at_least = at_least
        self._at_most = at_most

    async def judge(self, claim: Claim) -> Verdict:
        chars = len(claim.text.strip())
        if chars < self._at_least:
            return refused(f"It has {chars:,} characters; at least {self._at_least:,} are wanted.")
        if self._at_most is not None and chars > self._at_most:
            return refused(f"It has {chars:,} characters; at most {self._at_most:,} are wanted.")
        return ACCEPTED


def make(options: Options) -> Gate:
    at_least, at_most = options.get("at_least", 1), options.get("at_most")
    if at_most is None and "at_least" not in options:
        raise PolicyError("The gate length needs at_least, at_most, or both.")
    if at_most is not None and at_most < at_least:
        raise PolicyError("The gate length lets nothing through: at_most is less than at_least.")
    return _Length(at_least, at_most)

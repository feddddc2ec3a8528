"""Refuses a reply or an answer without words."""

from trajectories.engine.gates._claim import ACCEPTED, Claim, Gate, Options, Verdict, refused

TITLE = "Not empty"
SAYS = "The reply or answer has words in it."
PLACES = ("call", "answer", "cell")
OPTIONS: dict[str, Options] = {}
FREE = True

_WHAT = {"call": "The reply", "answer": "The answer", "cell": "What the cell printed"}


class _NotEmpty:
    async def judge(self, claim: Claim) -> Verdict:
        if any(sign.isalnum() for sign in claim.text):
            return ACCEPTED
        return refused(f"{_WHAT[claim.on]} is empty.")


def make(options: Options) -> Gate:
    return _NotEmpty()

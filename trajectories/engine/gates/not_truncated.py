"""Refuses a reply that was cut at the limit of output tokens."""

from trajectories.engine.gates._claim import ACCEPTED, Claim, Gate, Options, Verdict, refused

TITLE = "Not cut off"
SAYS = "The reply was not cut at the limit of output tokens."
PLACES = ("call",)
OPTIONS: dict[str, Options] = {}
FREE = True


class _NotTruncated:
    async def judge(self, claim: Claim) -> Verdict:
        if claim.finish_reason == "length":
            return refused("The reply was cut at the limit of output tokens; it is not whole.")
        return ACCEPTED


def make(options: Options) -> Gate:
    return _NotTruncated()

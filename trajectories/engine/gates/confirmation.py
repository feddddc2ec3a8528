"""Shows the model its answer, and where it came from, before the answer is taken: it must give it once more.

Against the right value in a variable and another one submitted, plans taken for answers, and answers cut by accident.
"""

from trajectories.engine.gates._claim import ACCEPTED, Claim, Gate, Options, Verdict

TITLE = "Confirmation"
SAYS = "The model sees its candidate answer and where it came from, and gives it again."
PLACES = ("answer",)
OPTIONS: dict[str, Options] = {
    "times": {"type": "integer", "minimum": 1, "maximum": 3, "description": "how often it is shown at most"}
}
FREE = True

SHOWN = 2_000
"""Characters of the answer."""


class _Confirmation:
    def __init__(self, times: int) -> None:
        self._times = times
        self._shown: dict[str, list[str]] = {}
        """By conversation: the answers that were shown."""

    async def judge(self, claim: Claim) -> Verdict:
        shown = self._shown.setdefault(claim.path, [])
        if claim.text in shown or len(shown) >= self._times:
            return ACCEPTED
        shown.append(claim.text)
        origin = f"from the variable {claim.variable}" if claim.variable else "as it stood in your code or reply"
        sources = f"{len(claim.sources)} sources" if claim.sources else "no sources"
        answer = claim.text if len(claim.text) <= SHOWN else f"{claim.text[:SHOWN]} … ({len(claim.text):,} characters)"
        return Verdict(
            accepted=False,
            reason=f"This is what you would submit, {origin}, with {sources}:\n{answer}\n"
            "Does it answer the question, and did you see what it claims? Then give it again. If not, go on working.",
            stops=False,
        )


def make(options: Options) -> Gate:
    return _Confirmation(options.get("times", 1))

"""Refuses a reply in which a model says that it will not or cannot do what was asked."""

import re

from trajectories.engine.gates._claim import ACCEPTED, Claim, Gate, Options, Verdict, refused

TITLE = "No refusal"
SAYS = "The model did not decline to answer."
PLACES = ("call", "answer")
OPTIONS: dict[str, Options] = {}
FREE = True

LOOKED_AT = 400
"""Characters at the beginning: a refusal comes first; further down it is a quotation or a side remark."""
_APOLOGY = (
    r"(?:(?:i['’]?m|i am)(?: really| very| so)? sorry|sorry|unfortunately|as an ai(?: language)? model|apologies)"
)
_UNABLE = r"can(?:['’]?t|not)|(?:am|['’]m) (?:not able|unable)|won['’]?t|will not|(?:have to|must) decline"
_ABLE_TO_LOOK = r"find|see any|say (?:for sure|whether)|tell from|determine"
"""“I cannot find it in the text” is an answer."""
_REFUSAL = re.compile(
    rf"^\W*(?:{_APOLOGY},?)?\W*(?:but )?(?:i|we)"
    rf"(?: (?:{_UNABLE}|do(?: not|n['’]?t) have (?:access|the ability))|['’]m unable)\b"
    rf"(?!(?: to)? (?:{_ABLE_TO_LOOK}))",
    re.IGNORECASE,
)


class _NoRefusal:
    async def judge(self, claim: Claim) -> Verdict:
        found = _REFUSAL.search(claim.text[:LOOKED_AT])
        if found is None:
            return ACCEPTED
        said = " ".join(claim.text[:LOOKED_AT].split())[:120]
        return refused(f"The model declined: “{said}”.")


def make(options: Options) -> Gate:
    return _NoRefusal()

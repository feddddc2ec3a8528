"""Asks the same question again and refuses a reply with which too few of the samples agree."""

import asyncio
import json
import re
from collections import Counter

from trajectories.engine.errors import EngineError
from trajectories.engine.gates._claim import Claim, Gate, Options, Verdict, abstained, refused

TITLE = "Agreement"
SAYS = "The same question, asked n times, gets the same answer often enough."
PLACES = ("call",)
OPTIONS: dict[str, Options] = {
    "samples": {"type": "integer", "minimum": 2, "maximum": 9, "description": "replies in all"},
    "part": {"type": "number", "minimum": 0.1, "maximum": 1, "description": "of them that must agree"},
}

SAMPLES = 3
PART = 0.6
LIKE_ENOUGH = 0.6
"""Shared words over all words, from which two free texts count as the same."""


class _Agreement:
    def __init__(self, samples: int, part: float) -> None:
        self._samples = samples
        self._part = part

    async def judge(self, claim: Claim) -> Verdict:
        if claim.again is None:
            return abstained("This cannot be asked again.")
        asked = await asyncio.gather(*(_sample(claim) for _ in range(self._samples - 1)))
        texts = [claim.text, *(text for text in asked if text is not None)]
        if len(texts) < 2:
            return abstained("No second reply was to be had.")
        agreeing = sum(same(claim.text, text) for text in texts)
        if agreeing >= self._part * len(texts):
            return Verdict(accepted=True, reason=f"{agreeing} of {len(texts)} replies agree.")
        common, count = Counter(_normal(text)[:80] for text in texts).most_common(1)[0]
        told = f" The most frequent reply ({count}): “{common}”." if count > agreeing else ""
        return refused(f"Only {agreeing} of {len(texts)} replies to the same question agree.{told}")


async def _sample(claim: Claim) -> str | None:
    assert claim.again is not None
    try:
        return await claim.again()
    except EngineError:
        return None  # its own node says what happened; the others still count


def make(options: Options) -> Gate:
    return _Agreement(options.get("samples", SAMPLES), options.get("part", PART))


def same(one: str, other: str) -> bool:
    """Equal JSON, equal words, or, for longer texts, mostly the same words."""
    first, second = _normal(one), _normal(other)
    if first == second:
        return True
    words, others = set(first.split()), set(second.split())
    if min(len(words), len(others)) < 6 or _numbers(one) != _numbers(other):
        return False
    return len(words & others) >= LIKE_ENOUGH * len(words | others)


def _normal(text: str) -> str:
    try:
        return json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False).lower()
    except (ValueError, RecursionError):
        return " ".join(re.sub(r"[^\w\s.%-]", " ", text.lower()).split()).strip(" .")


def _numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d+(?:[.,]\d+)*", text))

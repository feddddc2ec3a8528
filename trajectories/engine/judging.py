"""The gates of one run at work: which of them judge a thing, what they said, and the record of it.

A verdict is a node where it refused, asked a model, or judged an answer; of the many replies that a free gate accepts,
only the number is kept, with the cell that asked.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from trajectories.engine import gates
from trajectories.engine.events import Emit, Event
from trajectories.engine.gates import ACCEPTED, Claim, Gate, Verdict
from trajectories.engine.policy import GateSpec, JudgedThing
from trajectories.engine.tree import Node, Tree

NOT_JUDGED = frozenset({"judge", "summariser"})
"""Roles whose replies no gate judges, unless it names them."""

AskBelow = Callable[[Node, str, str], Awaitable[str]]
"""(gate's node, prompt, role) → a model's reply."""
Tally = Counter[tuple[str, str]]
"""(gate, accepted | refused | abstained) → how often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Post:
    """A gate in its place."""

    spec: GateSpec
    gate: Gate
    is_free: bool


class Judges:
    """Made once for a run, so that a gate may remember what it has seen."""

    def __init__(self, specs: Sequence[GateSpec], tree: Tree, emit: Emit) -> None:
        self._posts = [_Post(spec=spec, gate=gates.make(spec), is_free=gates.is_free(spec.gate)) for spec in specs]
        self._tree = tree
        self._emit = emit

    def stand(self, on: JudgedThing, role: str = "") -> list[_Post]:
        """Those that judge this."""
        return [post for post in self._posts if post.spec.on == on and _means(post.spec, role)]

    async def judge(
        self,
        claim_of: Callable[[Callable[[str, str], Awaitable[str]]], Claim],
        posts: Sequence[_Post],
        parent: Node,
        ask: AskBelow,
        *,
        of: int | None,
        tally: Tally,
    ) -> tuple[str, Verdict]:
        """The first refusal and its gate's name, or an acceptance. `claim_of` makes the claim, given how to ask
        models; `of` is the node that is judged."""
        for post in posts:
            verdict = await self._one(post, claim_of, parent, ask, of)
            tally[post.spec.gate, _word(verdict)] += 1
            if verdict.accepted is False:
                return post.spec.gate, verdict
        return "", ACCEPTED

    async def _one(
        self,
        post: _Post,
        claim_of: Callable[[Callable[[str, str], Awaitable[str]]], Claim],
        parent: Node,
        ask: AskBelow,
        of: int | None,
    ) -> Verdict:
        if post.is_free and post.spec.on == "call":
            verdict = await post.gate.judge(claim_of(_nobody))
            if verdict.accepted is not False:
                return verdict
            async with self._tree.node("gate", parent, post.spec.gate, depth=parent.depth, of=of) as node:
                await self._record(node, post, verdict, of)
            return verdict
        async with self._tree.node("gate", parent, post.spec.gate, depth=parent.depth, of=of) as node:
            verdict = await post.gate.judge(claim_of(lambda prompt, role: ask(node, prompt, role)))
            await self._record(node, post, verdict, of)
        return verdict

    async def _record(self, node: Node, post: _Post, verdict: Verdict, of: int | None) -> None:
        data = {
            "gate": post.spec.gate,
            "on": post.spec.on,
            "of": of,
            "accepted": verdict.accepted,
            "reason": verdict.reason,
        }
        node.data |= data
        await self._emit(Event(type="gate.judged", node=node.number, data=data))


def tally_json(tally: Tally) -> dict[str, dict[str, int]]:
    """{gate: {accepted, refused, abstained}} for the record."""
    told: dict[str, dict[str, int]] = {}
    for (gate, word), count in tally.items():
        told.setdefault(gate, {})[word] = count
    return told


def _means(spec: GateSpec, role: str) -> bool:
    if spec.on != "call":
        return True
    return role in spec.roles if spec.roles else role not in NOT_JUDGED | {"root"}


def _word(verdict: Verdict) -> str:
    return {True: "accepted", False: "refused", None: "abstained"}[verdict.accepted]


async def _nobody(prompt: str, role: str) -> str:
    raise AssertionError("a free gate asks nobody")

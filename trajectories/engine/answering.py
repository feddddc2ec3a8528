"""Whether an answer is taken: only after a look at the text, only in the form that was asked for, and only if no gate
refuses it. A refusal goes back to the model with its reason; after several of them a stronger model goes on, and where
there is none, the run ends without having taken the answer.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from trajectories.engine.calls import Call
from trajectories.engine.errors import ProviderError
from trajectories.engine.exploration import Exploration
from trajectories.engine.gates import Claim
from trajectories.engine.json_replies import fitting
from trajectories.engine.judging import Tally
from trajectories.engine.shop import Answer, Shop
from trajectories.engine.tree import Node
from trajectories.engine.types import Document

MOST_REFUSALS = 3
"""Of one model's answers by gates, until the next model goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an answer was not taken, in words for the model."""

    note: str
    by: str
    """`exploration`, `schema`, or the gate's name."""
    counts: bool = True
    """Towards giving up."""


class AnswerCheck:
    """Of one rlm node."""

    def __init__(
        self, shop: Shop, question: str, documents: tuple[Document, ...], exploration: Exploration, *, is_root: bool
    ) -> None:
        self._shop = shop
        self._question = question
        self._documents = documents
        self._exploration = exploration
        self._schema = shop.policy.answer_schema if is_root else None
        self._is_root = is_root
        self.tally: Tally = Counter()

    async def refusal(self, answer: Answer, step: Node, call: Call, *, looked_before: bool) -> Refusal | None:
        """None: the answer is taken. `looked_before`: enough had been seen when this reply was written. `call`: the
        turn's, whose budget and depth a gate's questions have."""
        return (
            self._unexplored(step, looked_before) or self.unfitting(answer) or await self._refused(answer, step, call)
        )

    def _unexplored(self, step: Node, looked_before: bool) -> Refusal | None:
        mode = self._shop.policy.exploration
        if mode == "off" or looked_before or self._exploration.is_exempt:
            return None
        step.data["unexplored"] = True
        step.data["explored_chars"] = self._exploration.chars
        if mode == "warn":
            return None
        message = "look_first" if self._exploration.enough else "no_look"
        return Refusal(note=self._shop.profile.say(message), by="exploration", counts=False)

    def unfitting(self, answer: Answer) -> Refusal | None:
        """For an answer that is not of the form that the policy asks for."""
        if self._schema is None:
            return None
        try:
            fitting(answer.text, self._schema)
        except ProviderError as error:
            reason = str(error).replace("The reply", "The answer")
            schema = json.dumps(self._schema, ensure_ascii=False)
            return Refusal(note=self._shop.profile.say("wrong_form", reason=reason, schema=schema), by="schema")
        return None

    async def _refused(self, answer: Answer, step: Node, call: Call) -> Refusal | None:
        posts = self._shop.judges.stand("answer") if self._is_root else []
        if not posts:
            return None
        gate, verdict = await self._shop.judges.judge(
            lambda ask: self._claim(answer, call, ask),
            posts,
            step,
            lambda node, prompt, role: self._shop.asker.ask_plainly(node, prompt, role, like=call),
            of=None,
            tally=self.tally,
        )
        if verdict.accepted is not False:
            return None
        note = self._shop.profile.say("answer_refused", gate=gate, reason=verdict.reason)
        return Refusal(note=note, by=gate, counts=verdict.stops)

    def _claim(self, answer: Answer, call: Call, ask: Callable[[str, str], Awaitable[str]]) -> Claim:
        return Claim(
            on="answer",
            text=answer.text,
            question=self._question,
            path=call.path.rpartition("/")[0],
            variable=answer.variable,
            sources=answer.sources,
            documents=self._documents,
            schema=self._schema,
            ask=ask,
        )

"""Summing up a long history, so that a run may have more turns than its model's window holds.

A model of the role `summariser` (else the root's own) sums up the older turns; the newest ones stay as they are. The
whole history stays in the REPL as the variable `history`. The summing up is a step of the tree with what it costs, the
cache included: the prefix that a provider had cached is gone.
"""

from trajectories.engine.calls import Call, estimated_tokens
from trajectories.engine.cells import Cells
from trajectories.engine.errors import EngineError
from trajectories.engine.events import Event
from trajectories.engine.policy import Compaction
from trajectories.engine.shop import Shop
from trajectories.engine.tree import Node
from trajectories.engine.types import Message

OPENING = 2
"""Messages at the beginning that always stay: the instructions, and the question."""


class Compactor:
    """Of one rlm node."""

    def __init__(self, shop: Shop, node: Node, cells: Cells) -> None:
        self._shop = shop
        self._node = node
        self._cells = cells
        self._count = 0
        self._whole: list[Message] = []
        """The history with nothing left out, up to what `_seen` messages of the present one told."""
        self._seen = 0

    async def compacted(self, history: list[Message], call: Call) -> list[Message]:
        """The history to go on with: the same one while it is short. `call`: the turn that would be asked next."""
        how = self._shop.policy.compaction
        if how is None or not self._is_long(how, history, call):
            return history
        kept = history[-2 * how.keep_turns :] if len(history) > OPENING + 2 * how.keep_turns else []
        older = history[OPENING : len(history) - len(kept)]
        if not kept or not older:
            return history
        return await self._sum_up(history, older, kept, call)

    def _is_long(self, how: Compaction, history: list[Message], call: Call) -> bool:
        window = call.route.context_window
        limit = how.at_tokens or (None if window is None else int(window * how.part))
        return limit is not None and estimated_tokens(history) > limit

    async def _sum_up(
        self, history: list[Message], older: list[Message], kept: list[Message], call: Call
    ) -> list[Message]:
        shop = self._shop
        self._count += 1
        self._whole += history[self._seen :]
        before = estimated_tokens(history)
        async with shop.tree.node("step", self._node, "Summary of the history", depth=self._node.depth) as step:
            step.data |= {"label": "summary of the history", "compaction": True}
            try:
                summary = await self._summary(history[:OPENING] + older, step, call)
            except EngineError as error:
                step.fail(error.kind, f"The history stays as it is: {error}")
                return self._unchanged(history)
            stored = [{"role": message.role, "content": message.content} for message in self._whole]
            await self._cells.execute(step, f"history = {stored!r}", self._count)
            told = shop.profile.say("summed_up", summary=summary)
            compacted = [*history[:OPENING], Message(role="user", content=told), *kept]
            step.data |= {"tokens_before": before, "tokens_after": estimated_tokens(compacted), "messages": len(older)}
            data = {key: step.data[key] for key in ("tokens_before", "tokens_after", "messages")}
            await shop.emit(Event(type="history.compacted", node=step.number, data=data))
        self._seen = len(compacted)
        return compacted

    def _unchanged(self, history: list[Message]) -> list[Message]:
        self._seen = len(history)
        return history

    async def _summary(self, messages: list[Message], step: Node, call: Call) -> str:
        shop = self._shop
        asked = Message(role="user", content=shop.profile.say("sum_up"))
        route = shop.router.route("summariser") if "summariser" in shop.policy.models else call.route
        accepted = await shop.asker.ask(
            Call(
                route=route,
                messages=(*messages, asked),
                name="summary",
                parent=step,
                depth=self._node.depth,
                path=f"{call.path}/summary{self._count}",
                budget=shop.budget,
            ),
            (route,),
        )
        return accepted.reply.text

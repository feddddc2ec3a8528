"""One question until a reply is accepted: asked of the first model of a ladder, checked, judged by gates, and, where it
fails, repaired, raised to the next tier or given up, as the policy says. Each attempt is a call of its own, with a node
and a price; why there was a next one is an event.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from trajectories.engine.calls import Call, Called, Caller
from trajectories.engine.errors import ProviderError
from trajectories.engine.events import Emit, Event
from trajectories.engine.gates import Claim
from trajectories.engine.json_replies import fitting
from trajectories.engine.judging import Judges, Tally
from trajectories.engine.recovery import MOST_REPAIRS, Recovery
from trajectories.engine.routing import Ladder, Router
from trajectories.engine.tree import Node
from trajectories.engine.types import Document, Message, Reply

_REPAIR = (
    "Your reply could not be used: {reason}\nReply to the same request once more, complete and in the form that was "
    "asked for, without any other words."
)


class TooLong(ProviderError):
    """The prompt does not fit its model, and the policy says that a sub-RLM shall read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What came of a question."""

    reply: Reply
    value: Any
    """The reply's text, or the object that a schema asked for."""
    ladder: Ladder
    """From the model that answered upwards."""


@dataclass(slots=True)
class _Effort:
    """What has been tried for one question."""

    call: Call
    ladder: Ladder
    can_rechunk: bool
    attempts: int = 1
    repairs: int = 0


class Asker:
    """Asks for one run."""

    def __init__(self, *, caller: Caller, router: Router, judges: Judges, recovery: Recovery, emit: Emit) -> None:
        self._caller = caller
        self._router = router
        self._judges = judges
        self._recovery = recovery
        self._emit = emit

    async def ask(
        self,
        call: Call,
        ladder: Ladder,
        *,
        documents: tuple[Document, ...] = (),
        tally: Tally | None = None,
        can_rechunk: bool = False,
    ) -> Accepted:
        """`call.route` is the ladder's first. Raises `ProviderError` (`TooLong` where a sub-RLM shall read it),
        `BudgetReached`."""
        effort = _Effort(call, ladder, can_rechunk)
        counts: Tally = Counter() if tally is None else tally
        while True:
            called: Called | None = None
            try:
                called = await self._caller.call(effort.call)
                value = _value(called.reply, effort.call.schema)
                await self._judge(effort.call, called, value, documents, counts)
            except ProviderError as error:
                await self._go_on(effort, called, error)
            else:
                return Accepted(reply=called.reply, value=value, ladder=effort.ladder)

    async def ask_plainly(self, parent: Node, prompt: str, role: str, *, like: Call) -> str:
        """A question of a gate (or of another part of the engine) below its node; judged by nobody."""
        route = self._router.route(role)
        called = await self._caller.call(
            Call(
                route=route,
                messages=(Message(role="user", content=prompt),),
                name=prompt[:200],
                parent=parent,
                depth=like.depth,
                path=f"{like.path}/{role}.{parent.number}",
                budget=like.budget,
            )
        )
        return called.reply.text

    # ------------------------------------------------------------------------------------------ judging

    async def _judge(
        self, call: Call, called: Called, value: Any, documents: tuple[Document, ...], counts: Tally
    ) -> None:
        """Raises `ProviderError` of the kind `gate` for a reply that is refused."""
        posts = self._judges.stand("call", call.route.role)
        if not posts:
            return
        gate, verdict = await self._judges.judge(
            lambda ask: _claim(call, called.reply, value, documents, ask, self._again(call, called)),
            posts,
            call.parent,
            lambda node, prompt, role: self.ask_plainly(node, prompt, role, like=call),
            of=called.node,
            tally=counts,
        )
        if verdict.accepted is False:
            raise ProviderError("gate", f"{gate}: {verdict.reason}")

    def _again(self, call: Call, called: Called) -> Callable[[], Awaitable[str]]:
        """The same question to the same model, for gates that compare samples."""
        samples = 0

        async def again() -> str:
            nonlocal samples
            samples += 1
            path = f"{call.path}/sample{samples}"
            sampled = await self._caller.call(replace(call, path=path, streams=False, before=called.node))
            return sampled.reply.text

        return again

    # ------------------------------------------------------------------------------------------ going on

    async def _go_on(self, effort: _Effort, called: Called | None, error: ProviderError) -> None:
        """Prepares the next attempt. Raises the error when there is none."""
        action = self._recovery.next(
            error.kind,
            can_repair=called is not None and effort.repairs < MOST_REPAIRS,
            can_raise=len(effort.ladder) > 1,
            can_rechunk=effort.can_rechunk,
        )
        if action == "rechunk":
            raise TooLong(error.kind, str(error)) from error
        if action not in ("repair", "raise"):
            raise error
        effort.attempts += 1
        path = f"{effort.call.path.partition('#')[0]}#{effort.attempts}"
        if action == "repair" and called is not None:
            effort.repairs += 1
            await self._tell("call.repaired", called.node, error)
            messages = (*effort.call.messages, *_complaint(called.reply, error))
            effort.call = replace(effort.call, messages=messages, path=path, before=called.node)
            return
        await self._raise(effort, called, error, path)

    async def _raise(self, effort: _Effort, called: Called | None, error: ProviderError, path: str) -> None:
        below, *rest = effort.ladder
        effort.ladder = tuple(rest)
        effort.repairs = 0
        above = effort.ladder[0]
        node = called.node if called else effort.call.parent.number
        models = {"from": below.name, "to": above.name, "from_tier": below.tier, "to_tier": above.tier}
        await self._tell("tier.raised", node, error, **models)
        effort.call = replace(effort.call, route=above, path=path, before=called.node if called else None)

    async def _tell(self, type_: str, node: int, error: ProviderError, **more: Any) -> None:
        data = {"kind": error.kind, "reason": str(error), **more}
        await self._emit(Event(type=type_, node=node, data=data))


def _value(reply: Reply, schema: Any) -> Any:
    """The text, or the object that the schema asks for. Raises `ProviderError` for a reply that is no answer."""
    if reply.finish_reason == "degenerate":
        raise ProviderError("degenerate", "The reply only repeated itself and was cut.")
    if schema is None:
        return reply.text
    if reply.finish_reason == "length":
        raise ProviderError("truncated", "The reply was cut at the length limit.")
    return fitting(reply.text, schema)


def _complaint(reply: Reply, error: ProviderError) -> tuple[Message, Message]:
    text = reply.text if len(reply.text) <= 20_000 else reply.text[:20_000] + " …"
    said = Message(role="assistant", content=text or "(empty reply)")
    return said, Message(role="user", content=_REPAIR.format(reason=str(error)))


def _claim(
    call: Call,
    reply: Reply,
    value: Any,
    documents: tuple[Document, ...],
    ask: Callable[[str, str], Awaitable[str]],
    again: Callable[[], Awaitable[str]],
) -> Claim:
    return Claim(
        on="call",
        text=reply.text,
        question=call.messages[0].content if len(call.messages) == 1 else call.messages[-1].content,
        path=call.path,
        finish_reason=reply.finish_reason,
        messages=call.messages,
        schema=call.schema,
        value=value if call.schema is not None else None,
        documents=documents,
        ask=ask,
        again=again,
    )

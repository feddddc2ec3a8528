"""One model call, done well: its turn in the queue, its share of the budget, tries and waits, what it cost, its node.

Nothing here knows of the REPL. A reply is safely stored (a durable event) before anyone uses it.
"""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from trajectories.engine import pricing
from trajectories.engine.budget import Ask, Budget
from trajectories.engine.errors import FailureKind, ProviderError
from trajectories.engine.events import Delta, Emit, Event, cost_json, price_json, read_json, usage_json
from trajectories.engine.pacing import Pacer
from trajectories.engine.policy import EarlyStopping
from trajectories.engine.recovery import Recovery
from trajectories.engine.routing import Route
from trajectories.engine.stopping import Degenerate, Listener
from trajectories.engine.tree import Node, Tree
from trajectories.engine.types import Cost, Message, Read, Recorded, Reply, Request, Usage

MOST_TRIES = 5
MOST_TRIES_LIMITED = 40
"""“Too many requests” is no failure: such a call only waits for its turn."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
NOT_BILLED: frozenset[FailureKind] = frozenset({"auth", "rate_limit", "overloaded", "bad_request", "context_length"})
OUTPUT_TOKENS = {"root": 16_384}
OUTPUT_TOKENS_ELSE = 8_192
TOKENS_A_PICTURE = 2_500
"""At most; providers count some 1,600 for one of the size that is sent."""
MOST_CHARS_A_TOKEN = 5
"""A prompt whose tokens, counted so generously, exceed the window is not sent at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What to ask, on whose behalf, and how the node is described."""

    route: Route
    messages: tuple[Message, ...]
    name: str
    parent: Node
    depth: int
    path: str
    """Names the place of the call in the run, the same in a replay."""
    budget: Budget
    schema: Any | None = None
    streams: bool = False
    last_chance: bool = False
    reads: tuple[Read, ...] = ()
    """Pieces of the run's documents in the messages."""
    batch: int | None = None
    index: int | None = None
    line: int | None = None
    before: int | None = None
    """The node of the call that this one is made instead of: repaired, raised to another tier, or sampled again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A reply, and the number of its node."""

    reply: Reply
    node: int


class Caller:
    """Makes the calls of one run."""

    def __init__(
        self,
        *,
        tree: Tree,
        emit: Emit,
        pacer: Pacer,
        concurrency: int,
        recovery: Recovery,
        early_stopping: EarlyStopping,
        on_delta: Delta | None,
        recorded: Recorded | None = None,
    ) -> None:
        self._tree = tree
        self._emit = emit
        self._pacer = pacer
        self._concurrency = concurrency
        self._recovery = recovery
        self._early_stopping = early_stopping
        self._on_delta = on_delta
        self._recorded = recorded

    async def call(self, call: Call) -> Called:
        """The reply, after its record is stored. Raises `ProviderError` or `BudgetReached`."""
        route = call.route
        request = Request(model=route.model, messages=call.messages, schema=call.schema)
        key = call_key(call.path, request)
        async with self._tree.node(
            "lm",
            call.parent,
            call.name,
            depth=call.depth,
            role=route.role,
            tier=route.tier,
            model=route.name,
            batch=call.batch,
            index=call.index,
            line=call.line,
            before=call.before,
            call_key=key,
            texts={"request": call.messages},
        ) as node:
            node.durable = True
            known = self._recorded.reply(key) if self._recorded else None
            if known is not None:
                await call.budget.count(known.usage, known.cost)
            reply = _replayed(known.reply, node) if known else await self._asked(call, request, node)
            if reply.finish_reason == "content_filter":
                raise ProviderError("content_filter", f"The provider refused the content. {reply.text[:200]}".strip())
            return Called(reply=reply, node=node.number)

    async def _asked(self, call: Call, request: Request, node: Node) -> Reply:
        """Reserves the call's share of the budget, asks, and replaces the reservation by what was really spent."""
        _check_window(call)
        _check_pictures(call)
        reservation = await call.budget.reserve(ask_for(call), last_chance=call.last_chance)
        usage, cost, trying = None, None, _Trying(time.monotonic())
        try:
            limit = reservation.max_output_tokens
            reply = await self._attempts(call, replace(request, max_output_tokens=limit), node, trying)
            usage, cost = self._account(call, reply, node)
            return reply
        except BaseException as error:
            if trying.sent:
                self._charge_failure(call, node, error)
            raise
        finally:
            await asyncio.shield(call.budget.settle(reservation, usage, cost, called=trying.sent > 0))

    async def _attempts(self, call: Call, request: Request, node: Node, trying: "_Trying") -> Reply:
        """Tries again after failures that pass, as often as is sensible. While it waits, its place is another's."""
        connection = call.route.connection
        lane_name = f"{connection.provider} {connection.base_url} {connection.name}"
        for attempt in range(1, MOST_TRIES + MOST_TRIES_LIMITED):
            node.data["attempt"] = attempt
            async with self._pacer.slot(self, self._concurrency, lane_name, connection.concurrency) as lane:
                if attempt == 1:
                    node.data["queued_ms"] = round((time.monotonic() - trying.since) * 1000, 3)
                trying.sent += 1
                began = time.monotonic()
                try:
                    reply = await self._complete(call, request, node)
                    lane.went_well()
                    return reply
                except ProviderError as error:
                    if error.kind == "rate_limit":
                        lane.refused(began, error.retry_after or 0.0)
                    trying.failed(error)
                    if trying.is_over or not self._recovery.is_retried(error.kind):
                        raise
                    failure, pause = error, self._pause(call, attempt, error)
            await self._wait(node, attempt, failure, pause, time.monotonic() - began)
        raise AssertionError("the last try returns or raises")

    async def _complete(self, call: Call, request: Request, node: Node) -> Reply:
        """One request. With early stopping on, a reply that only repeats itself is cut while it is written."""
        tell = self._on_delta if call.streams else None
        if not self._early_stopping.watches_replies:
            listen = None if tell is None else (lambda words: tell(node.number, words))
            return await call.route.client.complete(request, listen)
        listener = Listener(node.number, tell, cuts=self._early_stopping.mode == "on")
        try:
            reply = await call.route.client.complete(request, listener)
        except Degenerate:
            reply = Reply(text=listener.text, finish_reason="degenerate", usage=None)
        if listener.repeated_at is not None:
            data = {"rule": "repetition", "mode": self._early_stopping.mode, "at_chars": listener.repeated_at}
            await self._emit(Event(type="early_stop.noticed", node=node.number, data=data))
        return reply

    def _pause(self, call: Call, attempt: int, error: ProviderError) -> float:
        """Seconds until the server may be asked again: what it said, else doubling with jitter. Raises the error when
        there is no time for it."""
        pause: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0)
        if error.retry_after is not None:
            pause = error.retry_after + random.uniform(0, 0.1)
        deadline = call.budget.hard_deadline
        if deadline is not None and time.monotonic() + pause >= deadline:
            raise error
        return pause

    async def _wait(self, node: Node, attempt: int, error: ProviderError, pause: float, seconds: float) -> None:
        data = {
            "attempt": attempt,
            "kind": error.kind,
            "message": str(error),
            "wait_seconds": round(pause, 3),
            "seconds": round(seconds, 6),
        }
        await self._emit(Event(type="lm.retried", node=node.number, data=data))
        await asyncio.sleep(pause)

    def _account(self, call: Call, reply: Reply, node: Node) -> tuple[Usage, Cost]:
        usage = reply.usage or pricing.estimate_usage(call.messages, reply.text)
        usage = replace(usage, calls=1)
        price = call.route.price_at(usage.input_tokens)
        cost = pricing.cost_of(usage, price, reply.cost_usd)
        self._tree.charge(node, usage, cost)
        node.data |= {
            "finish_reason": reply.finish_reason,
            "usage": usage_json(usage),
            "cost": cost_json(cost),
            "price": price_json(price) if price else None,
            "reported_model": reply.model or None,
            "reads": [read_json(read) for read in call.reads],
        }
        node.texts["response"] = reply.text
        if reply.reasoning:
            node.texts["reasoning"] = reply.reasoning
        return usage, cost

    def _charge_failure(self, call: Call, node: Node, error: BaseException) -> None:
        """A call that failed for good counts. An error that the server answered with is not billed; of a call that
        broke off nobody knows what it cost."""
        free = call.route.price is not None and not call.route.price.input and not call.route.price.output
        answered = isinstance(error, ProviderError) and error.kind in NOT_BILLED
        usage = Usage(calls=1)
        cost = Cost() if free or answered else Cost(usd=None, kind="unknown", unpriced_calls=1)
        self._tree.charge(node, usage, cost)
        node.data |= {"usage": usage_json(usage), "cost": cost_json(cost)}


def _check_pictures(call: Call) -> None:
    if call.route.spec.takes_images is False and any(message.pictures for message in call.messages):
        raise ProviderError("bad_request", f"{call.route.name} takes no images. Ask another model, or use the text.")


@dataclass(slots=True)
class _Trying:
    since: float
    sent: int = 0
    """Requests that went out."""
    failures: int = 0
    refusals: int = 0
    """“Too many requests”."""

    def failed(self, error: ProviderError) -> None:
        if error.kind == "rate_limit":
            self.refusals += 1
        else:
            self.failures += 1

    @property
    def is_over(self) -> bool:
        return self.failures >= MOST_TRIES or self.refusals >= MOST_TRIES_LIMITED


def _replayed(reply: Reply, node: Node) -> Reply:
    """A recorded reply: it was paid for when it was first given."""
    node.data |= {
        "replayed": True,
        "finish_reason": reply.finish_reason,
        "usage": usage_json(Usage()),
        "cost": cost_json(Cost()),
    }
    node.texts["response"] = reply.text
    return reply


def _check_window(call: Call) -> None:
    window = call.route.context_window
    chars = sum(len(message.content) for message in call.messages)
    if window is not None and chars / MOST_CHARS_A_TOKEN > window:
        raise ProviderError(
            "context_length",
            f"The prompt has {chars:,} characters, at least {round(chars / MOST_CHARS_A_TOKEN):,} tokens; "
            f"{call.route.name} takes {window:,}. Give it less, in pieces.",
        )


def estimated_tokens(messages: Sequence[Message]) -> int:
    """At most so many: a byte is rarely less than a third of a token."""
    size = sum(len(message.content.encode("utf-8", "replace")) for message in messages)
    pictures = sum(len(message.pictures) for message in messages)
    return size // 3 + 16 * len(messages) + TOKENS_A_PICTURE * pictures


def ask_for(call: Call) -> Ask:
    """What the call may need at most."""
    output = OUTPUT_TOKENS.get(call.route.role, OUTPUT_TOKENS_ELSE)
    tokens = estimated_tokens(call.messages)
    return Ask(input_tokens=tokens, output_tokens=output, price=call.route.price_at(tokens))


def call_key(path: str, request: Request) -> str:
    """Names a call across replays of the same run."""
    digest = hashlib.sha256(f"{path}\0{request.model}\0".encode())
    for message in request.messages:
        digest.update(f"{message.role}\0{message.content}\0".encode("utf-8", "replace"))
        for picture in message.pictures:
            digest.update(f"{picture.document}\0{picture.number}\0".encode())
    if request.schema is not None:
        digest.update(json.dumps(request.schema, sort_keys=True, default=str).encode())
    return digest.hexdigest()[:32]

"""One model call, done well: its turn in the queue, its share of the budget, tries and waits, what it cost, its node.

Nothing here knows of the REPL. A reply is safely stored (a durable event) before anyone uses it.
"""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from trajectories.engine import pricing
from trajectories.engine.budget import Ask, Budget, Reservation
from trajectories.engine.errors import FailureKind, PolicyError, ProviderError
from trajectories.engine.events import Delta, Emit, Event, cost_json, price_json, read_json, usage_json
from trajectories.engine.policy import split_model
from trajectories.engine.tree import Node, Tree
from trajectories.engine.types import (
    Connection,
    Cost,
    LMClient,
    Message,
    OnDelta,
    Policy,
    Price,
    Read,
    Reply,
    Request,
    Usage,
)

MOST_TRIES = 5
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
RETRIED: frozenset[FailureKind] = frozenset({"rate_limit", "overloaded", "timeout", "network", "malformed"})
NOT_BILLED: frozenset[FailureKind] = frozenset({"auth", "rate_limit", "overloaded", "bad_request", "context_length"})
OUTPUT_TOKENS = {"root": 16_384}
OUTPUT_TOKENS_ELSE = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a call goes."""

    role: str
    name: str
    """connection/model"""
    connection: Connection
    model: str
    client: LMClient
    own_price: Price | None
    price: Price | None
    """For a short prompt; some models cost more per token from a certain length on."""

    def price_at(self, input_tokens: int) -> Price | None:
        return pricing.price_of(self.connection, self.model, self.own_price, input_tokens)


class Router:
    """Finds the model for a role. Every name of a policy is checked when the run begins."""

    def __init__(
        self,
        policy: Policy,
        connections: Mapping[str, Connection],
        connect: Callable[[Connection], LMClient],
        prices: Mapping[str, Price],
    ) -> None:
        self._policy = policy
        self._connections = connections
        self._connect = connect
        self._prices = prices
        self._routes: dict[tuple[str, str], Route] = {}

    def route(self, role: str, model: str | None = None) -> Route:
        """Raises `PolicyError` when the policy names no model for this, or one of an unknown connection."""
        models = self._policy.models
        name = model or models.get(role) or models.get("worker") or models.get("root")
        if name is None:
            raise PolicyError("The policy names no model. Set `models` in it, for example root and worker.")
        key = (role, name)
        if key not in self._routes:
            self._routes[key] = self._make(role, name)
        return self._routes[key]

    def _make(self, role: str, name: str) -> Route:
        connection_name, model = split_model(name)
        connection = self._connections.get(connection_name)
        if connection is None:
            known = ", ".join(sorted(self._connections)) or "none yet"
            raise PolicyError(
                f"There is no model connection named {connection_name!r} (known: {known}). Add it in Settings."
            )
        own_price = self._prices.get(name)
        return Route(
            role=role,
            name=name,
            connection=connection,
            model=model,
            client=self._connect(connection),
            own_price=own_price,
            price=pricing.price_of(connection, model, own_price),
        )


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
    schema: Any | None = None
    streams: bool = False
    last_chance: bool = False
    reads: tuple[Read, ...] = ()
    """Pieces of the run's documents in the messages."""
    batch: int | None = None
    index: int | None = None
    line: int | None = None


class Caller:
    """Makes the calls of one run."""

    def __init__(
        self,
        *,
        tree: Tree,
        emit: Emit,
        budget: Budget,
        run_slots: asyncio.Semaphore,
        process_slots: asyncio.Semaphore,
        on_delta: Delta | None,
    ) -> None:
        self._tree = tree
        self._emit = emit
        self._budget = budget
        self._run_slots = run_slots
        self._process_slots = process_slots
        self._on_delta = on_delta

    async def call(self, call: Call) -> Reply:
        """The reply, after its record is stored. Raises `ProviderError` or `BudgetReached`."""
        route = call.route
        request = Request(model=route.model, messages=call.messages, schema=call.schema)
        async with self._tree.node(
            "lm",
            call.parent,
            call.name,
            depth=call.depth,
            role=route.role,
            model=route.name,
            batch=call.batch,
            index=call.index,
            line=call.line,
            call_key=call_key(call.path, request),
            texts={"request": call.messages},
        ) as node:
            node.durable = True
            created = time.monotonic()
            async with self._run_slots:
                reservation = await self._budget.reserve(ask_for(call), last_chance=call.last_chance)
                reply = await self._settled(call, request, node, reservation, created)
            if reply.finish_reason == "content_filter":
                raise ProviderError("content_filter", f"The provider refused the content. {reply.text[:200]}".strip())
            return reply

    async def _settled(
        self, call: Call, request: Request, node: Node, reservation: Reservation, created: float
    ) -> Reply:
        """Asks once there is room in this process, and replaces the reservation by what was really spent."""
        usage, cost, called = None, None, False
        try:
            async with self._process_slots:
                node.data["queued_ms"] = round((time.monotonic() - created) * 1000, 3)
                called = True
                limit = reservation.max_output_tokens
                reply = await self._attempts(call, replace(request, max_output_tokens=limit), node)
            usage, cost = self._account(call, reply, node)
            return reply
        except BaseException as error:
            if called:
                self._charge_failure(call, node, error)
            raise
        finally:
            await asyncio.shield(self._budget.settle(reservation, usage, cost, called=called))

    async def _attempts(self, call: Call, request: Request, node: Node) -> Reply:
        """Tries again after failures that pass, as often as is sensible."""
        for attempt in range(1, MOST_TRIES + 1):
            node.data["attempt"] = attempt
            began = time.monotonic()
            try:
                return await call.route.client.complete(request, self._listener(call, node))
            except ProviderError as error:
                if error.kind not in RETRIED or attempt == MOST_TRIES:
                    raise
                await self._wait(node, attempt, error, time.monotonic() - began)
        raise AssertionError("the last try returns or raises")

    def _listener(self, call: Call, node: Node) -> OnDelta | None:
        if not (call.streams and self._on_delta):
            return None
        tell = self._on_delta
        return lambda words: tell(node.number, words)

    async def _wait(self, node: Node, attempt: int, error: ProviderError, seconds: float) -> None:
        """Until the server may be asked again: what it said, else doubling with jitter."""
        pause = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0)
        if error.retry_after is not None:
            pause = error.retry_after + random.uniform(0, 0.1)
        deadline = self._budget.hard_deadline
        if deadline is not None and time.monotonic() + pause >= deadline:
            raise error
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


def ask_for(call: Call) -> Ask:
    """What the call may need at most: a byte is rarely less than a third of a token."""
    size = sum(len(message.content.encode("utf-8", "replace")) for message in call.messages)
    output = OUTPUT_TOKENS.get(call.route.role, OUTPUT_TOKENS_ELSE)
    tokens = size // 3 + 16 * len(call.messages)
    return Ask(input_tokens=tokens, output_tokens=output, price=call.route.price_at(tokens))


def call_key(path: str, request: Request) -> str:
    """Names a call across replays of the same run."""
    digest = hashlib.sha256(f"{path}\0{request.model}\0".encode())
    for message in request.messages:
        digest.update(f"{message.role}\0{message.content}\0".encode("utf-8", "replace"))
    if request.schema is not None:
        digest.update(json.dumps(request.schema, sort_keys=True, default=str).encode())
    return digest.hexdigest()[:32]

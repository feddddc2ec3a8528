"""A cap holds over the whole tree, whatever grows: random trees of sub-RLMs, batches, failures and repairs under random
caps, counted by the model itself. The model and the REPL are small stand-ins, so that a thousand trees take seconds;
everything between them is real."""

import json
import random
from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from trajectories import engine
from trajectories.engine.errors import ProviderError
from trajectories.engine.events import Event
from trajectories.engine.types import CallItem, Ending, Execution, HostCall, HostCalls, QuotingText, Reply, Request

PRICE = engine.Price(input=Decimal(3), output=Decimal(15), cache_read=Decimal("0.3"), source="own", as_of="2026-01-01")
TREES = 1_000
PASSING = ("rate_limit", "overloaded", "network")


class Chance:
    """A model that does something at random, and counts what it was asked."""

    def __init__(self, seed: int, trouble: float) -> None:
        self.chance = random.Random(seed)
        self.trouble = trouble
        self.calls = 0
        self.tokens = 0
        self.usd = Decimal(0)

    async def complete(self, request: Request, on_delta: Any = None) -> Reply:
        if self.chance.random() < self.trouble:
            kind = self.chance.choice(["auth", "context_length", "bad_request"])
            raise ProviderError(kind, "no")  # type: ignore[arg-type]
        self.calls += 1
        asked = sum(len(message.content) for message in request.messages) // 4 + 1
        said = self.chance.randrange(1, (request.max_output_tokens or 2_000) + 1)
        cached = self.chance.randrange(asked)
        self.tokens += asked + said
        self.usd += ((asked - cached) * PRICE.input + cached * Decimal("0.3") + said * PRICE.output) / 1_000_000
        usage = engine.Usage(calls=1, input_tokens=asked, cache_read_tokens=cached, output_tokens=said)
        return Reply(text=self._text(request), finish_reason=self.chance.choice(["stop"] * 5 + ["length"]), usage=usage)

    def _text(self, request: Request) -> str:
        if request.messages[0].role != "system":
            return self.chance.choice(["fine", "", '{"n": 1}'])
        doing = self.chance.choice(["llm", "llm", "rlm", "rlm", "end", "nothing"])
        return f"```repl\n{json.dumps({'do': doing, 'many': self.chance.randrange(1, 9)})}\n```"


class Repl:
    """“Runs” what `Chance` wrote."""

    level = "none"
    libraries = ()
    dialect = ""

    async def execute(self, code: str, host: HostCalls) -> Execution:
        told = json.loads(code) if code.startswith("{") else {"do": "end", "many": 1}
        ending = None
        if told["do"] == "end":
            ending = Ending(how="answer", answer="the end", variable=None, sources=())
        elif told["do"] != "nothing":
            items = tuple(CallItem(prompt=QuotingText(text=f"part {n} " * 200)) for n in range(told["many"]))
            schema = {"type": "object"} if told["do"] == "llm" and told["many"] % 2 else None
            call = HostCall(op=told["do"], items=items, batch=True, role="worker", model=None, schema=schema, line=1)
            await host(call)
        return Execution(
            **{"stdout": "ok\n", "stdout_chars": 3, "truncated": False, "error": None, "ending": ending},
            **{"variables": (), "variables_hash": "", "reads": (), "seconds": 0.0},
        )

    async def close(self) -> None: ...


async def run_of(
    seed: int, limits: dict[str, Any], subtree: dict[str, Any]
) -> tuple[engine.Outcome, Chance, list[Event]]:
    made = engine.Engine()
    model = Chance(seed, trouble=0.1)

    async def sandbox(documents: Sequence[Any], settings: Any, **_: Any) -> Repl:
        return Repl()

    house = SimpleNamespace(sandbox=sandbox, kind="process", level="none", findings=[])
    made._sandboxes = house  # type: ignore[assignment]
    connection = engine.Connection(name="x", provider="openai")
    made._clients[connection] = model
    events: list[Event] = []

    async def emit(event: Event) -> None:
        events.append(event)

    policy = {
        "models": {"root": "x/m", "worker": "x/m"},
        "gates": [{"gate": "not_empty", "on": "call"}, {"gate": "agreement", "samples": 2, "roles": ["worker"]}],
        "max_depth": 3,
        "max_steps": 4,
        "limits": limits,
        "subtree_limits": subtree,
        "concurrency": 8,
    }
    task = engine.Task(
        question="Q?",
        documents=(engine.Document(id="d", name="d", text=engine.TextInMemory("x" * 40_000)),),
        policy=engine.policy_from_json(policy),
        connections={"x": connection},
        models={"x/m": engine.ModelSpec(price=PRICE)},
    )
    return await made.run(task, emit), model, events


def caps_of(chance: random.Random) -> dict[str, Any]:
    return {
        "cost_usd": str(Decimal(chance.randrange(1, 400)) / 1_000) if chance.random() < 0.6 else None,
        "tokens": chance.randrange(2_000, 60_000) if chance.random() < 0.6 else None,
        "calls": chance.randrange(2, 60) if chance.random() < 0.8 else 200,
    }


async def test_no_cap_is_exceeded_in_a_thousand_random_trees() -> None:
    used = []
    for seed in range(TREES):
        chance = random.Random(f"caps {seed}")
        limits = caps_of(chance)
        subtree = caps_of(chance) if chance.random() < 0.3 else {}
        outcome, model, events = await run_of(seed, limits, subtree)
        told = f"seed {seed}, {limits}, below {subtree}"
        if limits["cost_usd"] is not None:
            assert model.usd <= Decimal(limits["cost_usd"]), told
        if limits["tokens"] is not None:
            assert model.tokens <= limits["tokens"], told
        assert model.calls <= limits["calls"], told
        assert outcome.usage.input_tokens + outcome.usage.output_tokens == model.tokens, told
        assert (outcome.cost.usd or 0) == model.usd, told
        started = [event.node for event in events if event.type == "node.started"]
        assert sorted(started) == sorted(event.node for event in events if event.type == "node.finished"), told
        used.append(model.calls / limits["calls"])
    assert sum(part > 0.9 for part in used) > TREES / 20, "the caps were put to the test"
    assert outcome is not None


async def test_a_subtree_never_takes_more_than_its_own_cap() -> None:
    for seed in range(100):
        _outcome, _model, events = await run_of(seed, {"calls": 200}, {"calls": 5, "tokens": 20_000})
        nodes = {event.node: dict(event.data) for event in events if event.type == "node.started"}
        for event in events:
            if event.type == "node.finished" and nodes[event.node]["kind"] == "rlm" and nodes[event.node]["depth"]:
                usage = event.data["subtree"]["usage"]
                failed = sum(
                    other.data.get("status") == "failed" and "usage" in other.data
                    for other in events
                    if other.type == "node.finished"
                )
                assert usage["calls"] - failed <= 5
                assert usage["input_tokens"] + usage["output_tokens"] <= 20_000


@pytest.mark.parametrize("dollars", ["0.05", "1.00"])
async def test_sixty_four_children_on_one_budget_never_overspend(dollars: str) -> None:
    made: list[Decimal] = []
    for seed in range(5):
        _outcome, model, _events = await run_of(seed + 10_000, {"cost_usd": dollars, "calls": 5_000}, {})
        made.append(model.usd)
    assert max(made) <= Decimal(dollars)

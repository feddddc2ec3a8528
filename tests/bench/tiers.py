"""What cascades with gates are worth: `python -m tests.bench.tiers`. No language model.

Models with known strengths answer questions of known difficulty: each answers rightly when it is strong enough, else it
errs in one of three ways: an empty reply, a refusal, or a wrong answer that does not fit the schema; some wrong answers
look right. Compared are always the cheapest, always the best, and the cascade with gates, over mixes of easy and hard
questions. Told is where the cascade wins and where it does not.
"""

import argparse
import asyncio
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.model_server import ModelServer, ScriptedReply
from trajectories import engine
from trajectories.engine.events import Event

QUESTIONS = 200
STRENGTH = {"small": 0.45, "middle": 0.75, "large": 0.97}
PRICE = {"small": Decimal("0.1"), "middle": Decimal("0.8"), "large": Decimal("5")}
TIERS = {"A": "x/large", "B": "x/middle", "C": "x/small"}
LOOKS_RIGHT = (0.1, 0.5, 0.9)
"""Parts of the wrong answers that no gate can tell."""
SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
GATES = [{"gate": "not_empty"}, {"gate": "no_refusal"}, {"gate": "not_truncated"}]
WAYS = {
    "always the cheapest": {"models": {"root": "x/root", "worker": "x/small"}},
    "always the best": {"models": {"root": "x/root", "worker": "x/large"}},
    "cascade with gates": {
        "models": {"root": "x/root", "worker": "C"},
        "tiers": TIERS,
        "routing": {"worker": {"kind": "cascade", "tiers": ["C", "B", "A"]}},
        "gates": GATES,
    },
}
CODE = (
    f"SCHEMA = {SCHEMA!r}\n"
    f"told = llm_batch(['question %d' % n for n in range({QUESTIONS})], schema=SCHEMA)\n"
    "right = sum(isinstance(one, dict) and one['answer'] == 'right' for one in told)\nFINAL(str(right))"
)


def answerer(hard: float, looks_right: float) -> Callable[[dict[str, Any]], ScriptedReply | str]:
    """`hard`: part of the questions that are beyond the small model."""

    def answer(body: dict[str, Any]) -> ScriptedReply | str:
        if body["model"] == "root":
            return f"```repl\n{CODE}\n```"
        prompt = body["messages"][0]["content"]
        chance = random.Random(f"{prompt[:14]} {hard}")
        difficulty = chance.uniform(0.5, 1.0) if chance.random() < hard else chance.uniform(0.0, 0.4)
        if STRENGTH[body["model"]] >= difficulty:
            return '{"answer": "right"}'
        own = random.Random(f"{prompt[:14]} {body['model']}")
        if own.random() < looks_right:
            return '{"answer": "wrong"}'
        return own.choice(["", "I'm sorry, but I can't do that.", "It is hard to say.", '{"answer": '])

    return answer


async def measured(made: engine.Engine, server: ModelServer, way: dict[str, Any]) -> tuple[int, Decimal, int]:
    """(right answers, dollars, calls)."""
    connection = engine.Connection(name="x", provider="openai", base_url=server.url)
    models = {
        f"x/{name}": engine.ModelSpec(
            price=engine.Price(input=price, output=4 * price, source="own", as_of="2026-01-01")
        )
        for name, price in {**PRICE, "root": Decimal(0)}.items()
    }
    task = engine.Task(
        question="How many?",
        documents=(engine.Document(id="d", name="d", text=engine.TextInMemory("x")),),
        policy=engine.policy_from_json({**way, "failures": {"schema": ["raise"]}}),
        connections={"x": connection},
        models=models,
    )

    async def emit(event: Event) -> None:
        """Nobody listens."""

    outcome = await made.run(task, emit)
    assert outcome.answer is not None, outcome.error_message
    return int(outcome.answer), outcome.cost.usd or Decimal(0), outcome.usage.calls


async def compare() -> None:
    made = engine.Engine(sandbox_min="none")
    await made.open()
    print(f"{QUESTIONS} questions; right answers and cost of each way; value = right answers per dollar\n")
    async with ModelServer() as server:
        for looks_right in LOOKS_RIGHT:
            for hard in (0.1, 0.3, 0.6, 0.9):
                server.script(answerer(hard, looks_right))
                found = {name: await measured(made, server, way) for name, way in WAYS.items()}
                _tell(hard, looks_right, found)
    await made.close()


def _tell(hard: float, looks_right: float, found: dict[str, tuple[int, Decimal, int]]) -> None:
    print(f"{hard:.0%} hard questions, {looks_right:.0%} of wrong answers look right")
    for name, (right, usd, calls) in found.items():
        print(f"   {name:22} {right / QUESTIONS:6.1%} right  ${usd:.4f}  {calls:4} calls")
    cheap, best, cascade = found.values()
    beats = [
        f"{'better' if cascade[0] > cheap[0] else 'NOT better'} than the cheapest",
        f"{'cheaper' if cascade[1] < best[1] else 'NOT cheaper'} than the best"
        f" at {cascade[0] / max(1, best[0]):.0%} of its quality",
    ]
    print(f"   the cascade is {', '.join(beats)}\n")


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    asyncio.run(compare())


if __name__ == "__main__":
    main()

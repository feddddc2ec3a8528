"""The ideal prefix cache: against comparing every request with all before it, character by character."""

import random
from collections import defaultdict

import pytest

from tests.charts.logged import calls, grouped, prompt
from tests.charts.reading import rows, title
from tests.fixtures.keep import keep
from tests.fixtures.plans import MadeRun, batch
from tests.fixtures.runs import ASK, RUNS, Story

pytestmark = pytest.mark.django_db


def ideal(made: MadeRun) -> dict[int, float]:
    """By comparing each request with all earlier ones to the same model, character by character."""
    parts = {}
    earlier: dict[str, list[str]] = defaultdict(list)
    for node in sorted(calls(made), key=lambda node: (node.start, node.number)):
        text = prompt(made, node)
        shared = max((common(text, other) for other in earlier[node.began["model"]]), default=0)
        parts[node.number] = characters(text[:shared]) / characters(text)
        earlier[node.began["model"]].append(text)
    return parts


def common(one: str, other: str) -> int:
    for place, (mine, its) in enumerate(zip(one, other, strict=False)):
        if mine != its:
            return place
    return min(len(one), len(other))


def characters(text: str) -> int:
    """Without the signs that stand before each message."""
    pieces = text.split("\0")[1:]
    return sum(len(piece) for piece in pieces[1::2])


@pytest.mark.parametrize("name", ["recursive", "with_batch"])
def test_an_ideal_cache_holds_what_an_earlier_request_began_with(name: str) -> None:
    made = RUNS[name]()
    parts = ideal(made)
    groups = grouped(made, "call")
    for row in rows(keep(made), "cache", "call"):
        nodes = groups[row["Kind of call"]]
        wanted = sum(node.usage["input_tokens"] * parts[node.number] for node in nodes)
        assert row["Ideal, estimated"] == pytest.approx(wanted, abs=0.02 * row["Input"])
        assert row["Input"] == sum(node.usage["input_tokens"] for node in nodes)
        assert row["From cache"] == sum(node.usage["cache_read_tokens"] for node in nodes)


@pytest.mark.parametrize("turns", [3, 10, 20])
def test_a_history_that_only_grows_is_held_as_the_formula_says(turns: int) -> None:
    story = Story(13)
    for number in range(turns):
        cell = story.turn(f"print({number})", "Python", 0.1)
        story.done(cell, cell.start + 0.1)
        story.history[-1] = {"role": "user", "content": f"Output {number}: " + "x" * 800}
    made = story.made("growing")
    lengths = []
    for plan in [step.below[0] for step in story.root.below]:
        length = sum(len(message["content"]) for message in plan.texts["request"])
        plan.told["usage"]["input_tokens"] = length
        lengths.append(length)
    made = story.made("growing")
    parts = [(row["Input"], row["Ideal, estimated"]) for row in rows(keep(made), "cache", "turn")]
    assert [tokens for tokens, _held in parts] == lengths
    held = sum(held for _tokens, held in parts) / sum(lengths)
    assert held == pytest.approx(1 - lengths[-1] / sum(lengths), abs=0.001)


def test_the_instruction_that_a_batch_has_in_common_is_held_even_where_it_is_long() -> None:
    instruction = "Say whether the certificate had expired, and quote the sentence that proves it.\n" * 40
    story = Story(14)
    cell = story.turn(ASK, "llm_batch", 1)
    chance = random.Random(1)
    end = batch(cell, [f"item {number}" for number in range(200)], cell.start, slots=16, chance=chance)
    for number, plan in enumerate(cell.below):
        plan.texts = {"request": [{"role": "user", "content": f"{instruction}Report {number:05}: {'abc' * 300}"}]}
    story.done(cell, end)
    made = story.made("long_instruction")
    sub_calls = next(row for row in rows(keep(made), "cache", "call") if row["Kind of call"] == "sub-calls")
    parts = ideal(made)
    read = {node.number: node.usage["input_tokens"] for node in calls(made)}
    wanted = sum(read[plan.number] * parts[plan.number] for plan in cell.below)
    assert sub_calls["Ideal, estimated"] == pytest.approx(wanted, rel=0.01)
    assert sub_calls["Ideal part"] > 0.7


def test_what_was_not_reported_is_not_said_to_be_cached() -> None:
    run = keep(RUNS["with_batch"]())
    sub_calls = next(row for row in rows(run, "cache", "call") if row["Kind of call"] == "sub-calls")
    assert sub_calls["From cache"] == 0
    run.node_set.filter(kind="lm").update(cache_read_tokens=0)
    assert title(run, "cache").startswith("No cached input was reported; an ideal cache would have held ")

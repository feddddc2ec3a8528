"""When an answer is taken: after a look, in the form asked for, and past the gates."""

import json
from typing import Any

import pytest

from tests.engine.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def cell(code: str) -> str:
    return f"```repl\n{code}\n```"


def told(lab: Lab, turn: int) -> str:
    return str(lab.root_requests()[turn]["messages"][-1]["content"])


async def test_an_answer_beside_the_first_look_is_sent_back_where_exploration_is_asked_for(lab: Lab) -> None:
    outcome = await lab.ask([cell("print(peek(4000))\nFINAL('guess')"), cell("FINAL('seen')")], exploration="block")
    assert outcome.answer == "seen"
    assert "before you had seen" in told(lab, 1)


async def test_a_glimpse_of_a_long_text_is_not_enough(lab: Lab) -> None:
    glimpse = cell("print(peek(10))")
    replies = [glimpse, cell("FINAL('guess')"), cell("print(peek(3000)[:9])"), cell("FINAL('seen')")]
    outcome = await lab.ask(replies, documents=["word " * 400_000], exploration="block")
    assert outcome.answer == "seen"
    assert "nothing of the text" in told(lab, 2)


async def test_the_same_text_read_again_and_again_counts_once(lab: Lab) -> None:
    again = cell("for _ in range(500): found = peek(10)")
    await lab.ask([again, cell("FINAL('guess')")], documents=["word " * 400_000], exploration="block", max_steps=3)
    assert "nothing of the text" in told(lab, 2)


async def test_asking_models_about_the_text_counts_as_a_look(lab: Lab) -> None:
    outcome = await lab.ask([cell("found = llm_call('x')"), cell("FINAL('seen')")], exploration="block")
    assert outcome.answer == "seen"


async def test_with_warn_the_step_says_that_nothing_was_read(lab: Lab) -> None:
    await lab.ask([cell("FINAL('guess')")])
    assert lab.log.kind("step")[0]["unexplored"] is True


async def test_an_answer_of_the_wrong_form_is_sent_back_with_the_schema(lab: Lab) -> None:
    outcome = await lab.ask([cell("print(1)\nFINAL('three')"), cell("FINAL({'n': 3})")], answer_schema=SCHEMA)
    assert json.loads(outcome.answer or "") == {"n": 3}
    assert "not JSON" in told(lab, 1)
    assert '"required": ["n"]' in told(lab, 1)
    assert '"required": ["n"]' in told(lab, 0)


async def test_an_answer_of_the_wrong_form_is_none_at_the_last_chance_too(lab: Lab) -> None:
    outcome = await lab.ask([cell("print(1)"), "FINAL(three)"], answer_schema=SCHEMA, max_steps=1)
    assert (outcome.status, outcome.ended_by) == ("failed", "limit_steps")


async def test_answers_that_a_gate_refuses_end_the_run_and_the_last_one_is_kept(lab: Lab) -> None:
    gates = [{"gate": "not_empty", "on": "answer"}]
    outcome = await lab.ask([cell("print(1)\nFINAL('…')")], gates=gates)
    assert (outcome.status, outcome.error_kind, outcome.answer) == ("failed", "gate", "…")
    assert len(lab.log.kind("gate")) == 3
    assert "The answer is empty" in told(lab, 1)
    lab.log.check_starts_and_finishes()


async def test_after_refused_answers_a_stronger_model_goes_on(lab: Lab) -> None:
    question = "What jumps?"
    lab.server.replies("strong", [cell("FINAL('a fox')")], when=question)
    policy: dict[str, Any] = {
        "models": {"root": "B", "worker": "B"},
        "tiers": {"A": "test/strong", "B": "test/root"},
        "gates": [{"gate": "not_empty", "on": "answer"}],
    }
    outcome = await lab.ask([cell("print(1)\nFINAL('')")], question=question, **policy)
    assert outcome.answer == "a fox"
    (raised,) = lab.log.of("tier.raised")
    assert (raised.data["from"], raised.data["to"]) == ("test/root", "test/strong")


async def test_a_gate_on_cells_tells_the_model(lab: Lab) -> None:
    await lab.ask([cell("x = 1"), cell("FINAL('done')")], gates=[{"gate": "not_empty", "on": "cell"}])
    assert "About this output (not_empty): What the cell printed is empty." in told(lab, 1)

"""Figures, settings and answers beside one another."""

from decimal import Decimal

import pytest

from tests.comparison.made_up import ADD_UP, FINISH, LOOK, SPLIT, USUAL, Asked, Turn, compared, kept
from trajectories.comparison import Comparison, Figure
from trajectories.models import Run

pytestmark = pytest.mark.django_db


def figure(found: Comparison, name: str) -> Figure:
    return next(each for each in found.figures if each.name == name)


def differing(found: Comparison) -> dict[str, tuple]:
    return {setting.name: setting.values for setting in found.settings if setting.differs}


def test_deltas_say_how_much_and_what_is_better() -> None:
    found = compared(kept(USUAL), kept([*USUAL, LOOK]))
    cost, calls, sources = (figure(found, name) for name in ("cost", "calls", "sources"))
    assert cost.deltas[0] is None and cost.deltas[1] is not None and isinstance(cost.values[1], Decimal)
    assert cost.deltas[1].absolute == cost.values[1] - cost.values[0] > 0 and cost.deltas[1].verdict == "worse"
    assert calls.values == (11, 12) and calls.deltas[1] and calls.deltas[1].relative == pytest.approx(1 / 11)
    assert calls.deltas[1].verdict == "neutral"
    assert sources.deltas[1] and sources.deltas[1].verdict == "neutral" and sources.deltas[1].relative is None


def test_the_baseline_can_be_another_run() -> None:
    found = compared(kept(USUAL), kept([*USUAL, LOOK]), base=1)
    cost = figure(found, "cost").deltas
    assert cost[1] is None and cost[0] is not None and cost[0].absolute < 0 and cost[0].verdict == "better"


def test_unknown_costs_stay_unknown_and_have_no_delta() -> None:
    unpriced = Turn(code="llm_call('x', model='local/otter')", asks=[Asked(prompt="x", model="local/otter")])
    found = compared(kept(USUAL), kept([unpriced]), kept([unpriced, *USUAL]))
    assert figure(found, "cost").values[1:] == (None, None)
    assert figure(found, "cost").deltas == (None, None, None)
    assert compared(kept([unpriced]), kept(USUAL)).figures[2].deltas[1] is None


def test_an_answer_is_better_than_none() -> None:
    failed = kept(USUAL[:2], status="failed", answer=None)
    found = compared(kept(USUAL), failed)
    status = figure(found, "status")
    assert status.values == ("succeeded", "failed") and status.deltas[1] and status.deltas[1].verdict == "worse"
    assert compared(failed, kept(USUAL)).figures[0].deltas[1].verdict == "better"


def test_figures_are_those_of_the_run() -> None:
    reads = [{"document": "reports00000", "start": 0, "end": 8_412_006, "how": "sent"}]
    sources = [{"document": "reports00000", "start": 0, "end": 180, "text": "…"}]
    run = kept([LOOK, Turn(code="x = 1", reads=reads), FINISH], sources=sources)
    found = compared(run, run)
    taken = {each.name: each.values[0] for each in found.figures}
    assert taken["steps"] == 3 and taken["nodes"] == run.nodes and taken["input_tokens"] == run.input_tokens
    assert taken["largest_prompt"] == 1_300 and taken["sources"] == 1 and taken["failed"] == 0
    chars = sum(document.chars for document in run.documents.all())
    assert taken["coverage_sent"] == pytest.approx((8_412_006 - 180) / chars)
    assert taken["coverage_cited"] == pytest.approx(180 / chars)


def test_settings_that_differ_have_dotted_names() -> None:
    limits = {"cost_usd": "10.00", "tokens": None, "calls": 10_000, "seconds": 1_800}
    other = kept(USUAL, model="north/huge", policy={"limits": limits, "max_depth": 1})
    assert differing(compared(kept(USUAL), other)) == {
        "policy.max_depth": (2, 1),
        "policy.limits.cost_usd": ("5.00", "10.00"),
        "models_used.root": (["north/large"], ["north/huge"]),
    }


def test_documents_and_what_only_one_run_has_are_settings() -> None:
    documents = [{"id": "reports00000", "name": "incident-reports-2025.txt", "chars": 8_412_006}]
    one = kept(USUAL, documents=documents, policy={"exploration": "warn"})
    found = differing(compared(kept(USUAL), one))
    assert found["documents"][1] == ["incident-reports-2025.txt"] and len(found["documents"][0]) == 3
    assert found["policy.exploration"] == (None, "warn")


def test_the_profile_and_sandbox_that_were_used_are_told() -> None:
    found = compared(kept(USUAL), kept(USUAL))
    told = {setting.name: setting.values for setting in found.settings}
    assert told["prompt_profile"] == ("general 1", "general 1") and told["sandbox"] == ("full", "full")


def test_answers_are_told_against_the_baselines() -> None:
    found = compared(kept(USUAL), kept(USUAL, answer="Five outages."), kept(USUAL, answer=None), base=1)
    assert [answer.text for answer in found.answers] == ["Four outages.", "Five outages.", None]
    assert found.answers[1].difference is None and found.answers[0].difference is not None
    assert [(part.how, part.text) for part in found.answers[0].difference.parts][:2] == [
        ("gone", "Five"),
        ("new", "Four"),
    ]
    assert found.answers[2].difference and [part.how for part in found.answers[2].difference.parts] == ["gone"]


def test_a_run_that_goes_on_has_figures_of_now() -> None:
    run: Run = kept([LOOK, SPLIT, ADD_UP])
    Run.objects.filter(pk=run.pk).update(status="running", finished_at=None, ended_by="")
    run.refresh_from_db()
    found = compared(kept(USUAL), run)
    assert figure(found, "status").values[1] == "running" and figure(found, "ended_by").deltas[1] is None
    assert figure(found, "seconds").values[1] is not None

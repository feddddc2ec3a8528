"""Calls that brought nothing new: each kind, once, with its amounts and its nodes."""

from decimal import Decimal

import pytest

from tests.charts.logged import logged
from tests.charts.reading import one_call, rows, title
from tests.fixtures.keep import keep
from tests.fixtures.plans import WORKER, MadeRun, Plan, call
from tests.fixtures.runs import ASK, Story, read
from trajectories import charts

pytestmark = pytest.mark.django_db


def wasteful() -> tuple[MadeRun, dict[str, list[Plan]]]:
    """One call or more of each kind of waste, and others beside them."""
    story = Story(15)
    cell = story.turn(ASK, "llm_batch", 1)
    plans = []
    for number in range(12):
        start = cell.start + 0.01 * number
        content = f"Question {number}: {'z' * 975}"
        plan = call(f"q{number}", start, start + 2, model=WORKER, tokens=(1000, 100), depth=1)
        plan.texts = {"request": [{"role": "user", "content": content[:1000]}]}
        plan.told["reads"] = [read(0, number * 1000, number * 1000 + 500, "sent")]
        plans.append(cell.add(plan))
    plans[3].status, plans[3].error, plans[3].texts_after = "failed", {"kind": "timeout", "message": "Late."}, {}
    plans[4].texts = plans[2].texts
    plans[5].texts = plans[2].texts
    plans[6].texts = plans[3].texts
    plans[7].told["finish_reason"] = "length"
    plans[8].told["attempt"] = 2
    refused = {"attempt": 1, "kind": "rate_limit", "message": "Slow.", "seconds": 0.3, "wait_seconds": 0.7}
    plans[8].retries = [(plans[8].start + 0.3, refused)]
    plans[9].told["attempt"] = 2
    plans[9].retries = [(plans[9].start + 0.5, {**refused, "kind": "timeout"})]
    plans[11].told["reads"] = [read(0, 10_250, 10_750, "sent"), read(0, 20_000, 20_100, "sent")]
    plans[10].told["reads"] = [read(0, 10_000, 10_500, "sent")]
    story.done(cell, cell.start + 4, "y" * 10_000)
    story.answer("Done.", [])
    kinds = {
        "failed calls": [plans[3]],
        "tries before an answer": [plans[8], plans[9]],
        "repeated requests": [plans[4], plans[5]],
        "cut replies": [plans[7]],
        "pieces sent again": [plans[11]],
    }
    return story.made("wasteful"), kinds


def test_waste_of_each_kind_is_counted_once_and_leads_to_its_nodes() -> None:
    made, kinds = wasteful()
    run = keep(made)
    found = {row["Kind"]: row for row in rows(run, "waste")}
    assert set(found) == {*kinds, "output not shown"}
    for name in ("failed calls", "repeated requests", "cut replies"):
        row = found[name]
        assert row["Nodes"] == len(kinds[name])
        assert row["Cost"].usd == sum(Decimal(plan.told["cost"]["usd"]) for plan in kinds[name])
        assert row["Tokens"] == 1100 * len(kinds[name])
        assert row["Time"] == pytest.approx(2 * len(kinds[name]), abs=1e-3)
    tries = found["tries before an answer"]
    assert (tries["Cost"].usd, tries["Cost"].unpriced) == (0, 1), "a refusal costs nothing, a timeout nobody knows"
    assert tries["Time"] == pytest.approx(2.0)
    cell = next(node for node in logged(made).values() if node.told.get("stdout_chars") == 10_000)
    assert found["output not shown"]["Not shown"] == 10_000 - cell.told["shown_chars"] > 5_000
    made_chart = charts.chart(charts.read_record(run), "waste")
    led = {row.cells[0]: set(row.mark.nodes) for row in made_chart.rows if row.mark}
    assert {name: led[name] for name in kinds} == {name: {plan.number for plan in kinds[name]} for name in kinds}


def test_a_piece_sent_again_costs_its_part_of_the_input() -> None:
    made, kinds = wasteful()
    row = next(row for row in rows(keep(made), "waste") if row["Kind"] == "pieces sent again")
    length = len(kinds["pieces sent again"][0].texts["request"][0]["content"])
    assert row["Tokens"] == 1000 * 250 // length
    assert row["Cost"].usd == pytest.approx(Decimal("0.40") / 1000 * 250 / length)
    assert row["Time"] is None


def test_waste_that_there_is_not_is_said() -> None:
    run = keep(one_call())
    assert title(run, "waste") == "No call failed, was repeated or was cut"


@pytest.mark.parametrize("by", charts.views("waste"))
def test_waste_is_told_in_money_tokens_and_time(by: str) -> None:
    made, _kinds = wasteful()
    figure = charts.figure(keep(made), "waste", by)
    told = dict(zip(figure["data"][0]["y"], figure["data"][0]["x"], strict=True))
    assert told["repeated requests"] == pytest.approx({"cost": 0.00112, "tokens": 2200, "time": 4}[by], abs=1e-4)

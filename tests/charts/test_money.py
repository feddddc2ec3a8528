"""Costs, tokens and limits on charts: against sums over the log."""

from collections import defaultdict
from decimal import Decimal

import pytest

from tests.charts.logged import Logged, calls, grouped, kind_of, logged
from tests.charts.reading import file, rows, title
from tests.fixtures.keep import keep
from tests.fixtures.plans import WORKER, call
from tests.fixtures.runs import ASK, RUNS, Story
from trajectories import charts

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("by", charts.views("cost"))
@pytest.mark.parametrize("name", ["recursive", "with_batch", "going_on"])
def test_costs_of_each_group_are_those_of_the_log_and_add_up_to_the_run(name: str, by: str) -> None:
    made = RUNS[name]()
    run = keep(made)
    spent: dict[str, Decimal] = defaultdict(Decimal)
    unpriced: dict[str, int] = defaultdict(int)
    head = {"call": "Kind of call", "step": "Root step"}.get(by, by.capitalize())
    for row in rows(run, "cost", by):
        spent[row[head]] += row["Cost"].usd
        unpriced[row[head]] += row["Cost"].unpriced
    groups = grouped(made, by)
    assert spent == {
        group: sum((node.usd or Decimal(0) for node in found), Decimal(0)) for group, found in groups.items()
    }
    assert unpriced == {group: sum(node.usd is None for node in found) for group, found in groups.items()}
    assert sum(spent.values()) == run.cost_usd
    assert sum(Decimal(row["Cost (USD)"] or 0) for row in file(run, "cost", by)) == run.cost_usd
    figure = charts.figure(run, "cost", by)
    values = [value for trace in figure["data"] for value in trace["y" if by == "step" else "x"]]
    assert sum(values) == pytest.approx(float(run.cost_usd or 0))


@pytest.mark.parametrize("by", charts.views("tokens"))
def test_tokens_of_each_group_are_those_of_the_log(by: str) -> None:
    made = RUNS["recursive"]()
    run = keep(made)
    head = {"call": "Kind of call", "step": "Root step"}.get(by, by.capitalize())
    found = {
        row[head]: (row["In"], row["In, from cache"], row["Out"], row["Together"]) for row in rows(run, "tokens", by)
    }
    assert found == {group: tokens(nodes) for group, nodes in grouped(made, by).items()}


def tokens(nodes: list[Logged]) -> tuple[int, int, int, int]:
    read, cached, written = (
        sum(node.usage[kind] for node in nodes) for kind in ("input_tokens", "cache_read_tokens", "output_tokens")
    )
    return read - cached, cached, written, read + written


def test_all_kinds_of_tokens_are_drawn_each_token_once() -> None:
    story = Story(12)
    cell = story.turn(ASK, "llm_call", 4)
    plan = cell.add(call("a", cell.start + 1, cell.start + 2, model=WORKER, tokens=(1000, 300, 400), depth=1))
    plan.told["usage"] |= {"cache_write_tokens": 250, "reasoning_tokens": 120}
    story.answer("Done.", [])
    run = keep(story.made("kinds"))
    figure = charts.figure(run, "tokens", "depth")
    drawn = {trace["name"]: trace["x"][trace["y"].index("depth 1")] for trace in figure["data"]}
    assert drawn == {"in": 350, "in, from cache": 400, "in, written to cache": 250, "out": 180, "out, reasoning": 120}


def test_an_unknown_price_makes_the_cost_a_least_one_and_is_never_0() -> None:
    run = keep(RUNS["with_batch"]())
    assert run.unpriced_calls == 1
    assert title(run, "cost").startswith("At least $")
    told = charts.figure(run, "cost", "model")["layout"]["meta"]["rows"]
    assert [row[5] for row in told if row[0] == "otter-9b"] == ["unknown"]
    assert [row["Cost (USD)"] for row in file(run, "cost", "model") if row["Model"] == "otter-9b"] == [""]
    assert [row["Calls without a price"] for row in file(run, "cost", "model") if row["Model"] == "otter-9b"] == ["1"]
    run = keep(RUNS["failed"]())
    assert charts.figure(run, "cost")["data"] == []
    assert title(run, "cost") == "No price of a model here is known"
    assert "$0" not in str(charts.figure(run, "budget"))


@pytest.mark.parametrize("by", ["cost", "tokens", "calls"])
def test_what_is_counted_over_time_ends_at_the_runs_sum(by: str) -> None:
    run = keep(RUNS["recursive"]())
    total = {"cost": run.cost_usd, "tokens": run.input_tokens + run.output_tokens, "calls": run.calls}[by]
    line = charts.figure(run, "cumulative", by)["data"][0]["y"]
    assert line == sorted(line)
    assert line[-1] == pytest.approx(float(total or 0))
    last = rows(run, "cumulative", by)[-1]["Together"]
    assert (last.usd if by == "cost" else last) == total


def test_the_line_of_money_is_that_of_the_log_at_each_of_its_points() -> None:
    made = RUNS["with_batch"]()
    ended = [(node.end or 0, node.usd) for node in calls(made) if node.usd is not None]
    for row in rows(keep(made), "cumulative"):
        until, before = (sum(usd for end, usd in ended if end <= row["After"] + moment) for moment in (1e-5, -1e-5))
        assert before < row["Together"].usd <= until


def test_a_near_limit_is_a_line_and_a_far_one_is_told_in_words() -> None:
    run = keep(RUNS["recursive"]())
    figure = charts.figure(run, "cumulative", "cost")
    assert not figure["layout"]["shapes"]
    assert "of the limit of $5.00" in figure["layout"]["meta"]["measure"]
    run.policy["limits"]["cost_usd"] = "0.25"
    figure = charts.figure(run, "cumulative", "cost")
    assert [shape["y0"] for shape in figure["layout"]["shapes"]] == [0.25]
    run.policy["limits"]["cost_usd"] = None
    assert "no limit" in charts.figure(run, "cumulative", "cost")["layout"]["meta"]["measure"]


def test_the_budget_tells_how_much_of_each_limit_was_used() -> None:
    made = RUNS["recursive"]()
    run = keep(made)
    used = {row["Limit"]: (row["Used"].value, row["Of"].value) for row in rows(run, "budget")}
    assert used == {
        "money": (run.cost_usd, Decimal("5.00")),
        "calls": (run.calls, 10_000),
        "time": (pytest.approx(run.seconds), 1_800),
        "root steps": (6, 20),
    }
    kept = {row["Limit"]: row["Kept for the last chance"].value for row in rows(run, "budget")}
    assert (kept["calls"], kept["time"]) == (1, 30)
    last = [node for node in calls(made) if kind_of(logged(made), node) == "root turns"][-1]
    messages = last.began["texts"]["request"]["messages"]
    asked = sum(message["chars"] for message in messages) // 3 + 16 * len(messages)
    assert kept["money"] == (asked * Decimal("2.00") + 512 * Decimal("8.00")) / 1_000_000


def test_a_limit_that_was_reached_is_the_finding() -> None:
    run = keep(RUNS["recursive"]())
    assert title(run, "budget") == "Nearest to its limit: root steps, 30 %"
    run.ended_by = "limit_tokens"
    assert title(run, "budget") == "The limit on tokens was reached"
    run.policy = {"limits": {}}
    run.ended_by = "answer"
    assert title(run, "budget") == "This run had no limits"

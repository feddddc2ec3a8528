"""Figures made on the server: valid and small, with marks that lead to nodes, and the same sums as the log."""

import csv
import io
import random
import re
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from statistics import median
from typing import Any

import plotly.graph_objects
import pytest

from tests.fixtures.keep import keep
from tests.fixtures.plans import WORKER, MadeRun, Plan, batch, call, log
from tests.fixtures.runs import ASK, LOOK, RUNS, Story, large, read
from tests.workbench.record import Logged, calls, logged, prompt
from trajectories import charts
from trajectories.models import Run
from trajectories.representations import run_json

pytestmark = pytest.mark.django_db
VIEWS = [(name, by) for name in charts.NAMES for by in charts.views(name)]


def marks(figure: dict[str, Any]) -> int:
    return sum(len(trace["x"]) for trace in figure["data"])


def rows(run: Run, name: str, by: str = "") -> list[dict[str, Any]]:
    """The table's rows by column, with exact values."""
    made = charts.chart(charts.read_record(run), name, by)
    return [dict(zip([column.name for column in made.columns], row.cells, strict=True)) for row in made.rows]


def file(run: Run, name: str, by: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(charts.table(run, name, by).decode())))


def title(run: Run, name: str, by: str = "") -> str:
    text: str = charts.figure(run, name, by)["layout"]["title"]["text"]
    return text


def one_call() -> MadeRun:
    story = Story(11)
    cell = story.turn(LOOK, "peek", 0.3)
    story.done(cell, cell.start + 0.3)
    story.answer("Done.", [])
    return story.made("one_call")


def not_begun() -> MadeRun:
    root = Plan(kind="rlm", name="Why?", start=0.0, began={"role": "root", "model": WORKER})
    return log("not_begun", "Why?", root, [])


MADE: dict[str, Callable[[], MadeRun]] = {**RUNS, "one_call": one_call, "not_begun": not_begun}

# ------------------------------------------------------------------------------------------------- all of them


@pytest.mark.parametrize("run", MADE)
def test_every_view_is_a_valid_small_figure_whose_marks_lead_to_nodes(run: str) -> None:
    kept = keep(MADE[run]())
    numbers = set(kept.node_set.values_list("number", flat=True))
    for name, by in VIEWS:
        figure = charts.figure(kept, name, by)
        plotly.graph_objects.Figure(figure)
        meta = figure["layout"]["meta"]
        assert marks(figure) <= charts.MOST_MARKS, (name, by)
        assert figure["layout"]["title"]["text"]
        assert meta["measure"]
        assert len(meta["rows"]) == len(meta["marks"])
        drawn = [mark for trace in figure["data"] for mark in trace["customdata"]]
        for mark in [mark for mark in [*drawn, *meta["marks"]] if mark]:
            assert set(mark["nodes"]) <= numbers
            assert len(set(mark["nodes"])) == len(mark["nodes"]) == len(mark["values"]) <= mark["count"], (name, by)


@pytest.mark.parametrize("name", [name for name in charts.NAMES if name != "cumulative"])
def test_some_marks_of_each_chart_lead_somewhere(name: str) -> None:
    run = keep(RUNS["with_batch"]())
    figure = charts.figure(run, name)
    assert any(mark for trace in figure["data"] for mark in trace["customdata"])
    assert any(figure["layout"]["meta"]["marks"])


def test_a_run_of_10_500_calls_has_no_more_marks_and_names_no_more_than_a_thousand_nodes() -> None:
    run = keep(large(nodes=10_500))
    record = charts.read_record(run)
    for name, by in VIEWS:
        figure = charts.chart(record, name, by).figure()
        plotly.graph_objects.Figure(figure)
        assert 0 < marks(figure) <= charts.MOST_MARKS, (name, by)
        named = [len(mark["nodes"]) for trace in figure["data"] for mark in trace["customdata"] if mark]
        assert sum(named) <= 1_000, (name, by)
        assert len(figure["layout"]["meta"]["rows"]) <= charts.MOST_ROWS


def test_a_chart_or_a_view_that_does_not_exist_is_a_key_error() -> None:
    run = keep(RUNS["small"]())
    with pytest.raises(KeyError):
        charts.figure(run, "no-such-chart")
    with pytest.raises(KeyError):
        charts.figure(run, "cost", "colour")


@pytest.mark.parametrize("run", MADE)
def test_the_record_adds_up_to_what_the_run_says_to_the_last_digit(run: str) -> None:
    kept = keep(MADE[run]())
    record = charts.read_record(kept)
    said = run_json(kept)
    assert sum(each.calls for each in record.calls) == said["usage"]["calls"]
    assert sum(each.attempts for each in record.calls) == said["usage"]["attempts"]
    for kind in ("input", "cache_read", "cache_write", "output", "reasoning"):
        assert sum(getattr(each, f"{kind}_tokens") for each in record.calls) == said["usage"][f"{kind}_tokens"]
    assert record.usd == Decimal(said["cost"]["usd"] or 0)
    assert record.unpriced == said["cost"]["unpriced_calls"]
    assert record.last_seq == said["last_seq"]


# ------------------------------------------------------------------------------------------------- money and tokens

KEYS: dict[str, Callable[[dict[int, Logged], Logged], str]] = {
    "depth": lambda nodes, node: f"depth {node.began['depth']}",
    "model": lambda nodes, node: node.began["model"].partition("/")[2],
    "role": lambda nodes, node: node.began["role"],
    "tier": lambda nodes, node: node.began.get("tier") or "no tier",
    "call": lambda nodes, node: kind_of(nodes, node),
    "step": lambda nodes, node: step_of(nodes, node),
}


def kind_of(nodes: dict[int, Logged], node: Logged) -> str:
    if nodes[node.began["parent"]].began["kind"] == "cell":
        return "sub-calls"
    return "sub-RLM turns" if node.began["depth"] else "root turns"


def step_of(nodes: dict[int, Logged], node: Logged) -> str:
    steps = [each.number for each in nodes.values() if each.began["kind"] == "step" and each.began["depth"] == 0]
    while node.number not in steps:
        node = nodes[node.began["parent"]]
    return f"step {steps.index(node.number) + 1}"


def grouped(made: MadeRun, by: str) -> dict[str, list[Logged]]:
    nodes = logged(made)
    groups: dict[str, list[Logged]] = defaultdict(list)
    for node in calls(made):
        groups[KEYS[by](nodes, node)].append(node)
    return groups


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


# ------------------------------------------------------------------------------------------------- time


def test_calls_in_flight_reach_the_policys_limit_and_never_pass_it() -> None:
    figure = charts.figure(keep(RUNS["with_batch"]()), "concurrency")
    assert max(figure["data"][0]["y"]) == 16
    assert figure["layout"]["annotations"][-1]["text"] == "limit 16"


def test_calls_in_flight_and_waiting_are_those_of_the_log_at_each_moment() -> None:
    made = RUNS["with_batch"]()
    run = keep(made)
    figure = charts.figure(run, "concurrency")
    parts = len(figure["data"][0]["x"])
    width = (run.seconds or 0) / parts
    names = {trace["name"]: trace["y"] for trace in figure["data"]}
    for part in range(parts):
        moments = [(part + share / 40) * width for share in range(41)]
        busiest = max(at_once(made, moment) for moment in moments)
        assert names["in flight"][part] >= busiest[0] - 1, part
        assert names["in flight"][part] <= 16
    assert max(names["waiting for a place"]) == max(
        at_once(made, moment)[1] for moment in [node.start + 0.0001 * step for node in calls(made) for step in range(3)]
    )
    retried = [node for node in calls(made) if node.retries]
    assert retried
    assert max(names["waiting to try again"]) >= 1


def at_once(made: MadeRun, moment: float) -> tuple[int, int]:
    """(in flight, waiting for a place)"""
    flying = waiting = 0
    for node in calls(made):
        waiting += node.start <= moment < node.sent
        flying += node.sent <= moment < (node.end or 0) and not any(
            start <= moment < end for start, end in pauses(node)
        )
    return flying, waiting


def pauses(node: Logged) -> list[tuple[float, float]]:
    found, at = [], node.sent
    for retry in node.retries:
        at += retry["seconds"]
        found.append((at, at + retry["wait_seconds"]))
        at += retry["wait_seconds"]
    return found


def test_each_call_is_in_one_bar_of_the_latencies() -> None:
    run = keep(RUNS["with_batch"]())
    answered, failed = (sum(trace["y"]) for trace in charts.figure(run, "latency")["data"])
    assert answered + failed == run.calls
    assert failed == 4


@pytest.mark.parametrize("by", ["model", "role", "call", "depth"])
def test_quantiles_of_calls_and_of_the_queue_are_told_apart(by: str) -> None:
    made = RUNS["with_batch"]()
    run = keep(made)
    head = {"call": "Kind of call"}.get(by, by.capitalize())
    found = {row[head]: row for row in rows(run, "latency", by)}
    for group, nodes in grouped(made, by).items():
        took = sorted((node.end or 0) - node.sent for node in nodes)
        queued = sorted(node.sent - node.start for node in nodes)
        row = found.pop(group)
        assert row["Calls"] == len(nodes)
        assert row["Longest"] == pytest.approx(took[-1], abs=1e-5)
        assert row["p50"] == pytest.approx(median(took), abs=max(took) / 8)
        for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            at_most = sum(each <= row[name] + 1e-6 for each in took)
            below = sum(each < row[name] - 1e-6 for each in took)
            assert below < part * len(took) <= at_most
        assert queued[0] - 1e-6 <= row["Queue p50"] <= row["Queue p95"] <= queued[-1] + 1e-6
    assert not found


def test_only_calls_that_waited_are_in_the_picture_of_the_queue() -> None:
    made = RUNS["with_batch"]()
    waited = [node for node in calls(made) if node.sent - node.start >= 0.01]
    figure = charts.figure(keep(made), "latency", "queue")
    assert sum(sum(trace["y"]) for trace in figure["data"]) == len(waited) > 0
    assert title(keep(RUNS["small"]()), "latency", "queue") == "No call had to wait for its turn"


@pytest.mark.parametrize("name", ["recursive", "with_batch", "cancelled", "small"])
def test_each_moment_of_the_run_is_in_one_share_of_its_time(name: str) -> None:
    made = RUNS[name]()
    run = keep(made)
    shares = {row["What"]: row["Time"] for row in rows(run, "time")}
    assert sum(shares.values()) == pytest.approx(run.seconds)
    nodes = logged(made)
    sampled: dict[str, int] = defaultdict(int)
    samples = 4_000
    for sample in range(samples):
        sampled[doing(nodes, (sample + 0.5) * (run.seconds or 0) / samples)] += 1
    for what in {*shares, *sampled}:
        assert shares.get(what, 0) == pytest.approx(
            sampled[what] * (run.seconds or 0) / samples, abs=(run.seconds or 0) / 200
        )


def doing(nodes: dict[int, Logged], moment: float) -> str:
    found = set()
    for node in nodes.values():
        if node.end is None or not node.start <= moment < node.end:
            continue
        if node.began["kind"] == "cell":
            found.add("code")
        elif node.began["kind"] == "lm":
            is_waiting = not node.usage or moment < node.sent or any(a <= moment < b for a, b in pauses(node))
            is_root = kind_of(nodes, node) == "root turns"
            found.add(
                "waiting for a place or a retry" if is_waiting else "the root’s thinking" if is_root else "sub-calls"
            )
    order = ("the root’s thinking", "sub-calls", "waiting for a place or a retry", "code")
    return next((what for what in order if what in found), "nothing went on")


@pytest.mark.parametrize("name", ["recursive", "with_batch", "small"])
def test_the_critical_path_adds_up_to_the_run_and_its_calls_are_those_that_were_waited_for(name: str) -> None:
    made = RUNS[name]()
    run = keep(made)
    shares = {row["What"]: row["Time"] for row in rows(run, "time", "path")}
    root = next(node for node in logged(made).values() if node.began["parent"] is None)
    assert sum(shares.values()) == pytest.approx((root.end or 0) - root.start, abs=1e-4)
    thinking = sum((node.end or 0) - node.sent for node in grouped(made, "call")["root turns"])
    assert shares["the root’s thinking"] == pytest.approx(thinking, abs=0.01), "nothing runs beside the root's turns"
    assert re.match(r"\d+(\.\d)? s = \d+(\.\d)? s root \+ ", title(run, "time", "path"))


def test_the_time_of_all_calls_is_shared_out() -> None:
    made = RUNS["recursive"]()
    run = keep(made)
    for by in ("call", "depth", "model", "role", "step"):
        found = {row["What"]: row["Time"] for row in rows(run, "time", by)}
        wanted = {group: sum((n.end or 0) - n.sent for n in nodes) for group, nodes in grouped(made, by).items()}
        assert found == pytest.approx(wanted, abs=1e-3)


def test_time_at_work_leaves_out_the_gaps() -> None:
    made = RUNS["recursive"]()
    run = keep(made)
    figure = charts.figure(run, "cumulative", "seconds")
    idle = next(row["Time"] for row in rows(run, "time") if row["What"] == "nothing went on")
    assert idle > 30
    assert figure["data"][0]["y"][-1] == pytest.approx((run.seconds or 0) - idle, abs=0.05)
    shades = [shape for shape in charts.figure(run, "concurrency")["layout"]["shapes"] if shape["type"] == "rect"]
    assert [shape["x1"] - shape["x0"] > 30 for shape in shades] == [True]


# ------------------------------------------------------------------------------------------------- cache


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


# ------------------------------------------------------------------------------------------------- waste


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
    assert found["output not shown"]["Not shown"] == 10_000 - (4_000 + len("\n… 6000 characters cut …\n"))
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


# ------------------------------------------------------------------------------------------------- words and files


def hostile() -> MadeRun:
    story = Story(16)
    cell = story.turn(ASK, "llm_call", 4)
    for number, model in enumerate(('x/=HYPERLINK("a")', "x/<b>bold</b>", "x/a b", "one/same", "two/same", "x/a b c")):
        start = cell.start + number / 10
        cell.add(call("q", start, start + 1, model=model, tokens=(100, 10), depth=1, role="@role"))
    story.answer("Done.", [])
    return story.made("hostile")


def test_names_from_outside_stay_words_in_figures_and_are_no_formulas_in_files() -> None:
    run = keep(hostile())
    figure = charts.figure(run, "tokens", "model")
    assert "&lt;b&gt;bold&lt;/b&gt;" in figure["data"][0]["y"]
    for trace in figure["data"]:
        assert "<b>" not in str({name: value for name, value in trace.items() if name != "customdata"})
    assert {row["Model"] for row in file(run, "tokens", "model")} == {
        "large",
        '\'=HYPERLINK("a")',
        "<b>bold</b>",
        "a b",
        "a b c",
        "one/same",
        "two/same",
    }
    assert {row["Role"] for row in file(run, "cost", "role")} == {"'@role", "root"}


def test_a_search_is_offered_only_where_its_words_can_say_it() -> None:
    run = keep(hostile())
    found = {
        row.cells[0]: row.mark.query
        for row in charts.chart(charts.read_record(run), "tokens", "model").rows
        if row.mark
    }
    assert found["one/same"] == "kind:lm model:one/same"
    assert found["a b c"] == 'kind:lm model:"x/a b c"'
    assert found["a b"] == "", "it would find the other, too"
    assert found['=HYPERLINK("a")'] == ""


def test_the_file_has_all_rows_and_the_figure_the_first_hundred() -> None:
    run = keep(large(nodes=600, batches=3))
    meta = charts.figure(run, "cumulative")["layout"]["meta"]
    assert len(meta["rows"]) == 100 < meta["all_rows"] == len(file(run, "cumulative"))


def test_what_goes_on_is_said_and_not_counted() -> None:
    run = keep(RUNS["going_on"]())
    record = charts.read_record(run)
    assert record.in_flight == run.node_set.filter(kind="lm", finished_at=None).count() > 0
    assert (
        f"{record.in_flight} calls still going on not counted"
        in charts.figure(run, "concurrency")["layout"]["meta"]["measure"]
    )
    assert (
        sum(trace_count for trace in charts.figure(run, "latency")["data"] for trace_count in trace["y"]) == run.calls
    )

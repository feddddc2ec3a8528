"""Where the time went, on charts: against samples of the log."""

import re
from collections import defaultdict
from statistics import median

import pytest

from tests.charts.logged import Logged, calls, grouped, kind_of, logged, pauses
from tests.charts.reading import rows, title
from tests.fixtures.keep import keep
from tests.fixtures.plans import MadeRun
from tests.fixtures.runs import RUNS
from trajectories import charts

pytestmark = pytest.mark.django_db


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

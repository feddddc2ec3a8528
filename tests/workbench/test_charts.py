"""Figures made on the server: valid Plotly, at most 300 marks, and the same sums as the run."""

from decimal import Decimal

import plotly.graph_objects
import pytest

from tests.fixtures.keep import keep
from tests.fixtures.runs import RUNS, large
from trajectories import charts
from trajectories.models import Run

pytestmark = pytest.mark.django_db


def marks(figure: dict) -> int:
    return sum(len(trace["x"]) for trace in figure["data"])


def mini(name: str) -> Run:
    return keep(RUNS[name]())


@pytest.mark.parametrize("name", charts.NAMES)
@pytest.mark.parametrize("run", RUNS)
def test_every_figure_is_valid_and_small(run: str, name: str) -> None:
    figure = charts.figure(mini(run), name)
    plotly.graph_objects.Figure(figure)
    assert marks(figure) <= charts.MOST_MARKS
    assert figure["layout"]["title"]["text"]
    assert figure["layout"]["meta"]["measure"]


@pytest.mark.parametrize("name", charts.NAMES)
def test_a_run_of_thousands_of_calls_has_no_more_marks(name: str) -> None:
    run = keep(large(nodes=4_000, batches=2))
    figure = charts.figure(run, name)
    plotly.graph_objects.Figure(figure)
    assert marks(figure) <= charts.MOST_MARKS


def test_costs_by_depth_and_model_add_up_to_the_run() -> None:
    run = mini("recursive")
    figure = charts.figure(run, "cost")
    drawn = sum(value for trace in figure["data"] for value in trace["x"])
    assert drawn == pytest.approx(float(run.cost_usd or 0))
    assert {label for trace in figure["data"] for label in trace["y"]} == {"depth 0", "depth 1", "depth 2"}


def test_tokens_by_step_add_up_to_the_run() -> None:
    run = mini("recursive")
    figure = charts.figure(run, "tokens")
    sums = {trace["name"]: sum(trace["y"]) for trace in figure["data"]}
    assert sums["in"] + sums["in, from cache"] == run.input_tokens
    assert sums["in, from cache"] == run.cache_read_tokens
    assert sums["out"] == run.output_tokens


def test_each_call_is_in_one_bar_of_the_latencies() -> None:
    run = mini("with_batch")
    figure = charts.figure(run, "latency")
    answered, failed = (sum(trace["y"]) for trace in figure["data"])
    assert answered + failed == run.calls
    assert failed == 4


def test_money_spent_over_time_ends_at_the_runs_cost() -> None:
    run = mini("recursive")
    spent = charts.figure(run, "cumulative")["data"][0]["y"]
    assert spent == sorted(spent)
    assert spent[-1] == pytest.approx(float(run.cost_usd or 0))


def test_calls_in_flight_reach_the_policys_limit_and_never_pass_it() -> None:
    figure = charts.figure(mini("with_batch"), "concurrency")
    assert max(figure["data"][0]["y"]) == 16
    assert figure["layout"]["annotations"][0]["text"] == "limit 16"


def test_the_cached_part_of_each_turn_is_shown() -> None:
    run = mini("recursive")
    figure = charts.figure(run, "cache")
    first, *others = figure["data"][0]["y"]
    assert first == 0
    assert all(0 < share < 1 for share in others)


def test_marks_lead_to_nodes_of_the_run() -> None:
    run = mini("recursive")
    for name in charts.NAMES:
        for trace in charts.figure(run, name)["data"]:
            assert all(number is None or 1 <= number <= run.nodes for number in trace["customdata"])
            assert any(trace["customdata"])


def test_a_call_without_a_price_makes_the_cost_a_least_one() -> None:
    run = mini("with_batch")
    assert run.unpriced_calls == 1
    assert charts.figure(run, "cost")["layout"]["title"]["text"].startswith("At least $")
    rows = charts.figure(run, "cost")["layout"]["meta"]["rows"]
    assert [row[-1] for row in rows if row[1] == "otter-9b"] == ["unknown"]


def test_unknown_prices_are_never_drawn_as_nothing() -> None:
    run = mini("failed")
    run.node_set.filter(kind="lm").update(cost_usd=None, cost_kind="unknown")
    figure = charts.figure(run, "cost")
    assert figure["data"] == []
    assert figure["layout"]["title"]["text"] == "No price of a model here is known"


def test_money_is_summed_exactly() -> None:
    run = mini("recursive")
    record = charts.read_record(run)
    assert sum((call.usd or Decimal(0) for call in record.calls), Decimal(0)) == run.cost_usd


def test_a_chart_that_does_not_exist_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        charts.figure(mini("small"), "no-such-chart")

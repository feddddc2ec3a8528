"""Figures made on the server: valid and small, with marks that lead to nodes, names that stay words, whole files."""

from decimal import Decimal

import plotly.graph_objects
import pytest

from tests.charts.reading import MADE, file, marks
from tests.fixtures.keep import keep
from tests.fixtures.plans import MadeRun, call
from tests.fixtures.runs import ASK, RUNS, Story, large
from trajectories import charts
from trajectories.representations import run_json

pytestmark = pytest.mark.django_db
VIEWS = [(name, by) for name in charts.NAMES for by in charts.views(name)]

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

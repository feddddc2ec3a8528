"""Long texts of nodes: beginnings at first, windows of the rest."""

from typing import Any

import pytest

from tests.api.conftest import Send, error_of
from tests.fixtures.keep import keep
from tests.fixtures.runs import Story
from trajectories.models import Run

OUTPUT = "".join(f"line {number}, ünï¢ode 🜁\n" for number in range(60_000))


@pytest.fixture
def run(owner: Any) -> Run:
    """A cell that printed more than a megabyte, and turns that repeat what was said before."""
    story = Story(1)
    for number in range(3):
        cell = story.turn("print(text)", "Python", 0.4)
        story.done(cell, cell.start + 0.4, OUTPUT if number == 1 else "ok")
    story.answer("Done.", [])
    run: Run = keep(story.made("long"))
    run.owner = owner
    run.save()
    return run


def numbers(run: Run, kind: str) -> list[int]:
    return list(run.node_set.filter(kind=kind).order_by("number").values_list("number", flat=True))


def test_a_node_told_by_its_beginnings_is_small_and_says_how_long_its_texts_are(send: Send, run: Run) -> None:
    address = f"/api/v1/runs/{run.id}/nodes/{numbers(run, 'cell')[1]}"
    whole, cut = send("GET", address), send("GET", f"{address}?heads=1000")
    assert len(whole.content) > 1_000_000 > 20_000 > len(cut.content)
    told = cut.json()
    assert told["stdout"] == OUTPUT[:1000]
    assert told["chars"] == {"code": len("print(text)"), "stdout": len(OUTPUT), "shown": len(whole.json()["shown"])}
    assert {**whole.json(), "stdout": "", "shown": ""} == {
        **{key: value for key, value in told.items() if key != "chars"},
        **{"stdout": "", "shown": ""},
    }


def test_windows_together_are_the_whole_text(send: Send, run: Run) -> None:
    address = f"/api/v1/runs/{run.id}/nodes/{numbers(run, 'cell')[1]}/texts/stdout"
    text = ""
    while True:
        piece = send("GET", f"{address}?start={len(text)}").json()
        assert piece["chars"] == len(OUTPUT) and piece["end"] - piece["start"] == len(piece["text"]) <= 200_000
        if not piece["text"]:
            break
        text += piece["text"]
    assert text == OUTPUT
    assert send("GET", f"{address}?start=5&end=9").json()["text"] == OUTPUT[5:9]
    assert send("GET", f"{address}?start=9&end=5").json()["text"] == ""


def test_a_turn_says_what_is_the_same_as_in_the_turn_before(send: Send, run: Run) -> None:
    turns = numbers(run, "lm")
    address = f"/api/v1/runs/{run.id}/nodes"
    whole = send("GET", f"{address}/{turns[2]}").json()["request"]
    told = send("GET", f"{address}/{turns[2]}?heads=50&against={turns[1]}").json()
    assert told["same"] == len(send("GET", f"{address}/{turns[1]}").json()["request"]) == len(whole) - 2
    assert told["chars"]["request"] == [len(message["content"]) for message in whole]
    assert [message["role"] for message in told["request"]] == [message["role"] for message in whole]
    assert told["request"][-1]["content"] == whole[-1]["content"][:50]
    assert sum(len(message["content"]) for message in told["request"]) <= 200
    place = len(whole) - 2
    assert send("GET", f"{address}/{turns[2]}/texts/request.{place}").json()["text"] == whole[place]["content"]


@pytest.mark.parametrize(
    "name", ["nothing", "request.99", "request.", "request.-1", "request.0.0", "texts", "request.٣"]
)
def test_a_text_that_is_not_there_is_said(send: Send, run: Run, name: str) -> None:
    answer = send("GET", f"/api/v1/runs/{run.id}/nodes/{numbers(run, 'lm')[0]}/texts/{name}")
    assert answer.status_code == 404 and "no text" in error_of(answer)["message"]


@pytest.mark.parametrize("query", ["heads=-1", "heads=many", "heads=99999999", "against=0"])
def test_wrong_wishes_are_refused(send: Send, run: Run, query: str) -> None:
    assert send("GET", f"/api/v1/runs/{run.id}/nodes/1?{query}").status_code == 422


def test_texts_of_a_strangers_run_are_not_there(send: Send, run: Run, stranger: Any) -> None:
    run.owner = stranger
    run.save()
    assert send("GET", f"/api/v1/runs/{run.id}/nodes/4/texts/stdout").status_code == 404

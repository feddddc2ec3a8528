"""GET /runs/{id}/search: its shape, its pages, its refusals."""

from typing import Any

import pytest

from tests.api.conftest import Send, error_of, sender
from tests.fixtures.keep import keep
from tests.fixtures.runs import recursive
from trajectories.models import Run


@pytest.fixture
def run(owner: Any) -> Run:
    run = keep(recursive())
    Run.objects.filter(pk=run.pk).update(owner=owner)
    return run


def test_a_search_tells_which_nodes_fit_and_where(send: Send, run: Run) -> None:
    found = send("GET", f"/api/v1/runs/{run.id}/search?q=in:code+llm_batch&limit=2").json()
    assert found.keys() == {"total", "numbers", "items", "next", "nodes", "complete"}
    assert found["total"] == len(found["numbers"]) > 2 and found["complete"] and found["nodes"] == run.nodes
    first = found["items"][0]
    assert first["node"] == found["numbers"][0]
    assert (first["text"], first["texts"], first["message"]) == ("code", ["code"], None)
    assert first["hit"] == "llm_batch" and first["end"] - first["start"] == 9
    assert first["before"].endswith("found = ") and first["after"].startswith("([ASK + r")
    second = send("GET", f"/api/v1/runs/{run.id}/search?q=in:code+llm_batch&limit=2&cursor={found['next']}").json()
    assert second["items"][0]["node"] == found["numbers"][2]
    assert second["numbers"] == found["numbers"]


def test_figures_alone_have_no_snippet(send: Send, run: Run) -> None:
    found = send("GET", f"/api/v1/runs/{run.id}/search?q=kind:lm+status:failed").json()
    assert found["total"] == 2
    assert found["items"][0]["texts"] == [] and found["items"][0]["hit"] is None


def test_without_words_nothing_is_found(send: Send, run: Run) -> None:
    found = send("GET", f"/api/v1/runs/{run.id}/search").json()
    assert (found["total"], found["nodes"], found["complete"]) == (0, run.nodes, True)


@pytest.mark.parametrize(
    ("query", "code", "hint"),
    [
        ("q=kind:cells", "wrong_query", "rlm, step, lm, cell or gate"),
        ("q=/(/", "wrong_query", "missing )"),
        ("q=" + "x" * 9_000, "wrong_query", "at most 500 characters"),
        ("q=%00", "nul_character", "NUL"),
        ("q=a&cursor=x", "wrong_value", "cursor"),
        ("q=a&limit=101", "wrong_value", "limit"),
    ],
)
def test_a_wrong_search_says_what_to_change(send: Send, run: Run, query: str, code: str, hint: str) -> None:
    answer = send("GET", f"/api/v1/runs/{run.id}/search?{query}")
    assert answer.status_code == 422
    assert error_of(answer)["code"] == code
    assert hint in error_of(answer)["message"]


def test_what_is_not_yours_is_not_searched(run: Run, stranger: Any) -> None:
    assert sender(stranger)("GET", f"/api/v1/runs/{run.id}/search?q=a").status_code == 404


# ------------------------------------------------------------------------------------------------- across runs


def test_a_list_of_runs_says_where_each_has_the_words(send: Send, run: Run) -> None:
    listed = send("GET", "/api/v1/runs?q=in:code+llm_batch").json()
    assert [item["id"] for item in listed["items"]] == [run.id]
    found = listed["items"][0]["found"]
    assert (found["place"], found["text"], found["hit"]) == ("node", "code", "llm_batch")
    assert found["node"] == send("GET", f"/api/v1/runs/{run.id}/search?q=in:code+llm_batch").json()["numbers"][0]
    assert listed["texts"] == {"searched": 1, "complete": True, "next": None} and listed["next"] is None
    assert send("GET", "/api/v1/runs?q=nowhere").json()["items"] == []


def test_a_list_of_runs_takes_words_for_their_rows(send: Send, run: Run) -> None:
    plain = send("GET", "/api/v1/runs?q=status:succeeded+cost:>0").json()
    assert [item["id"] for item in plain["items"]] == [run.id] and "found" not in plain["items"][0]
    assert send("GET", "/api/v1/runs?q=status:failed").json()["items"] == []
    answer = send("GET", "/api/v1/runs?q=cost:cheap")
    assert answer.status_code == 422 and error_of(answer)["code"] == "wrong_query"


def test_runs_of_others_and_deleted_ones_are_not_found(send: Send, run: Run, stranger: Any) -> None:
    assert sender(stranger)("GET", "/api/v1/runs?q=llm_batch").json()["items"] == []
    Run.objects.filter(pk=run.pk).update(deleted_at=run.created_at)
    assert send("GET", "/api/v1/runs?q=llm_batch").json()["items"] == []

"""Comparing runs through the API: numbers with deltas, answers, aligned steps, settings, the first difference."""

import time
from typing import Any

import pytest

from tests.api.conftest import Send, error_of, sender
from tests.comparison.made_up import ADD_UP, ASK, FINISH, LOOK, SPLIT, USUAL, Asked, Turn, kept
from tests.fixtures.keep import keep
from tests.fixtures.runs import large
from trajectories import accounts
from trajectories.models import Run

pytestmark = pytest.mark.django_db
DEARER = [LOOK, SPLIT, ASK, Turn(code="import math", name="Python"), ADD_UP, FINISH]


@pytest.fixture
def ask(db: None) -> Send:
    """As the owner, to whom made-up runs belong."""
    return sender(accounts.owner_account())


def compare(ask: Send, *runs: Run, more: str = "") -> dict[str, Any]:
    answer = ask("GET", f"/api/v1/compare?{'&'.join(f'r={run.id}' for run in runs)}{more}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_two_runs_side_by_side(ask: Send) -> None:
    one, other = kept(USUAL), kept(DEARER, answer="Five outages.", policy={"max_depth": 3})
    found = compare(ask, one, other)
    assert found["base"] == one.id and [run["id"] for run in found["runs"]] == [one.id, other.id]
    assert [run["letter"] for run in found["runs"]] == ["A", "B"]
    cost = next(figure for figure in found["figures"] if figure["name"] == "cost")
    assert cost["values"] == [run["cost"]["usd"] for run in found["runs"]]
    assert cost["deltas"][0] is None and cost["deltas"][1]["verdict"] == "worse"
    assert found["settings"]["differ"] == [{"name": "policy.max_depth", "values": [2, 3]}]
    assert found["answers"][1]["difference"]["parts"][0] == {"how": "gone", "text": "Four"}
    assert found["counts"] == {"same": 5, "changed": 0, "onlya": 0, "onlyb": 1}
    assert [row["result"] for row in found["steps"]] == ["same"] * 3 + ["onlyb"] + ["same"] * 2
    step = found["steps"][3]
    assert step["sides"][0] is None and step["sides"][1]["name"] == "4 · Python" and step["id"].startswith("0-")
    first = found["first_difference"]
    assert first["run"] == other.id and first["difference"] == found["differences"][1]
    assert first["difference"]["cause"] == "reply" and first["difference"]["steps"] == [4, 4]


def test_the_baseline_can_be_chosen(ask: Send) -> None:
    one, other = kept(USUAL), kept(DEARER)
    found = compare(ask, one, other, more=f"&base={other.id}")
    assert found["base"] == other.id and [run["id"] for run in found["runs"]] == [one.id, other.id]
    assert found["counts"]["onlya"] == 1 and found["differences"][1] is None
    assert all(figure["deltas"][1] is None for figure in found["figures"])


def test_batches_have_counts_and_rows_for_what_differs(ask: Send) -> None:
    asks = [*ASK.asks[:-1], Asked(prompt=ASK.asks[-1].prompt, reply="No.")]
    other = kept([LOOK, SPLIT, Turn(code=ASK.code, name=ASK.name, stdout=ASK.stdout, asks=asks), ADD_UP, FINISH])
    (batch,) = compare(ask, kept(USUAL), other)["steps"][2]["below"]
    assert batch["items"][1] == {
        "count": 6, "failed": 0, "same": 5, "asked_otherwise": 0, "answered_otherwise": 1, "missing": 0, "extra": 0,
    }  # fmt: skip
    assert [row["differs"][1] for row in batch["below"]] == [["reply"]]
    assert batch["sides"][0]["kind"] == "batch" and batch["sides"][0]["count"] == 6


def test_unknown_costs_are_null_and_have_no_delta(ask: Send) -> None:
    unpriced = kept([Turn(code="llm_call('x')", asks=[Asked(prompt="x", model="local/otter")])])
    found = compare(ask, kept(USUAL), unpriced)
    cost = next(figure for figure in found["figures"] if figure["name"] == "cost")
    assert cost["values"][1] is None and cost["deltas"] == [None, None]


def test_four_runs_at_most(ask: Send) -> None:
    runs = [kept(USUAL) for _ in range(4)]
    found = compare(ask, *runs)
    assert [run["letter"] for run in found["runs"]] == list("ABCD") and len(found["steps"][0]["sides"]) == 4


@pytest.mark.parametrize(
    ("address", "status", "code", "says"),
    [
        ("r={a}", 422, "wrong_count", "One was named; name two to four runs"),
        ("", 422, "wrong_count", "None was named"),
        ("r=1&r=2&r=3&r=4&r=5", 422, "wrong_count", "5 were named"),
        ("r={a}&r={a}", 422, "same_run_twice", "named twice"),
        ("r={a}&r=nosuchrun123", 404, "not_found", "no such run"),
        ("r={a}&r={foreign}", 404, "not_found", "no such run"),
        ("r={a}&r={b}&base={foreign}", 422, "wrong_base", "must be one of the runs"),
    ],
)
def test_what_cannot_be_compared_is_told(
    ask: Send, stranger: Any, address: str, status: int, code: str, says: str
) -> None:
    foreign = Run.objects.create(owner=stranger, question="?")
    ids = {"a": kept(USUAL).id, "b": kept(USUAL).id, "foreign": foreign.id}
    answer = ask("GET", f"/api/v1/compare?{address.format(**ids)}")
    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (status, code) and says in error["message"]


def test_thousands_of_calls_are_compared_in_a_moment(ask: Send) -> None:
    one, other = keep(large()), keep(large(nodes=9_000))
    began = time.process_time()
    found = compare(ask, one, other)
    assert time.process_time() - began < 2, "about 0.6 s"
    assert [row["result"] for row in found["steps"]] == ["changed"] * 5
    (batch,) = found["steps"][0]["below"]
    assert batch["items"][0]["count"] == 2_097 and batch["items"][1]["missing"] == 300
    assert len(batch["below"]) == 20 and batch["left_out"] > 300

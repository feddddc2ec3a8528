"""The door to a run's critical path."""

from typing import Any

from tests.api.conftest import Send, error_of, make_run
from tests.fixtures.keep import keep
from tests.fixtures.runs import recursive
from trajectories import critical


def test_it_tells_the_path_and_its_sentence(send: Send, owner: Any) -> None:
    run = keep(recursive())
    run.owner = owner
    run.save()
    told = send("GET", f"/api/v1/runs/{run.id}/critical").json()
    assert abs(sum(told["shares"].values()) - told["seconds"]) < 1e-5
    assert told["least_seconds"] < told["seconds"]
    assert [part["text"] for part in told["sentence"]] == [part.text for part in critical.sentence(run)]
    assert set(told["leaves"]) <= set(told["nodes"])


def test_a_run_without_nodes_has_an_empty_path(send: Send, owner: Any) -> None:
    told = send("GET", f"/api/v1/runs/{make_run(owner).id}/critical").json()
    assert told["sentence"] == [] and told["seconds"] == 0


def test_a_strangers_run_has_none(send: Send, stranger: Any) -> None:
    answer = send("GET", f"/api/v1/runs/{make_run(stranger).id}/critical")
    assert answer.status_code == 404 and error_of(answer)

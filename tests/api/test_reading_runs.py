"""What the API tells of runs: shapes of the contract, whole and fast."""

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.api.conftest import Send, make_document, make_run
from trajectories import deletion, representations
from trajectories.models import Event, Node, Run

BEGAN = datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC)
RUN_KEYS = (
    "id question status ended_by answer error documents policy usage cost sources created_at started_at finished_at "
    "seconds nodes depth last_seq sandbox forked_from follows imported_from title tags pinned url"
)


def node(run: Run, number: int, **fields: Any) -> Node:
    given = {"kind": "lm", "depth": 0, "name": "call", "status": "succeeded", "started_at": BEGAN.timestamp() + number}
    return Node(run=run, number=number, parent=number - 1 or None, **{**given, **fields})


def test_a_run_has_the_contracts_shape(send: Send, owner: Any) -> None:
    document = make_document(owner, chars=100)
    run = make_run(owner, document, cost_usd=Decimal("0.012300000000"), calls=3, started_at=BEGAN, ended_by="answer")
    shown = send("GET", f"/api/v1/runs/{run.id}").json()
    assert shown.keys() == set(RUN_KEYS.split())
    assert shown["cost"] == {"usd": "0.0123", "kind": "exact", "unpriced_calls": 0}
    assert shown["started_at"] == "2026-11-23T01:02:03.456789Z" and shown["finished_at"] is None
    assert shown["documents"][0]["id"] == document.id and shown["documents"][0]["chars"] == 100
    assert shown["url"] == f"http://testserver/runs/{run.id}"
    assert shown["usage"].keys() >= {"calls", "input_tokens", "cache_read_tokens", "reasoning_tokens"}


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0"), ("0E-12", "0"), ("1E-7", "0.0000001"), ("10", "10"), ("1E+2", "100"), ("5.50", "5.5")],
)
def test_money_has_neither_exponent_nor_idle_zeros(amount: str, text: str) -> None:
    assert representations.money(Decimal(amount)) == text


def test_unknown_costs_are_null(send: Send, owner: Any) -> None:
    run = make_run(owner, cost_usd=None, cost_kind="unknown", unpriced_calls=2)
    cost = send("GET", f"/api/v1/runs/{run.id}").json()["cost"]
    assert cost == {"usd": None, "kind": "unknown", "unpriced_calls": 2}


def test_documents_come_in_the_order_of_asking(send: Send, owner: Any, django_assert_max_num_queries: Any) -> None:
    documents = [make_document(owner, f"{name}.txt") for name in "cab"]
    for _ in range(10):
        make_run(owner, *documents)
    with django_assert_max_num_queries(8):
        listed = send("GET", "/api/v1/runs").json()["items"]
    assert [document["name"] for document in listed[0]["documents"]] == ["c.txt", "a.txt", "b.txt"]


# ------------------------------------------------------------------------------------------------- lists


def test_lists_go_on_at_the_cursor_and_lose_nothing(send: Send, owner: Any) -> None:
    same_moment = datetime(2026, 1, 1, tzinfo=UTC)
    made = {make_run(owner, created_at=same_moment).id for _ in range(5)} | {make_run(owner).id for _ in range(2)}
    seen, cursor = [], ""
    while True:
        page = send("GET", f"/api/v1/runs?limit=3{cursor}").json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == 7 and set(seen) == made


def test_lists_are_filtered_by_status_words_and_document(send: Send, owner: Any) -> None:
    document = make_document(owner)
    with_document = make_run(owner, document, question="About storms")
    failed = make_run(owner, status="failed", question="About ships")
    answered = make_run(owner, question="Anything", answer="Forty-two storms.")

    def ids(query: str) -> set[str]:
        return {item["id"] for item in send("GET", f"/api/v1/runs?{query}").json()["items"]}

    assert ids("status=failed") == {failed.id}
    assert ids("q=STORMS") == {with_document.id, answered.id}
    assert ids(f"document={document.id}") == {with_document.id}
    assert ids("q=100%25") == set()
    assert ids("status=failed&q=storms") == set()
    assert ids("status=&q=&document=&cursor=") == {with_document.id, failed.id, answered.id}


# ------------------------------------------------------------------------------------------------- events


def test_events_come_as_they_are_kept_and_page_by_page(send: Send, owner: Any) -> None:
    run = make_run(owner, last_seq=5)
    lines = [f'{{"seq":{seq},"type":"x","odd":1.0e2}}' for seq in range(1, 6)]
    Event.objects.bulk_create(Event(run=run, seq=seq, data=line) for seq, line in enumerate(lines, start=1))
    raw = send("GET", f"/api/v1/runs/{run.id}/events?after=1&limit=2").content
    assert raw == f'{{"events":[{lines[1]},{lines[2]}],"last_seq":5,"next":3}}'.encode()
    end = send("GET", f"/api/v1/runs/{run.id}/events?after=3").json()
    assert ([event["seq"] for event in end["events"]], end["next"]) == ([4, 5], None)
    assert send("GET", f"/api/v1/runs/{run.id}/events?after=99").json() == {"events": [], "last_seq": 5, "next": None}


# ------------------------------------------------------------------------------------------------- the tree


def test_the_tree_is_columns_with_times_from_the_start_of_the_run(send: Send, owner: Any) -> None:
    run = make_run(owner, started_at=BEGAN, last_seq=9)
    data = {"line": 7, "reads": [{"document": "x", "start": 0, "end": 5, "how": "sent"}]}
    error = {"kind": "timeout", "message": "too slow"}
    Node.objects.bulk_create(
        [
            node(run, 1, cost_usd=Decimal("0.0000001"), cost_kind="exact", data=data, error=error, status="failed"),
            node(run, 2, finished_at=BEGAN.timestamp() + 2.5, subtree_usd=Decimal(0)),
        ]
    )
    tree = send("GET", f"/api/v1/runs/{run.id}/tree").json()
    assert tree["columns"] == list(representations.TREE_COLUMNS) and tree["last_seq"] == 9
    first, second = (dict(zip(tree["columns"], row, strict=True)) for row in tree["rows"])
    assert (first["start"], first["end"], first["line"], first["error"], first["usd"]) == (
        1,
        None,
        7,
        "timeout",
        "0.0000001",
    )
    assert (second["start"], second["end"], second["line"], second["error"]) == (2, 2.5, None, None)
    assert (second["usd"], second["subtree_usd"]) == (None, "0")
    assert tree["run"]["id"] == run.id


def test_a_tree_of_ten_thousand_nodes_takes_no_time(owner: Any) -> None:
    """Under 150 ms on an idle machine of two cores; the bound here leaves room for a busy one."""
    run = make_run(owner, started_at=BEGAN, last_seq=21_000)
    reads = [{"document": "abc", "start": start, "end": start + 50, "how": "sent"} for start in range(3)]
    usage = {"calls": 1, "input_tokens": 900, "output_tokens": 20, "estimated": False}
    Node.objects.bulk_create(
        node(
            run,
            number,
            finished_at=BEGAN.timestamp() + number + 0.2,
            cost_usd=Decimal("0.000012340000"),
            subtree_usd=Decimal("0.000012340000"),
            cost_kind="exact",
            model="openai/gpt-5-mini",
            data={"line": 3, "reads": reads, "usage": usage, "finish_reason": "stop"},
        )
        for number in range(1, 10_501)
    )
    took = []
    for _ in range(3):
        start = time.perf_counter()
        text = representations.tree_json(run)
        took.append(time.perf_counter() - start)
    print(f"tree of 10,500 nodes: {min(took) * 1000:.0f} ms, {len(text) / 1e6:.1f} MB")
    assert orjson.loads(text)["rows"][-1][0] == 10_500
    assert min(took) < 0.6


# ------------------------------------------------------------------------------------------------- leaving


def test_a_run_is_deleted_with_its_record(send: Send, owner: Any) -> None:
    document = make_document(owner)
    run = make_run(owner, document)
    Event.objects.create(run=run, seq=1, data="{}")
    node(run, 1).save()
    assert send("DELETE", f"/api/v1/runs/{run.id}?for_good=true").status_code == 204
    while deletion.purge_some():
        pass
    assert not Event.objects.exists() and not Node.objects.exists()
    assert send("GET", f"/api/v1/runs/{run.id}").status_code == 404

"""Coverage against an independent count from the log: every character on its own, straight from the events."""

import json
import random
from collections import defaultdict
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.fixtures.cited import ONCALL, REPORTS, RUNBOOKS, cited, texts
from tests.fixtures.keep import keep
from trajectories import accounts
from trajectories.coverage import LEVELS, coverage_of
from trajectories.models import Document, Node, Run
from trajectories.reads import Reads, reads_of
from trajectories.stretches import MOST_NODES, stretch_json

NEARNESS = {"grep": 1, "slice": 1, "peek": 2, "printed": 2, "sent": 3}


@pytest.fixture
def run(db: None) -> Run:
    kept = keep(cited())
    assert isinstance(kept, Run)
    return kept


@pytest.fixture
def counted() -> dict[str, bytearray]:
    """The level of every character of every document, from the events of the log alone."""
    levels = {id_: bytearray(len(text)) for id_, text in texts().items()}
    for event in cited().events:
        for read in event["data"].get("reads", []):
            mark(levels, read, NEARNESS[read["how"]])
        if event["type"] == "run.finished":
            for source in event["data"]["sources"]:
                mark(levels, source, 4)
    return levels


def mark(levels: dict[str, bytearray], span: dict[str, Any], level: int) -> None:
    characters = levels[span["document"]]
    for at in range(span["start"], span["end"]):
        characters[at] = max(characters[at], level)


def test_the_coverage_of_a_run_is_what_its_log_says_of_every_character(run: Run, counted: dict[str, bytearray]) -> None:
    for each in coverage_of(run):
        characters = counted[each.document.pk]
        assert [each.chars(level) for level in range(5)] == [characters.count(level) for level in range(5)]
        for interval in each.intervals:
            assert set(characters[interval.start : interval.end]) == {interval.level}


@pytest.mark.parametrize("document", [REPORTS, ONCALL, RUNBOOKS])
def test_any_stretch_of_a_document_is_what_the_log_says_of_it(
    run: Run, counted: dict[str, bytearray], document: str
) -> None:
    chance = random.Random(document)
    characters = counted[document]
    row = Document.objects.get(pk=document)
    for _ in range(40):
        start = chance.randrange(len(characters))
        end = min(len(characters), start + 1 + chance.randrange(20_000))
        told = stretch_json(run, row, start, end)
        drawn = bytearray(end - start)
        for first, last, level in told["intervals"]:
            assert start <= first < last <= end
            drawn[first - start : last - start] = bytes([level]) * (last - first)
        assert drawn == characters[start:end]
        assert told["totals"] == {name: drawn.count(level) for level, name in enumerate(LEVELS)}


def test_the_nodes_of_a_stretch_are_those_whose_events_read_it(run: Run) -> None:
    started = {event["node"]: event["data"] for event in cited().events if event["type"] == "node.started"}
    expected = defaultdict(set)
    for event in cited().events:
        for read in event["data"].get("reads", []):
            if read["document"] == REPORTS and read["start"] < 40_000 and read["end"] > 30_000:
                expected[event["node"]].add(read["how"])
    told = stretch_json(run, Document.objects.get(pk=REPORTS), 30_000, 40_000)
    cites, *readers = told["nodes"]
    assert (cites["number"], cites["kind"], cites["how"]) == (1, "rlm", "cited")
    assert {node["number"] for node in readers} == set(expected)
    assert told["node_count"] == len(expected) + 1
    for node in readers:
        assert node["how"] in expected[node["number"]]
        assert (node["kind"], node["name"]) == (started[node["number"]]["kind"], started[node["number"]]["name"])
    order = [NEARNESS[node["how"]] for node in readers]
    assert order == sorted(order, reverse=True), "the nearest to the answer first"
    whole = stretch_json(run, Document.objects.get(pk=REPORTS), 0, 10**9)
    assert whole["node_count"] > MOST_NODES == len(whole["nodes"])
    assert whole["end"] == len(texts()[REPORTS])


def test_reads_are_kept_small_and_told_as_they_were() -> None:
    reads = [(7, "b", 1, 4, "peek"), (8, "a", 0, 2**40, "sent"), (8, "b", 3, 9, "printed")]
    assert list(Reads.of(reads)) == reads
    assert len(Reads.of(reads)) == 3 and not list(Reads.of([]))
    assert [read[4] for read in Reads.of([(1, "a", 0, 1, "in some way to come")])] == ["grep"]


def test_reads_are_those_of_the_log_as_far_as_it_goes(run: Run) -> None:
    before = list(reads_of(run))
    last = Node.objects.filter(run=run, kind="cell").latest("number")
    last.data["reads"] = [{"document": RUNBOOKS, "start": 7, "end": 9, "how": "slice"}]
    last.save()
    Run.objects.filter(pk=run.pk).update(last_seq=run.last_seq + 1)
    run.refresh_from_db()
    assert set(reads_of(run)) == {*before, (last.number, RUNBOOKS, 7, 9, "slice")}


def test_the_api_gives_a_stretch_or_says_what_is_wrong(run: Run) -> None:
    client = Client()
    client.force_login(accounts.owner_account())
    address = f"/api/v1/runs/{run.pk}/strips"
    assert len(client.get(address).json()["documents"]) == 3
    told = client.get(f"{address}?document={ONCALL}&start=58000&end=59000").json()
    assert told["totals"]["cited"] == 104 and sum(told["totals"].values()) == 1000
    wrong = (
        (f"?document={ONCALL}&start=9&end=9", 422),
        ("?document=unknown", 404),
        ("?document=%00", 422),
        (f"?document={ONCALL}&start=-1", 422),
        (f"?document={ONCALL}&end=x", 422),
        (f"?document={ONCALL}&start={10**30}", 422),
    )
    for query, status in wrong:
        answer = client.get(address + query)
        assert answer.status_code == status, query
        assert json.loads(answer.content)["error"]["message"]
    assert client.get(f"{address}?document={ONCALL}&start=999999999").json()["totals"]["untouched"] == 0
    stranger = Client()
    stranger.force_login(get_user_model().objects.create_user("eve"))
    assert stranger.get(f"{address}?document={ONCALL}").status_code == 404

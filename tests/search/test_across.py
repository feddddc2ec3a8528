"""Which runs fit: by what heads them, by their rows, and by all texts of their traces."""

import random
import re
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.api.conftest import make_document, make_run
from tests.fixtures.keep import keep
from tests.fixtures.runs import RUNS
from tests.search.reference import nodes_of
from trajectories import search
from trajectories.models import Annotation, Node, Payload, Run, RunTag
from trajectories.search import taken

PARTS = ["expired", "-otter", "outages", '"certificate had"', "minutes", "-minutes", "/INC-\\d+/", "typeerror", "key"]


@pytest.fixture
def made(db: None) -> list[Run]:
    taken._remembered.clear()
    return [keep(make()) for make in RUNS.values()]


def ids(line: str, runs: Any = None, **options: Any) -> list[str]:
    return list(search.search_runs(Run.objects.all() if runs is None else runs, line, **options).hits)


def test_runs_are_those_in_which_a_slow_look_finds_the_words(made: list[Run]) -> None:
    chance = random.Random(4)
    nodes = {run.pk: nodes_of(run) for run in made}
    listed = list(Run.objects.order_by("-created_at", "-id"))
    some = 0
    for _ in range(150):
        words = chance.sample(PARTS, k=chance.randrange(1, 4))
        line = " ".join(words)
        expected = [run.pk for run in listed if slow_fits(run, nodes[run.pk], words)]
        assert ids(line) == expected, line
        some += 0 < len(expected) < len(listed)
    assert some > 30


def slow_fits(run: Run, nodes: list[dict[str, Any]], words: list[str]) -> bool:
    head = [run.title, run.question, run.answer or "", *run.documents.values_list("name", flat=True)]
    units = [head, *([text for _, text in node["texts"]] for node in nodes)]
    patterns = {word: re.compile(plain(word), re.I | re.M) for word in words}

    def has(unit: list[str], word: str) -> bool:
        return any(patterns[word].search(text) for text in unit)

    if any(has(unit, word) for word in words if word.startswith("-") for unit in units):
        return False
    return any(all(has(unit, word) for word in words if not word.startswith("-")) for unit in units)


def plain(word: str) -> str:
    word = word.removeprefix("-")
    return word.strip("/") if word.startswith("/") else r"\s+".join(map(re.escape, word.strip('"').split()))


def test_a_run_says_where_it_has_the_words(made: list[Run]) -> None:
    found = search.search_runs(Run.objects.all(), "minutes in:code,reply")
    assert found.hits and found.is_whole and found.next is None
    for run_id, hit in found.hits.items():
        numbers = search.search_run(Run.objects.get(pk=run_id), "minutes in:code,reply").numbers
        assert hit.place == "node" and hit.node and hit.node.node == numbers[0] and hit.nodes == len(numbers)
        assert hit.snippet and hit.snippet.hit == "minutes"
    run = made[0]
    RunTag.objects.create(run=run, name="checked")
    Run.objects.filter(pk=run.pk).update(title="The Overton mill")
    for line, place in (("overton", "title"), ("checked", "tag"), ("runbooks.md", "document"), ("outages", "question")):
        assert search.search_runs(Run.objects.filter(pk=run.pk), line).hits[run.pk].place == place


def test_the_line_for_the_trace_finds_the_same_nodes(made: list[Run]) -> None:
    for line in (
        '"certificate had" status:succeeded',
        "/INC-\\d+/ cost:>0",
        "in:code,title llm_batch",
        "minutes x:y -a/b",
    ):
        told = search.node_line(line)
        assert "status" not in told and "title" not in told and "cost" not in told
        search.search_run(made[0], told)
    assert search.node_line("in:code,title llm_batch -a status:failed") == '"llm_batch" -a in:code'


# ------------------------------------------------------------------------------------------------- by rows


def test_runs_are_chosen_by_what_their_rows_say(db: None, django_user_model: Any) -> None:
    owner = django_user_model.objects.create_user("ada")
    day = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
    plain = make_run(owner, question="plain", created_at=day, started_at=day, finished_at=day + timedelta(seconds=90))
    cheap = make_run(
        owner,
        make_document(owner, "Überblick.txt"),
        question="cheap",
        status="failed",
        error={"kind": "timeout", "message": "m"},
        cost_usd=Decimal("0.002"),
        calls=7,
        nodes=30,
        input_tokens=900,
        output_tokens=200,
        policy={"name": "Balanced", "models": {"root": "north/large", "worker": "north/mini"}},
        created_at=day + timedelta(days=1),
        pinned_at=day,
        imported_from="rlm",
    )
    RunTag.objects.create(run=cheap, name="checked")
    Annotation.objects.create(run=cheap, thumb=1)
    only_cheap = (
        "status:failed", "is:pinned", "is:imported", "marked:right", "tag:check", "document:berblick", "model:MINI",
        "policy:balan", "error:time", "cost:<1", "cost:>=0.002", "calls:7", "nodes:>20", "tokens:>1k",
        "date:2026-03-06",
        "-date:<=2026-03-05", "-status:succeeded", "-time:>0s",
    )  # fmt: skip
    for line in only_cheap:
        assert list(search.fitting_runs(Run.objects.all(), line)) == [cheap], line
    for line in (
        "status:succeeded",
        "time:>1m",
        "time:90s",
        "-cost:<1",
        "date:<2026-03-06",
        "-is:pinned",
        "-tag:checked",
    ):
        assert list(search.fitting_runs(Run.objects.all(), line)) == [plain], line
    for line in ("is:live", "is:shared", "is:forked", "marked:wrong", "cost:>999999999999", "calls:1.5"):
        assert not search.fitting_runs(Run.objects.all(), line), line
    for line in ("calls:<999999999999999m", "time:<999999999999999h", "cost:<999999999999999 -is:forked"):
        assert search.fitting_runs(Run.objects.all(), line).exists(), line
    assert ids("cheap status:failed") == [cheap.pk]
    assert ids("cheap status:succeeded") == []


# ------------------------------------------------------------------------------------------------- bounds


def many(owner: Any, count: int) -> list[Run]:
    """Runs of one node each, whose reply says its number."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    runs = Run.objects.bulk_create(
        Run(owner=owner, question=f"q{n}", status="succeeded", created_at=began + timedelta(minutes=n), last_seq=3)
        for n in range(count)
    )
    nodes, payloads = [], []
    for n, run in enumerate(runs):
        text = f"reply number {n} of all"
        sha = f"{n:064x}"
        payloads.append(Payload(sha256=bytes.fromhex(sha), codec=0, data=text.encode()))
        reference = {"response": {"sha": sha, "chars": len(text), "head": text}}
        nodes.append(
            Node(run=run, number=1, kind="lm", depth=0, name="call", status="succeeded", started_at=0, texts=reference)
        )
    Payload.objects.bulk_create(payloads)
    Node.objects.bulk_create(nodes)
    return runs[::-1]


def test_pages_follow_one_another_and_lose_nothing(db: None, django_user_model: Any) -> None:
    newest_first = [run.pk for run in many(django_user_model.objects.create_user("ada"), 130)]
    seen: list[str] = []
    after = None
    while True:
        found = search.search_runs(Run.objects.all(), '"of all"', after=after, limit=25, seconds=30)
        seen += found.hits
        after = found.next
        if after is None:
            break
    assert seen == newest_first


def test_when_the_time_is_up_older_runs_are_found_by_their_heads_and_one_can_go_on(
    db: None, django_user_model: Any
) -> None:
    runs = many(django_user_model.objects.create_user("ada"), 400)
    taken._remembered.clear()
    found = search.search_runs(Run.objects.all(), "/q7$|number 7 /", limit=500, seconds=0.1)
    assert not found.is_whole and found.searched < 400
    seen = set(found.hits)
    rounds = 0
    while not found.is_whole and rounds < 200:
        found = search.search_runs(Run.objects.all(), "/q7$|number 7 /", limit=500, seconds=0.3, after=found.whole_to)
        seen |= set(found.hits)
        rounds += 1
    assert runs[-8].pk in seen


def test_hundreds_of_runs_are_searched_in_bounded_time(db: None, django_user_model: Any) -> None:
    many(django_user_model.objects.create_user("ada"), 600)
    taken._remembered.clear()
    for line in ("nowhere", "-nowhere", "/(a|aa)+b/"):
        began = time.monotonic()
        search.search_runs(Run.objects.all(), line)
        assert time.monotonic() - began < 4, line


def test_what_must_not_be_there_is_not_said_of_runs_that_were_not_looked_through(
    db: None, django_user_model: Any
) -> None:
    many(django_user_model.objects.create_user("ada"), 200)
    taken._remembered.clear()
    found = search.search_runs(Run.objects.all(), "-number", limit=500, seconds=0)
    assert not found.hits and not found.is_whole and not found.searched

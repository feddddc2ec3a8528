"""Which nodes fit: held against a slow scan over the exported log of the same run."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.fixtures.keep import keep
from tests.fixtures.runs import RUNS
from tests.fixtures.searchable import RARE, keep_searchable
from tests.search.reference import nodes_of, slow_search
from trajectories import representations, search
from trajectories.models import Node, Run
from trajectories.search import taken

QUERIES = [
    "certificate",
    "CERTIFICATE expired",
    '"certificate had"',
    '"TLS   certificate"',
    "in:code llm_batch",
    "in:code,output ok",
    "-in:prompt certificate",
    "in:name inc-2025-0003",
    "in:thought next",
    "in:answer outages",
    "in:error answer",
    "in:reply search",
    "certificate -in:reply -expired",
    "-certificate",
    "/INC-2025-\\d{3}3/",
    "/^found = /",
    "/\\)$/",
    "-/o[kp]/ kind:cell",
    "kind:lm status:failed",
    "status:failed,cancelled",
    "-status:succeeded",
    "status:running",
    "model:mini",
    "model:large -role:root",
    "error:time",
    "label:llm_batch",
    "label:grep,peek kind:step",
    "depth:1",
    "depth:>0 depth:<2",
    "cost:>0.001",
    "cost:>=0.0001 kind:lm",
    "-cost:<100",
    "time:>2s",
    "time:<300ms",
    "time:1s..10s kind:lm",
    "tokens:>2000",
    "tokens:0..2k",
    "node:3..9",
    "batch:>0",
    "reads:incident",
    "reads:@0-100000",
    "reads:oncall@0-10",
    "-reads:@0-100000 kind:cell",
    "typeerror traceback",
    "kind:cell time:>1s in:code -in:prompt llm_batch -reads:oncall",
]
PARTS = (
    ["expired", "-ok", '"the answer"', "inc-", "print", "a", "/in[cd]/", "-/\\d{4}/", "in:code", "in:reply,prompt"]
    + ["kind:lm", "-kind:cell", "status:failed", "depth:>0", "cost:>0.0005", "time:<2s", "-tokens:>1800"]
    + ["reads:@0-500000", "label:llm"]
)


@pytest.fixture
def forget() -> Callable[[], None]:
    return taken._remembered.clear


def numbers(run: Run, line: str, **options: Any) -> list[int]:
    return search.search_run(run, line, **options).numbers


@pytest.mark.parametrize("name", RUNS)
def test_what_is_found_is_what_a_scan_of_the_exported_log_finds(db: None, name: str) -> None:
    run = keep(RUNS[name]())
    nodes = nodes_of(run)
    for line in QUERIES:
        assert numbers(run, line) == slow_search(run, line, nodes), line


def test_any_words_together_find_what_a_scan_finds(db: None) -> None:
    run = keep(RUNS["recursive"]())
    nodes = nodes_of(run)
    chance = random.Random(8)
    found = 0
    for _ in range(300):
        line = " ".join([chance.choice(PARTS[:8]), *chance.choices(PARTS, k=chance.randrange(4))])
        hits = numbers(run, line)
        assert hits == slow_search(run, line, nodes), line
        found += bool(hits)
    assert found > 60


def test_prompts_made_of_document_text_are_searched_as_they_were_sent(db: None) -> None:
    run = keep_searchable(60, 900)
    assert Node.objects.filter(run=run, texts__has_key="request").count() > 50
    nodes = nodes_of(run)
    piece = next(text for node in nodes for name, text in node["texts"] if name == "request" and RARE in text)
    seam = piece[piece.index("unclear.") : piece.index("unclear.") + 40]
    for line in (
        RARE,
        f'"{seam}"',
        "straße",
        "STRASSE",
        "in:prompt the",
        "certificate had",
        "-in:reply the",
        "/The .*ba/",
    ):
        assert numbers(run, line) == slow_search(run, line, nodes), line
    assert len(numbers(run, RARE)) == 2
    assert len(numbers(run, f'"{seam}"')) == 1, "words and quotation are one text"


def test_the_same_is_found_with_and_without_what_was_remembered(db: None, forget: Callable[[], None]) -> None:
    run = keep_searchable(30, 500)
    lines = [RARE, "the", "in:reply ba", "in:prompt ba", "ba", "-in:prompt ba", "/b./ the"]
    fresh = []
    for line in lines:
        forget()
        fresh.append(numbers(run, line))
    forget()
    assert [numbers(run, line) for line in lines * 2] == fresh * 2


def test_a_message_counts_where_it_was_first_said(db: None) -> None:
    run = keep(RUNS["recursive"]())
    turns = [node["number"] for node in nodes_of(run) if node["kind"] == "lm" and node["role"] == "root"]
    assert len(turns) > 5
    assert numbers(run, 'in:prompt "You answer a question about"') == turns[:1]
    thoughts = numbers(run, '"The next thing to do is: rlm_batch"')
    kinds = dict(Node.objects.filter(run=run).values_list("number", "kind"))
    assert [kinds[number] for number in thoughts] == ["step", "lm"], "the later turns repeat that reply"


def test_a_hit_says_where_it_stands(db: None) -> None:
    run = keep_searchable(30, 500)
    for line in (RARE, "straße", "in:prompt certificate", '"for model" -in:prompt'):
        found = search.search_run(run, line, limit=100)
        for hit in found.hits:
            told = representations.node_json(Node.objects.get(run=run, number=hit.node))
            text = told["request"][hit.message]["content"] if hit.text == "request" else told[hit.text]
            assert hit.snippet is not None
            assert text[hit.snippet.start : hit.snippet.end].lower() == hit.snippet.hit.lower()
            assert hit.snippet.before.lstrip("…") in text.replace("\n", " ")
            assert hit.text in hit.texts


def test_pages_of_hits_follow_one_another(db: None) -> None:
    run = keep(RUNS["recursive"]())
    seen, after = [], 0
    while True:
        found = search.search_run(run, "certificate", after=after, limit=7)
        seen += [hit.node for hit in found.hits]
        if found.next is None:
            break
        after = found.next
    assert seen == found.numbers and len(seen) > 14


def test_a_run_at_work_is_searched_as_far_as_it_has_come(db: None) -> None:
    made = RUNS["recursive"]()
    whole = keep(made)
    rows = list(Node.objects.filter(run=whole).order_by("number").values())
    live = Run.objects.create(owner=whole.owner, question="?", status="running", last_seq=1)
    for row in rows:
        row.pop("id")
    half = len(rows) // 2
    for number, row in enumerate(rows[:half]):
        is_open = number > half - 20
        texts = {name: text for name, text in row["texts"].items() if name in ("request", "code", "question")}
        changed = {"finished_at": None, "status": "running", "texts": texts} if is_open else {}
        Node.objects.create(**{**row, **changed, "run_id": live.id})
    assert 0 < len(numbers(live, "search")) < len(numbers(whole, "search"))
    for row in rows:
        Node.objects.update_or_create(run_id=live.id, number=row["number"], defaults={**row, "run_id": live.id})
    assert len(numbers(live, "search")) < len(numbers(whole, "search")), "the log stands still"
    Run.objects.filter(pk=live.pk).update(last_seq=2)
    for line in ("search", "certificate", "kind:lm status:failed", "in:thought next", "label:llm_batch"):
        assert numbers(live, line) == numbers(whole, line), line


def test_of_a_shared_run_only_what_is_shown_is_searched(db: None) -> None:
    run = keep(RUNS["recursive"]())

    def shown(node: Node) -> dict[str, Any]:
        told = representations.node_json(node)
        told["model"] = "a model"
        hidden = ("request", "question", "code", "error")
        return {name: value for name, value in told.items() if name not in hidden}

    seen = search.Seen(key="no prompts", node=shown, documents={"reports00000": "a document"})
    for line in ("model:mini", "in:prompt certificate", "in:error typeerror", "reads:incident", "in:code llm_batch"):
        assert numbers(run, line), line
        assert not numbers(run, line, seen=seen), line
    assert numbers(run, "in:reply search", seen=seen) == numbers(run, "in:reply search")
    assert numbers(run, 'reads:"a document"', seen=seen)


def test_a_reader_who_sees_all_finds_what_the_owner_finds(db: None) -> None:
    for run in (keep(RUNS["recursive"]()), keep(RUNS["going_on"]()), keep_searchable(20, 400)):
        names = dict(run.documents.values_list("id", "name"))
        seen = search.Seen(key="all", node=representations.node_json, documents=names)
        for line in QUERIES:
            assert numbers(run, line, seen=seen) == numbers(run, line), line

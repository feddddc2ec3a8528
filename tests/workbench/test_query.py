"""The browser reads a query as the server does."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.keep import keep
from tests.fixtures.runs import RUNS
from tests.search.test_query import PIECES
from tests.workbench.conftest import NodeTest
from trajectories import representations, search
from trajectories.search.query import tokens

SKELETON = [
    "kind:lm,cell status:failed",
    "-kind:lm",
    "error:time",
    "model:mini -role:root",
    'label:"llm_batch"',
    "label:grep,peek kind:step",
    "depth:1",
    "depth:>0 depth:<=1",
    "cost:>$0.001",
    "-cost:<.01",
    "time:>2s",
    "time:<300ms",
    "time:1s..1m kind:lm",
    "tokens:>1.9k",
    "node:3..9",
    "batch:>0",
]
"""What the tree alone can tell."""


@pytest.fixture
def queries(db: None, tmp_path: Path) -> Path:
    """{words, lines: [{line, told}], runs: [{tree, queries: [{line, numbers}]}]}, as the server reads them."""
    chance = random.Random(5)
    lines = ["".join(chance.choices(PIECES, k=chance.randrange(1, 12))) for _ in range(6_000)]
    runs = [keep(make()) for name, make in RUNS.items() if name != "going_on"]
    told = {
        "words": search.words_json(search.NODE_WORDS),
        "lines": [{"line": line, "told": list(tokens(line))} for line in lines],
        "runs": [{"tree": json.loads(representations.tree_json(run)), "queries": _answers(run)} for run in runs],
    }
    (tmp_path / "queries.json").write_bytes(representations.encode(told))
    return tmp_path / "queries.json"


def _answers(run: Any) -> list[dict[str, Any]]:
    return [{"line": line, "numbers": search.search_run(run, line).numbers} for line in SKELETON]


def test_a_query_is_read_as_the_server_reads_it(node_test: NodeTest, queries: Path) -> None:
    assert json.loads(queries.read_text())["lines"]
    node_test("query.test.mjs", QUERIES=str(queries))

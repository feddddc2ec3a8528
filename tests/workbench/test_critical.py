"""The browser's critical path is the server's, on the made-up runs and on programs that were played."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.critical.programs import Played, Player, made_up
from tests.fixtures.keep import MADE_UP, keep
from tests.workbench.conftest import NodeTest, cut
from trajectories import critical, representations
from trajectories.models import Event

COLUMNS = ("number", "parent", "kind", "depth", "name", "status", "start", "end", "queued_ms", "retried_ms", "batch")
COLUMNS += ("index", "follows")
RUN = {"status": "succeeded", "usage": {}, "cost": {}, "policy": {}, "started_at": "2026-11-23T01:00:00.000000Z"}


def told(path: critical.CriticalPath) -> dict[str, Any]:
    """What the browser's is compared with."""
    found = asdict(path) | {"words": [asdict(part) for part in critical.words(path)]}
    for clause in found["clauses"]:
        del clause["longest"]
        clause["nodes"] = sorted(clause["nodes"])
    return found


def test_the_browser_and_the_server_say_the_same_of_recorded_runs(
    db: None, node_test: NodeTest, tmp_path: Path
) -> None:
    for name, make in MADE_UP.items():
        made = make()
        cases = []
        for after in sorted({len(made.events) * part // 8 for part in range(2, 9)}):
            run = keep(cut(made, after))
            tree = json.loads(representations.tree_json(run))
            now = max(row[7] or row[6] for row in tree["rows"]) + 0.25 if run.is_live else 0.0
            path = critical.path_of(run, now)
            assert path
            cases.append({"tree": tree, "now": now, "path": told(path), "after": after})
        events = [
            json.loads(data) for data in Event.objects.filter(run=run).order_by("seq").values_list("data", flat=True)
        ]
        (tmp_path / f"{name}.json").write_text(json.dumps({"cases": cases, "events": events}))
    node_test("critical.test.mjs", PATHS=str(tmp_path))


def test_the_browser_and_the_server_say_the_same_of_played_programs(node_test: NodeTest, tmp_path: Path) -> None:
    cases = []
    for seed in range(150):
        played = Player(1 + seed % 4).play(made_up(seed, threads=seed % 2 == 0))
        tree = {"run": RUN, "columns": COLUMNS, "rows": _rows(played), "last_seq": 1}
        cases.append({"tree": tree, "now": 0, "path": told(critical.critical_path(played.spans))})
    (tmp_path / "played.json").write_text(json.dumps({"cases": cases}))
    node_test("critical.test.mjs", PATHS=str(tmp_path))


def _rows(played: Played) -> list[list[Any]]:
    return [
        [span.number, span.parent, span.kind, span.depth, "", "succeeded", span.start / 1e6, span.end / 1e6]
        + [span.queued / 1000, span.retried / 1000, span.batch, span.index, span.follows]
        for span in played.spans
    ]

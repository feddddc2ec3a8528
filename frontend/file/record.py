"""A run's record as its pages need it, read from a `Recorded` alone: no row of the database is looked at."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from frontend.story.rows import USUAL
from frontend.story.traced import Brief, Happening, Traced, first_seen, near
from trajectories import representations
from trajectories.coverage import LEVEL_OF, Coverage, flattened
from trajectories.exporters import Recorded
from trajectories.models import Document, Node, Run
from trajectories.reads import Reads
from trajectories.recorder.rows import Fold, NodeRow, seconds

Json = dict[str, Any]
MOST_HAPPENINGS = 5_000


@dataclass(kw_only=True)
class FileRecord:
    """One run. Its models are not those of the database: they hold what the record says, and are never saved."""

    run: Run
    documents: list[Document]
    rows: list[Json]
    """The skeleton, as dictionaries by column."""
    briefs: dict[int, Brief]
    details: dict[int, Json]
    happenings: list[Happening]
    reads: Reads

    @property
    def names(self) -> dict[str, str]:
        return {document.pk: document.name for document in self.documents}

    def traced(self) -> Traced:
        run = self.run
        return Traced(
            nodes=self.briefs,
            details=self.details,
            happenings=self.happenings,
            seen=first_seen(run.sources, self.reads, self.briefs) if run.sources else [],
            document_names=self.names,
            status=run.status,
            ended_by=run.ended_by,
            error=run.error,
        )

    def coverage(self) -> list[Coverage]:
        spans: dict[str, list[tuple[int, int, int]]] = {document.pk: [] for document in self.documents}
        for _node, document_id, start, end, how in self.reads:
            spans.get(document_id, []).append((LEVEL_OF.get(how, 1), start, end))
        reads = Counter({document_id: len(found) for document_id, found in spans.items()})
        for source in self.run.sources:
            spans.get(str(source["document"]), []).append((LEVEL_OF["cited"], source["start"], source["end"]))
        return [
            Coverage(
                document=document,
                intervals=tuple(flattened(spans[document.pk], document.chars)),
                reads=reads[document.pk],
            )
            for document in self.documents
        ]


def read(recorded: Recorded) -> FileRecord:
    run = run_of(recorded.run)
    rows = [dict(zip(recorded.columns, row, strict=True)) for row in recorded.nodes()]
    briefs = {row["number"]: _brief(row) for row in rows}
    wanted = near(briefs.values())
    details: dict[int, Json] = {}
    happenings: list[Happening] = []
    reads: list[tuple[int, str, int, int, str]] = []
    began = run.started_at.timestamp() if run.started_at else 0.0
    for event, row in _folded(recorded):
        if not event["type"].startswith(USUAL) and len(happenings) < MOST_HAPPENINGS:
            at = seconds(event["at"]) - began
            happenings.append(Happening(type=event["type"], node=event.get("node"), at=at, data=event["data"]))
        if row is None:
            continue
        if row.number in wanted:
            details[row.number] = {**row.data, "error": row.error}
        if event["type"] == "node.finished" and row.kind in ("cell", "lm"):
            reads += [_read(row.number, each) for each in row.data.get("reads") or []]
    return FileRecord(
        run=run,
        documents=[document_of(document) for document in recorded.run["documents"]],
        rows=rows,
        briefs=briefs,
        details=details,
        happenings=happenings,
        reads=Reads.of(sorted(reads)),
    )


def nodes(recorded: Recorded) -> Iterator[Json]:
    """Each node as the API shows it, with references instead of texts: when it ended, those still open at the end."""
    fold = Fold()
    for line in recorded.events():
        event = orjson.loads(line)
        row = fold.apply(event)
        if row is not None and event["type"] == "node.finished":
            yield _node_json(row)
    for row in fold.open.values():
        yield _node_json(row)


# ------------------------------------------------------------------------------------------------ pieces


def _folded(recorded: Recorded) -> Iterator[tuple[Json, NodeRow | None]]:
    fold = Fold()
    for line in recorded.events():
        event = orjson.loads(line)
        yield event, fold.apply(event)


def _node_json(row: NodeRow) -> Json:
    fields = {name: getattr(row, name) for name in NodeRow.__slots__}
    return {**representations.node_json(Node(**{**fields, "texts": {}})), "texts": row.texts}


def _read(number: int, read: Json) -> tuple[int, str, int, int, str]:
    return number, str(read["document"]), read["start"], read["end"], read["how"]


def _brief(row: Json) -> Brief:
    columns = ("number", "parent", "kind", "depth", "name", "status", "start", "end", "batch", "attempt")
    return Brief(**{name: row[name] for name in columns}, model=row["model"] or "", usd=money(row["subtree_usd"]))


def money(amount: Any) -> Decimal | None:
    """Amounts come as `Decimal`, as decimal text, or not at all."""
    return None if amount is None else Decimal(str(amount))


def run_of(said: Any) -> Run:
    usage, cost = said["usage"], said["cost"]
    return Run(
        pk=said["id"],
        question=said["question"],
        status=said["status"],
        ended_by=said["ended_by"] or "",
        answer=said["answer"],
        error=said["error"],
        policy=said["policy"] or {},
        sources=said["sources"] or [],
        **usage,
        cost_usd=money(cost["usd"]),
        cost_kind=cost["kind"],
        unpriced_calls=cost["unpriced_calls"],
        nodes=said["nodes"],
        depth=said["depth"],
        last_seq=said["last_seq"],
        sandbox=said["sandbox"] or "",
        imported_from=said["imported_from"] or "",
        created_at=moment(said["created_at"]),
        started_at=moment(said["started_at"]),
        finished_at=moment(said["finished_at"]),
    )


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def document_of(said: Any) -> Document:
    return Document(pk=said["id"], name=said["name"], chars=said["chars"], tokens=said["tokens"] or 0, status="ready")

"""What the doors to the outside say of documents, runs, nodes and events: the shapes of the contract, nothing more.

Times are ISO 8601 in UTC with microseconds and “Z”, money is a decimal string, unknown is null.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.module_loading import import_string

from trajectories import critical, engine, exporters, recorder, skeleton, tags
from trajectories.models import Annotation, Document, Event, Node, Run

TREE_COLUMNS = skeleton.COLUMNS
ROWS_AT_ONCE = 1_000
USAGE_KINDS = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")


def encode(value: Any) -> bytes:
    """JSON text of anything made here."""
    return orjson.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return money(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def iso(moment: datetime | float | None) -> str | None:
    """“2026-11-23T01:02:03.456789Z” of a datetime or of seconds since the epoch."""
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def money(amount: Decimal | None) -> str | None:
    """0.012300000000 → “0.0123”; never an exponent."""
    return None if amount is None else skeleton.money(amount)


# ---------------------------------------------------------------------------------------------- documents


def document_json(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "name": document.name,
        "sha256": document.sha256,
        "bytes": document.bytes,
        "chars": document.chars,
        "tokens": document.tokens,
        "media_type": document.media_type,
        "status": document.status,
        "message": document.message,
        "warnings": document.warnings,
        "created_at": iso(document.created_at),
    }


# ---------------------------------------------------------------------------------------------- runs


def with_documents(runs: "QuerySet[Run]") -> "QuerySet[Run]":
    """Fetches beside the runs what `run_json` shows of their documents and tags."""
    return runs.prefetch_related("rundocument_set__document", "tags")


def documents_of(run: Run) -> list[Document]:
    """In the order in which the run got them."""
    if "rundocument_set" in getattr(run, "_prefetched_objects_cache", {}):
        return [link.document for link in run.rundocument_set.all()]
    return [link.document for link in run.rundocument_set.select_related("document")]


def run_json(run: Run, request: HttpRequest | str | None = None) -> dict[str, Any]:
    """`request` (or the site's address as text) makes `url` absolute."""
    return {
        "id": run.id,
        "question": run.question,
        "status": run.status,
        "ended_by": run.ended_by or None,
        "answer": run.answer,
        "error": run.error,
        "documents": [document_json(document) for document in documents_of(run)],
        "policy": run.policy,
        "usage": {"calls": run.calls, "attempts": run.attempts, **{kind: getattr(run, kind) for kind in USAGE_KINDS}},
        "cost": {"usd": money(run.cost_usd), "kind": run.cost_kind, "unpriced_calls": run.unpriced_calls},
        "sources": run.sources,
        "created_at": iso(run.created_at),
        "started_at": iso(run.started_at),
        "finished_at": iso(run.finished_at),
        "seconds": run.seconds,
        "nodes": run.nodes,
        "depth": run.depth,
        "last_seq": run.last_seq,
        "sandbox": run.sandbox,
        "forked_from": run.forked_from or None,
        "follows": run.follows or None,
        "imported_from": run.imported_from or None,
        "title": run.title,
        "tags": tags.names_of(run),
        "pinned": run.pinned_at is not None,
        "url": _absolute(f"/runs/{run.id}", request),
    }


THUMBS = {Annotation.Thumb.UP: "up", Annotation.Thumb.DOWN: "down"}


def annotation_json(annotation: Annotation) -> dict[str, Any]:
    return {
        "id": annotation.pk,
        "run": annotation.run_id,
        "node": annotation.node,
        "text": annotation.text or None,
        "start": annotation.start,
        "end": annotation.end,
        "thumb": THUMBS.get(Annotation.Thumb(annotation.thumb)),
        "comment": annotation.comment,
        "created_at": iso(annotation.created_at),
        "updated_at": iso(annotation.updated_at),
    }


def _absolute(path: str, request: HttpRequest | str | None) -> str:
    if isinstance(request, HttpRequest):
        return request.build_absolute_uri(path)
    return (request or "").rstrip("/") + path


# ---------------------------------------------------------------------------------------------- nodes


def tree_json(run: Run, request: HttpRequest | str | None = None) -> bytes:
    """{run, columns, rows, last_seq}: the skeleton of every node; 100,000 nodes in under a second.

    `last_seq` is read in the statement that reads the rows, so applying the events after it gives the rest."""
    last_seq, pages, page = run.last_seq, list[bytes](), list[list[Any]]()
    for row in skeleton.rows(run):
        last_seq = row.pop()
        page.append(row)
        if len(page) == ROWS_AT_ONCE:  # as many lists at once as the garbage collector can live with
            pages.append(orjson.dumps(page)[1:-1])
            page = []
    if page:
        pages.append(orjson.dumps(page)[1:-1])
    run.refresh_from_db()
    head = encode({"run": run_json(run, request), "columns": TREE_COLUMNS})[:-1]
    return b'%b,"rows":[%b],"last_seq":%d}' % (head, b",".join(pages), last_seq)


def node_json(node: Node) -> dict[str, Any]:
    """One node with its texts, under their own names."""
    return {
        "number": node.number,
        "parent": node.parent,
        "kind": node.kind,
        "depth": node.depth,
        "name": node.name,
        "status": node.status,
        "started_at": iso(node.started_at),
        "finished_at": iso(node.finished_at),
        "queued_ms": node.queued_ms,
        "role": node.role or None,
        "tier": node.tier or None,
        "model": node.model or None,
        "batch": node.batch,
        "index": node.index,
        "attempt": node.attempt,
        "error": node.error,
        **node.data,
        "usage": _usage(node),
        "cost": _cost(node),
        **_texts(node.texts),
    }


def _usage(node: Node) -> dict[str, Any] | None:
    told: dict[str, Any] | None = node.data.get("usage")
    if told is not None or node.input_tokens is None:
        return told
    return {kind: getattr(node, kind) for kind in USAGE_KINDS}


def _cost(node: Node) -> dict[str, Any] | None:
    told: dict[str, Any] | None = node.data.get("cost")
    if told is not None or not node.cost_kind:
        return told
    return {
        "usd": money(node.cost_usd),
        "kind": node.cost_kind,
        "unpriced_calls": 1 if node.cost_kind == "unknown" else 0,
    }


def _texts(references: dict[str, Any]) -> dict[str, Any]:
    """References to payloads → the texts themselves; a request becomes its messages.

    Where a text is gone (a document it quotes was removed), `missing` says so and its beginning stands in for it."""
    try:
        return recorder.read_texts(references)
    except recorder.PayloadMissing as error:
        return {**{name: _beginning(reference) for name, reference in references.items()}, "missing": str(error)}


def _beginning(reference: dict[str, Any]) -> Any:
    if "messages" not in reference:
        return reference["head"]
    return [{"role": message["role"], "content": message["head"]} for message in reference["messages"]]


def critical_json(run: Run) -> dict[str, Any]:
    """What the run's time was spent in, from who awaited whom; for one that goes on, the path so far."""
    path = critical.path_of(run)
    if path is None:
        return {"seconds": 0.0, "least_seconds": 0.0, "shares": {}, "nodes": [], "leaves": [], "sentence": []}
    return {
        "seconds": path.micros / 1e6,
        "least_seconds": path.least / 1e6,
        "shares": {name: micros / 1e6 for name, micros in path.shares.items()},
        "nodes": path.nodes,
        "leaves": path.leaves,
        "sentence": [asdict(part) for part in critical.words(path)],
    }


# ---------------------------------------------------------------------------------------------- events


def events_json(run: Run, *, after: int, limit: int) -> bytes:
    """{events, last_seq, next}: the stored texts as they are. `last_seq` is the log's, `next` the `after` of the
    page that follows (null at the end)."""
    lines = list(Event.objects.filter(run=run, seq__gt=after).order_by("seq").values_list("seq", "data")[:limit])
    last_seq = Run.objects.values_list("last_seq", flat=True).get(pk=run.pk)
    following = lines[-1][0] if lines and lines[-1][0] < last_seq else None
    told = ",".join(data for _, data in lines)
    return f'{{"events":[{told}],"last_seq":{last_seq},"next":{following or "null"}}}'.encode()


# ---------------------------------------------------------------------------------------------- records


def recorded(
    run: Run, header: dict[str, Any], *, annotated: bool = False, with_passages: bool = False
) -> exporters.Recorded:
    """A run's record for the exporters; `annotated` with what its owner noted, for nobody else's eyes; `with_passages`
    with what stands around the cited passages in their documents."""
    return exporters.Recorded(
        run=header,
        events=lambda: _event_lines(run),
        texts=recorder.kept_texts,
        columns=TREE_COLUMNS,
        nodes=lambda: (row[:-1] for row in skeleton.rows(run)),
        annotations=lambda: map(annotation_json, run.annotations.all() if annotated else ()),
        passage=_passages_of(run) if with_passages else None,
        page=import_string(settings.FILE_PAGE),
    )


def _passages_of(run: Run) -> Callable[[str, int, int], str]:
    """Reads what stands somewhere in a document of the run; raises `LookupError` where it cannot be read."""
    open_text = import_string(settings.OPEN_TEXT)

    @cache
    def opened(document_id: str) -> Any:
        return open_text(run.documents.get(pk=document_id))

    def passage(document_id: str, start: int, end: int) -> str:
        try:
            text: str = opened(document_id).read(start, end)
        except (Document.DoesNotExist, engine.DocumentError, UnicodeDecodeError) as error:
            raise LookupError(str(error)) from error
        return text

    return passage


def _event_lines(run: Run) -> Iterator[str]:
    """The whole log, line by line."""
    return Event.objects.filter(run=run).order_by("seq").values_list("data", flat=True).iterator(chunk_size=500)

"""Where a run's nodes and texts come from: its own rows, or what a reader who is not its owner is told of them."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import orjson
from django.conf import settings
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.module_loading import import_string

from trajectories import engine, recorder
from trajectories.models import Document, Node
from trajectories.search.held import Stretch, Text
from trajectories.search.rows import SCOPE_OF, Row, Said, Taken

Json = dict[str, Any]


class Source(Protocol):
    def nodes(self, nodes: "QuerySet[Node]") -> list[Taken]:
        """In the order of the query."""
        ...

    def texts(self, digests: Sequence[bytes]) -> dict[bytes, Text]:
        """Those that are gone are left out."""
        ...


# ---------------------------------------------------------------------------------------------- its own rows

_COLUMNS = (
    "number",
    "parent",
    "kind",
    "depth",
    "name",
    "status",
    "started_at",
    "finished_at",
    "queued_ms",
    "model",
    "role",
    "tier",
    "batch",
    "input_tokens",
    "output_tokens",
    "subtree_usd",
)
_JSON = ("error", "data", "texts")


class OwnRecord:
    def __init__(self) -> None:
        self._opened: dict[str, engine.TextFile | None] = {}
        """By id of the document; None: it cannot be read any more."""

    def nodes(self, nodes: "QuerySet[Node]") -> list[Taken]:
        """JSON is read here, not by Django: thousands of rows in a tenth of a second."""
        raw = {f"{name}_text": Cast(name, TextField()) for name in _JSON}
        return [_from_columns(values) for values in nodes.annotate(**raw).values_list(*_COLUMNS, *raw)]

    def texts(self, digests: Sequence[bytes]) -> dict[bytes, Text]:
        """Quotations stay stretches of the document's file; one that is gone leaves the text's own words."""
        read = dict(recorder.read_pieces(digests))
        places: dict[str, set[int]] = {}
        for pieces in read.values():
            for piece in pieces:
                if isinstance(piece, recorder.Quoted):
                    places.setdefault(piece.document, set()).update((piece.start, piece.end))
        self._open(places.keys() - self._opened.keys())
        offsets = {id_: file.byte_offsets(places[id_]) for id_ in places if (file := self._opened[id_]) is not None}
        return {digest: self._text(pieces, offsets) for digest, pieces in read.items()}

    def _open(self, ids: "set[str]") -> None:
        if not ids:
            return
        open_text = import_string(settings.OPEN_TEXT)
        found = Document.objects.in_bulk(list(ids))
        for id_ in ids:
            self._opened[id_] = None
            if id_ not in found:
                continue
            with suppress(engine.DocumentError):
                text = open_text(found[id_])
                self._opened[id_] = text if isinstance(text, engine.TextFile) else None

    def _text(self, pieces: "Sequence[bytes | recorder.Quoted]", offsets: dict[str, dict[int, int]]) -> Text:
        if len(pieces) == 1 and isinstance(pieces[0], bytes):
            return pieces[0]
        text: list[bytes | Stretch] = []
        for piece in pieces:
            if isinstance(piece, bytes):
                text.append(piece)
            elif (file := self._opened[piece.document]) is not None:
                at = offsets[piece.document]
                text.append(Stretch(str(file.path), at[piece.start], at[piece.end]))
        return tuple(text)


def _from_columns(values: tuple[Any, ...]) -> Taken:
    (number, parent, kind, depth, name, status, started, finished, queued, model, role, tier, *rest) = values
    (batch, tokens_in, tokens_out, usd, error, data, texts) = rest
    error, data = orjson.loads(error) if error else None, orjson.loads(data)
    row = Row(
        number=number,
        parent=parent,
        kind=kind,
        depth=depth,
        name=name,
        status=status,
        began=_sent(started, finished, queued),
        ended=finished,
        error=(error or {}).get("kind") or "",
        model=model,
        role=role,
        tier=tier,
        label=name if kind == "cell" else "",
        batch=batch,
        tokens=None if tokens_in is None else tokens_in + (tokens_out or 0),
        usd=usd,
        reads=_reads(data),
    )
    return Taken(row, [*_words(name, error, data, is_kept=False), *_references(orjson.loads(texts))])


def _references(texts: Json) -> Iterator[Said]:
    for name, reference in texts.items():
        if name not in SCOPE_OF:
            continue
        if "messages" not in reference:
            yield Said(name, None, bytes.fromhex(reference["sha"]), None)
            continue
        for index, message in enumerate(reference["messages"]):
            yield Said(name, index, bytes.fromhex(message["sha"]), None)


# ---------------------------------------------------------------------------------------------- what is told of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a reader sees who is not the run's owner. Only that is searched, figures included, so that a search tells
    nothing that `node` does not tell: what is blacked out is so before anything is looked for, never after."""

    key: str
    """Names what is seen: another key, other texts."""
    node: Callable[[Node], Json]
    """A node as it is told to that reader, in the shape of `representations.node_json`; the same at each call."""
    documents: Mapping[str, str]
    """By id: the names of the run's documents as they are told."""


class ToldRecord:
    def __init__(self, run_id: str, seen: Seen) -> None:
        self._run_id = run_id
        self._seen = seen
        self._homes: dict[bytes, int] = {}
        """Digest of a text → number of a node that has it."""

    def nodes(self, nodes: "QuerySet[Node]") -> list[Taken]:
        return [self._taken(node) for node in nodes]

    def texts(self, digests: Sequence[bytes]) -> dict[bytes, Text]:
        homes = {self._homes[digest] for digest in digests}
        taken = self.nodes(Node.objects.filter(run=self._run_id, number__in=homes))
        wanted = set(digests)
        return {
            said.digest: said.raw
            for each in taken
            for said in each.texts
            if said.digest in wanted and said.raw is not None
        }

    def _taken(self, node: Node) -> Taken:
        told = self._seen.node(node)
        row = _from_json(told)
        texts = [*_words(row.name, told.get("error"), told), *_told_texts(told)]
        for said in texts:
            self._homes.setdefault(said.digest, row.number)
        return Taken(row, texts)


def _from_json(told: Json) -> Row:
    started = _seconds(told.get("started_at")) or 0.0
    finished = _seconds(told.get("finished_at"))
    usage = told.get("usage") or {}
    tokens = usage.get("input_tokens")
    return Row(
        number=told["number"],
        parent=told.get("parent"),
        kind=told["kind"],
        depth=told.get("depth") or 0,
        name=told.get("name") or "",
        status=told.get("status") or "",
        began=_sent(started, finished, told.get("queued_ms")),
        ended=finished,
        error=(told.get("error") or {}).get("kind") or "",
        model=told.get("model") or "",
        role=told.get("role") or "",
        tier=told.get("tier") or "",
        label=(told.get("name") or "") if told["kind"] == "cell" else "",
        batch=told.get("batch"),
        tokens=None if tokens is None else tokens + (usage.get("output_tokens") or 0),
        usd=_usd((told.get("subtree") or {}).get("cost") or told.get("cost") or {}),
        reads=_reads(told),
    )


def _usd(cost: Json) -> Decimal | None:
    """None when nothing of it has a price, as in the rows."""
    usd = None if cost.get("usd") is None else Decimal(cost["usd"])
    return None if usd is None or (cost.get("unpriced_calls") and not usd) else usd


def _seconds(iso: str | None) -> float | None:
    return datetime.fromisoformat(iso).timestamp() if iso else None


def _told_texts(told: Json) -> Iterator[Said]:
    for name in SCOPE_OF.keys() - {"name", "error", "reason", "notes"}:
        value = told.get(name)
        if isinstance(value, str):
            yield _said(name, value)
        elif isinstance(value, list):
            for index, message in enumerate(value):
                yield _said(name, message["content"], index)


# ---------------------------------------------------------------------------------------------- both


def _sent(started: float, finished: float | None, queued_ms: float | None) -> float:
    sent = started + (queued_ms or 0) / 1000
    return sent if finished is None else min(sent, finished)


def _reads(data: Json) -> tuple[tuple[str, int, int], ...]:
    return tuple((str(read["document"]), read["start"], read["end"]) for read in data.get("reads") or ())


def _words(name: str, error: Json | None, data: Json, *, is_kept: bool = True) -> Iterator[Said]:
    """Short texts that stand in the row itself, each as the page shows it."""
    yield _said("name", name, is_kept=is_kept)
    if error or data.get("retries"):
        yield _said("error", _troubles(error, data.get("retries") or ()), is_kept=is_kept)
    if data.get("reason"):
        yield _said("reason", str(data["reason"]), is_kept=is_kept)
    if notes := data.get("notes"):
        yield _said("notes", "\n".join(map(str, notes)) if isinstance(notes, list) else str(notes), is_kept=is_kept)


def _troubles(error: Json | None, retries: Sequence[Json]) -> str:
    """Its error, and what went wrong in its earlier tries."""
    told = [f"{each.get('kind')}: {each.get('message')}" for each in [*([error] if error else []), *retries]]
    return "\n".join([*told, (error or {}).get("traceback") or ""]).strip()


def _said(name: str, text: str, message: int | None = None, *, is_kept: bool = True) -> Said:
    raw = text.encode("utf-8", "replace")
    return Said(name, message, hashlib.sha256(raw).digest(), raw, is_kept)

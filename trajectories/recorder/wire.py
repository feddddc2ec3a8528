"""An event as it stands in the log and travels to every viewer: `{seq, at, type, node, data}`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from trajectories import engine

BITS = 63
"""Of the largest whole number that JSON readers agree on taking."""

Json = dict[str, Any]


def log_line(seq: int, event: engine.Event, document_ids: Sequence[str], texts: Json) -> tuple[Json, str]:
    """The event and its JSON text. Documents are named by their ids, not by their index in the run."""
    data = _with_document_ids(event.data, document_ids)
    if texts:
        data["texts"] = texts
    line = {"seq": seq, "at": iso(event.at), "type": event.type, "node": event.node, "data": data}
    text = _json(line)
    if text is not None:
        return line, text
    line["data"] = _clean(data)
    return line, orjson.dumps(line).decode()


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _with_document_ids(data: Json, document_ids: Sequence[str]) -> Json:
    changed = dict(data)
    for key in ("reads", "sources"):
        if changed.get(key):
            changed[key] = [_named(span, document_ids) for span in changed[key]]
    ending = changed.get("ending")
    if ending and ending.get("sources"):
        changed["ending"] = {**ending, "sources": [_named(span, document_ids) for span in ending["sources"]]}
    return changed


def _named(span: Json, document_ids: Sequence[str]) -> Json:
    document = span["document"]
    return {**span, "document": document_ids[document]} if isinstance(document, int) else span


def _json(line: Json) -> str | None:
    """None when something in it cannot be kept everywhere: half a surrogate pair or a huge number (no JSON here),
    or NUL (not in Postgres)."""
    try:
        raw = orjson.dumps(line)
    except orjson.JSONEncodeError:
        return None
    return None if b"\\u0000" in raw else raw.decode()


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "�")
    if isinstance(value, dict):
        return {_clean(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, int) and value.bit_length() > BITS:
        return str(value)
    return value

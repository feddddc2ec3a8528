"""The SQL of the recorder: many rows a statement, no ORM objects, the same on SQLite and Postgres.

One statement for many rows lets sqlite3 give up the interpreter's lock once, not once a row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any

import orjson
from django.db import connection, transaction

from trajectories.models import Event, Node, Payload, Run
from trajectories.recorder.payloads import Kept
from trajectories.recorder.rows import NODE_COLUMNS, RUN_COLUMNS, NodeRow, RunRow

ROWS_PER_STATEMENT = 128
JSON_COLUMNS = frozenset({"error", "data", "texts", "sources"})


@dataclass(slots=True, eq=False)
class RunChange:
    """What one run adds to its record in one transaction."""

    run_id: str
    fence: int
    row: RunRow
    answer: str | None
    events: list[tuple[int, str]] = field(default_factory=list)
    """(seq, JSON text)"""
    nodes: dict[int, NodeRow] = field(default_factory=dict)
    payloads: dict[bytes, Kept] = field(default_factory=dict)


def store(changes: Sequence[RunChange]) -> list[RunChange]:
    """One transaction. Returns the changes whose fence no longer holds; nothing of those is kept."""
    with transaction.atomic(), connection.cursor() as cursor:
        lost = [change for change in sorted(changes, key=lambda change: change.run_id) if not _hold(cursor, change)]
        kept = [change for change in changes if change not in lost]
        payloads = {digest: row for change in kept for digest, row in change.payloads.items()}
        # in the order of their keys, so that two processes never wait for each other
        _insert(cursor, _payload_sql(), ((p.sha256, p.codec, p.data) for _, p in sorted(payloads.items())))
        _insert(
            cursor, _node_sql(), (_node_values(change.run_id, row) for change in kept for row in change.nodes.values())
        )
        _insert(cursor, _event_sql(), ((change.run_id, *event) for change in kept for event in change.events))
    return lost


def _hold(cursor: Any, change: RunChange) -> bool:
    """Writes the run's row if this fence still holds it. The row stays locked until the transaction ends."""
    row = change.row
    values = [_value(name, getattr(row, name)) for name in RUN_COLUMNS if name != "answer"]
    cursor.execute(_run_sql(), [*values, change.answer, change.run_id, change.fence])
    return bool(cursor.rowcount == 1)


def _node_values(run_id: str, row: NodeRow) -> tuple[Any, ...]:
    return (run_id, *(_value(name, getattr(row, name)) for name in NODE_COLUMNS))


def _value(name: str, value: Any) -> Any:
    if name in JSON_COLUMNS:
        return None if value is None else orjson.dumps(value).decode()
    if name in ("started_at", "finished_at") and value is not None and not isinstance(value, float):
        return connection.ops.adapt_datetimefield_value(value)
    return value


@dataclass(frozen=True, slots=True)
class _Insert:
    head: str
    row: str
    tail: str


def _insert(cursor: Any, sql: _Insert, rows: Iterable[Sequence[Any]]) -> None:
    rows = iter(rows)
    while part := list(islice(rows, ROWS_PER_STATEMENT)):
        values = [value for row in part for value in row]
        cursor.execute(f"{sql.head}{','.join([sql.row] * len(part))}{sql.tail}", values)


def _statement(table: str, columns: Sequence[str], tail: str) -> _Insert:
    quote = connection.ops.quote_name
    names = ",".join(quote(column) for column in columns)
    row = f"({','.join(['%s'] * len(columns))})"
    return _Insert(f"INSERT INTO {quote(table)} ({names}) VALUES ", row, tail)


@cache
def _event_sql() -> _Insert:
    return _statement(Event._meta.db_table, ("run_id", "seq", "data"), "")


@cache
def _payload_sql() -> _Insert:
    return _statement(Payload._meta.db_table, ("sha256", "codec", "data"), " ON CONFLICT (sha256) DO NOTHING")


@cache
def _node_sql() -> _Insert:
    quote = connection.ops.quote_name
    changed = ",".join(f"{quote(name)}=excluded.{quote(name)}" for name in NODE_COLUMNS if name != "number")
    tail = f" ON CONFLICT (run_id, number) DO UPDATE SET {changed}"
    return _statement(Node._meta.db_table, ("run_id", *NODE_COLUMNS), tail)


@cache
def _run_sql() -> str:
    names = [name for name in RUN_COLUMNS if name != "answer"] + ["answer"]
    quote = connection.ops.quote_name
    changed = ",".join(f"{quote(name)}=%s" for name in names)
    return f"UPDATE {quote(Run._meta.db_table)} SET {changed} WHERE id=%s AND fence=%s"

"""The skeleton of a run's tree: every node in a few columns, without texts. Values go from the database to JSON with as
little in between as can be: 100,000 nodes are normal."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, Func, TextField
from django.db.models.functions import Coalesce

from trajectories import critical
from trajectories.models import Node, Run

COLUMNS = (
    "number",
    "parent",
    "kind",
    "depth",
    "name",
    "status",
    "start",
    "end",
    "queued_ms",
    "retried_ms",
    "role",
    "model",
    "batch",
    "index",
    "attempt",
    "line",
    "follows",
    "accepted",
    "input_tokens",
    "cache_read_tokens",
    "output_tokens",
    "usd",
    "cost_kind",
    "subtree_usd",
    "error",
)
"""`start`, `end`: seconds since the run's start. `retried_ms`: in tries that failed and in the waits after them.
`follows`: the call that a gate judged, or that this call is made instead of. `accepted`: what a gate said."""

_AT_ONCE = 2_000
_EXACT_BELOW = 1_000
"""A double holds the twelve digits after the point of a smaller amount."""


class _Told(Func):
    """What stands under a key of a JSON column; a number or a truth value is as the driver likes it."""

    output_field = TextField()

    def __init__(self, column: str, key: str) -> None:
        super().__init__(F(column))
        self.extra["key"] = key

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return super().as_sql(compiler, connection, template="JSON_EXTRACT(%(expressions)s, '$.%(key)s')", **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return super().as_sql(compiler, connection, template="(%(expressions)s ->> '%(key)s')", **more)


_FIELDS = {
    "start": F("started_at"),
    "end": F("finished_at"),
    "retried_ms": F("number"),
    "line": _Told("data", "line"),
    "follows": Coalesce(_Told("data", "of"), _Told("data", "before")),
    "accepted": _Told("data", "accepted"),
    "usd": F("cost_usd"),
    "error": _Told("error", "kind"),
}
"""Where a column is not called as in the table."""


def rows(run: Run) -> Iterator[list[Any]]:
    """Values of `COLUMNS`, and the log's last number after them, read in the same statement."""
    began = run.started_at.timestamp() if run.started_at else 0.0
    retried = critical.retried_ms(run)
    start, end, tried = map(COLUMNS.index, ("start", "end", "retried_ms"))
    line, follows, accepted = map(COLUMNS.index, ("line", "follows", "accepted"))
    usd, subtree = map(COLUMNS.index, ("usd", "subtree_usd"))
    for values in _selected(run):
        row = list(values)
        row[start] = round(row[start] - began, 6)
        if row[end] is not None:
            row[end] = round(row[end] - began, 6)
        row[tried] = retried.get(row[tried]) if retried else None
        if row[line] is not None:
            row[line] = int(row[line])
        if row[follows] is not None:
            row[follows] = int(row[follows])
        if row[accepted] is not None:
            row[accepted] = row[accepted] in (1, "true")
        own, whole = row[usd], row[subtree]
        if own is not None:
            row[usd] = money(own)
        if whole is not None:
            row[subtree] = row[usd] if whole == own else money(whole)
        yield row


def _selected(run: Run) -> Iterator[tuple[Any, ...]]:
    """As the database's driver gives them."""
    fields = [_FIELDS.get(name, F(name)) for name in COLUMNS]
    query = Node.objects.filter(run=run).order_by("number").values_list(*fields, "run__last_seq").query
    with connection.chunked_cursor() as cursor:
        cursor.execute(*query.sql_with_params())
        while page := cursor.fetchmany(_AT_ONCE):
            yield from page


def money(amount: Decimal | float) -> str:
    """0.012300000000 → “0.0123”; never an exponent."""
    if isinstance(amount, float) and amount >= _EXACT_BELOW:
        amount = Decimal(repr(amount))
    text = f"{amount:.12f}" if isinstance(amount, float) else format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text

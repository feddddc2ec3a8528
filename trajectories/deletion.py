"""Deleting runs: out of sight at once, brought back on demand for a week, then gone for good.

A run may have hundreds of thousands of rows, so its record is removed a piece at a time by the sweeper of a worker
(`purge_some`), never while somebody waits.
"""

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from trajectories import documents
from trajectories.models import RESTORABLE, Event, Node, Run

ROWS_AT_ONCE = 2_000


def discard(runs: "QuerySet[Run]") -> int:
    """Deletes those of them that have ended; how many that were."""
    return runs.finished().filter(deleted_at=None).update(deleted_at=timezone.now())  # type: ignore[attr-defined]


def restore(runs: "QuerySet[Run]") -> int:
    return runs.update(deleted_at=None)


def remove(runs: "QuerySet[Run]") -> int:
    """Deletes those of them that have ended so that nobody brings them back. Their records go soon after."""
    return runs.finished().update(deleted_at=timezone.now() - RESTORABLE)  # type: ignore[attr-defined]


def purge_some() -> bool:
    """Removes a piece of what nobody can bring back any more. Returns whether there is more of it."""
    run = Run.objects.to_purge().order_by("deleted_at").first()
    if run is None:
        documents.remove_unused()
        return False
    with transaction.atomic():
        events, nodes = Event.objects.filter(run=run), Node.objects.filter(run=run)
        if not (_removed_some(events, "seq") or _removed_some(nodes, "number")):
            run.delete()
    return True


def _removed_some(rows: "QuerySet[Event] | QuerySet[Node]", order: str) -> bool:
    """Removes the first of them; False when there were none."""
    first = rows.aggregate(first=Min(order))["first"]
    if first is None:
        return False
    rows.filter(**{f"{order}__lt": first + ROWS_AT_ONCE}).delete()
    return True

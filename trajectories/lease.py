"""Who may run a run now: a row decides, not the broker.

A worker claims a run by raising its fence; everything the recorder writes carries the fence, so a worker that was
thought dead and comes back writes nothing. Until runs can be resumed, one that was cut off is ended, not run again.
"""

import os
import socket
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from trajectories import recorder
from trajectories.models import Run

LEASE = timedelta(seconds=30)
HEARTBEAT_SECONDS = 5.0
MOST_TRIES = 3
OWNER = f"{socket.gethostname()}:{os.getpid()}:{time.time_ns()}"[-120:]
CUT_OFF = {
    "kind": "interrupted",
    "message": "The process that worked on this run ended in the middle. What was recorded is kept; run it again.",
}
NEVER_BEGAN = {
    "kind": "interrupted",
    "message": f"This run was started {MOST_TRIES} times, and each time the process ended before its first step.",
}


def claim(run_id: str) -> Run | None:
    """The run, to be worked on by this process alone; None when it is another's, ended, or cut off.

    Only a run without a record is claimed: one that was begun and lost its process is for `end_cut_off_runs`."""
    now = timezone.now()
    free = Run.objects.claimable(now).filter(pk=run_id, last_seq=0, tries__lt=MOST_TRIES)
    return _taken(free, run_id, tries=F("tries") + 1)


def hold(run_id: str, free: Q) -> Run | None:
    """Claims a run in order to end it, if it still is as `free` says."""
    return _taken(Run.objects.filter(free, pk=run_id), run_id)


def _taken(free: Any, run_id: str, **changes: Any) -> Run | None:
    taken = free.update(
        status=Run.Status.RUNNING,
        lease_owner=OWNER,
        lease_until=timezone.now() + LEASE,
        fence=F("fence") + 1,
        **changes,
    )
    return Run.objects.get(pk=run_id) if taken else None


def prolong(fences: Iterable[tuple[str, int]]) -> None:
    """The heartbeat of the runs this process works on."""
    until = timezone.now() + LEASE
    for run_id, fence in fences:
        Run.objects.filter(pk=run_id, fence=fence).update(lease_until=until)


def waiting_runs(older_than: float) -> list[str]:
    """Queued runs that nobody has begun for this many seconds, and begun ones that died before their first event."""
    now = timezone.now()
    free = Q(status=Run.Status.QUEUED, created_at__lt=now - timedelta(seconds=older_than))
    lost = Q(status=Run.Status.RUNNING, lease_until__lt=now, last_seq=0)
    waiting = Run.objects.filter(free | lost, tries__lt=MOST_TRIES).order_by("created_at")
    return list(waiting.values_list("pk", flat=True))


def cancelled_among(run_ids: Iterable[str]) -> list[str]:
    return list(Run.objects.filter(pk__in=list(run_ids), cancel_requested=True).values_list("pk", flat=True))


def expire_all() -> None:
    """All leases, at the start of the one process that can hold any (it holds the lock on the data folder)."""
    Run.objects.filter(status=Run.Status.RUNNING).update(lease_until=timezone.now() - LEASE)


def end_cut_off_runs() -> None:
    """Ends every run whose lease has run out, with all its record."""
    begun = Q(last_seq__gt=0) | Q(tries__gte=MOST_TRIES) | Q(cancel_requested=True)
    cut_off = Q(begun, status=Run.Status.RUNNING, lease_until__lt=timezone.now())
    never = Q(status=Run.Status.QUEUED, tries__gte=MOST_TRIES)
    for run in Run.objects.filter(cut_off | never):
        held = hold(run.pk, Q(fence=run.fence))
        if held:
            end_held(held)


def end_held(run: Run) -> None:
    """Ends a run that nobody works on any more: at its last event, for all that is known."""
    if run.cancel_requested:
        recorder.end_run(run, status="cancelled", ended_by="cancel", error=None)
        return
    recorder.end_run(run, status="failed", ended_by="error", error=CUT_OFF if run.last_seq else NEVER_BEGAN)

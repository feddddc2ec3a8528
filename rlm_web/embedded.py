"""The worker inside a process: a host of runs and a Celery worker in a thread, which hands it one run a thread."""

import asyncio
import threading

from celery.worker import state as worker_state

from rlm_web.celery import app
from trajectories import host, lease, tasks

RUNS_AT_ONCE = 16
SECONDS_TO_JOIN = 1.0


class EmbeddedWorker:
    """`start()` once nothing can go wrong any more; `stop()` ends what runs as interrupted, within about two seconds."""

    def __init__(self, watchers: asyncio.AbstractEventLoop | None = None, *, alone: bool = True) -> None:
        """`alone`: no other process can be working on this database's runs."""
        self._alone = alone
        self._host = host.Host(tasks.announce, watchers)
        self._worker = app.WorkController(
            pool_cls="threads",
            concurrency=RUNS_AT_ONCE,
            loglevel="WARNING",
            hostname="embedded@localhost",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        self._thread = threading.Thread(target=self._worker.start, name="celery", daemon=True)

    def start(self) -> None:
        if self._alone:
            lease.expire_all()
            lease.end_cut_off_runs()
        worker_state.should_stop = None  # Celery keeps it for the process; an earlier worker may have set it
        host.set_current(self._host)
        self._host.start()
        self._thread.start()

    def stop(self) -> None:
        self._host.stop()
        self._worker.stop()
        self._thread.join(SECONDS_TO_JOIN)
        host.set_current(None)

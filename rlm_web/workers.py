"""The worker inside a process: a host of runs, and a Celery worker in a thread that hands it one run a thread."""

import asyncio
import logging
import os
import socket
import threading

from celery.worker import state as celery_state

from rlm_web.celery import app
from trajectories import host, lease, tasks

log = logging.getLogger(__name__)

RUNS_AT_ONCE = 16
SECONDS_TO_JOIN = 0.2
"""Its runs have ended by then; what may be left is a look at the broker, and the process can end without that."""


class Worker:
    """`start()` when nothing can go wrong any more; `stop()` ends what runs as interrupted, in about two seconds."""

    def __init__(
        self, watchers: asyncio.AbstractEventLoop | None = None, *, alone: bool, runs_at_once: int = RUNS_AT_ONCE
    ) -> None:
        """`watchers` is the loop of this process's sockets. `alone`: it has the lock, nobody else can hold a run."""
        self._alone = alone
        self._host = host.Host(tasks.announce, watchers)
        self._celery = app.WorkController(
            pool_cls="threads",
            concurrency=runs_at_once,
            loglevel="WARNING",
            hostname=f"worker-{os.getpid()}@{socket.gethostname()}",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        self._thread = threading.Thread(target=self._run, name="celery", daemon=True)

    def start(self) -> None:
        if self._alone:
            lease.expire_all()
        lease.end_cut_off_runs()
        celery_state.should_stop = None  # Celery keeps it for the process; an earlier worker may have set it
        host.set_current(self._host)
        self._host.start()
        self._thread.start()

    def stop(self) -> None:
        """A second time it does nothing."""
        if host.current() is not self._host:
            return
        host.set_current(None)
        self._host.stop()
        self._celery.stop()
        self._thread.join(SECONDS_TO_JOIN)

    def _run(self) -> None:
        try:
            self._celery.start()
        except SystemExit:
            log.debug("Celery's worker has ended")  # its way of ending when it is told to

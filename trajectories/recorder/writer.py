"""The one thread of a process that writes records.

Events that come within 50 ms share a transaction (SQLite wants one writer, and a commit costs more than a row). The
first after a pause is written at once, and so is one that somebody waits for.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import OperationalError, connection

from trajectories import engine
from trajectories.recorder.recorder import FenceLost, KnownDigests, RunRecorder, Stored
from trajectories.recorder.store import RunChange, store

log = logging.getLogger(__name__)

WINDOW = 0.05
MOST_EVENTS = 500
PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Waits before a failed transaction is tried again (a database that restarts, a lock held too long)."""
SECONDS_TO_DRAIN = 10

Poke = Callable[[str], None]
"""Tells whoever watches this run that there is something to read. Carries no data; may be lost."""


@dataclass(frozen=True, slots=True)
class Item:
    recorder: RunRecorder
    seq: int
    event: engine.Event
    stored: Stored | None


class Writer:
    """`start()` before the first event, `stop()` writes what is left."""

    def __init__(self, poke: Poke) -> None:
        self._poke = poke
        self._known = KnownDigests()
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        """Guards `_urgent`, `_stopping` and the sleep of the thread; the deque needs no guard."""
        self._urgent = False
        self._stopping = False
        self._awake = False
        self._thread = threading.Thread(target=self._run, name="writer")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(SECONDS_TO_DRAIN)

    @property
    def backlog(self) -> int:
        return len(self._items)

    def put(self, recorder: RunRecorder, seq: int, event: engine.Event, stored: Stored | None) -> None:
        """From the engine's loop."""
        self._items.append(Item(recorder, seq, event, stored))
        urgent = stored is not None
        if urgent or not self._awake or len(self._items) >= MOST_EVENTS:
            with self._changed:
                self._urgent = self._urgent or urgent
                self._awake = True
                self._changed.notify()

    # ------------------------------------------------------------------------------------------ the thread

    def _run(self) -> None:
        last = 0.0
        while self._wait(last):
            last = time.monotonic()
            self._write([self._items.popleft() for _ in range(min(len(self._items), MOST_EVENTS))])
        connection.close()

    def _wait(self, last: float) -> bool:
        """Until there is something to write and it is time. False when all is written and it shall end."""
        with self._changed:
            while not self._items and not self._stopping:
                self._awake = False
                self._changed.wait_for(lambda: self._items or self._stopping)
            self._awake = True
            end = last + WINDOW
            while not (self._urgent or self._stopping or len(self._items) >= MOST_EVENTS):
                left = end - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            self._urgent = False
        return bool(self._items)

    def _write(self, items: Sequence[Item]) -> None:
        changes = self._changes(items)
        failed = _store_patiently([change for _, change in changes])
        for recorder, change in changes:
            if change in failed:
                recorder.break_off(failed[change])
                continue
            for digest in change.payloads:
                self._known.add(digest)
            self._poke(recorder.run_id)
        waiting: dict[asyncio.AbstractEventLoop, list[Item]] = {}
        for item in items:
            if item.stored:
                waiting.setdefault(item.stored.loop, []).append(item)
        for loop, its_items in waiting.items():
            loop.call_soon_threadsafe(_tell_all, its_items)

    def _changes(self, items: Iterable[Item]) -> list[tuple[RunRecorder, RunChange]]:
        """Run by run. A run whose events cannot be taken in (a bug) breaks alone."""
        events: dict[RunRecorder, list[tuple[int, engine.Event]]] = {}
        for item in items:
            events.setdefault(item.recorder, []).append((item.seq, item.event))
        changes = []
        for recorder, its_events in events.items():
            if recorder.broken:
                continue
            try:
                changes.append((recorder, recorder.change(its_events, self._known)))
            except Exception as error:
                log.exception("Events of run %s cannot be recorded", recorder.run_id)
                recorder.break_off(error)
        return changes


def _tell_all(items: Iterable[Item]) -> None:
    for item in items:
        if item.stored:
            item.stored.tell(item.recorder.broken)


def _store_patiently(changes: Sequence[RunChange]) -> dict[RunChange, Exception]:
    """Stores all, trying again for some seconds while the database is away. Returns those that were not, and why."""
    for pause in (*PAUSES, None):
        try:
            return {change: FenceLost(f"Run {change.run_id} is held elsewhere now.") for change in store(changes)}
        except OperationalError as error:
            if pause is None:
                log.exception("The record of %d runs cannot be stored", len(changes))
                return dict.fromkeys(changes, error)
            log.warning("Storing a record failed (%s); trying again in %.2f s", error, pause)
            connection.close()
            time.sleep(pause)
        except Exception as error:
            if len(changes) == 1:
                log.exception("The record of run %s cannot be stored", changes[0].run_id)
                return {changes[0]: error}
            break
    return {change: error for one in changes for change, error in _store_patiently([one]).items()}

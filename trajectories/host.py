"""The parts of a process that works on runs: one engine in one asyncio loop, one writer, one sweeper.

One loop and one HTTP client for all runs of the process cost a third of what a loop for each run would.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection

from trajectories import (
    connections,
    deletion,
    documents,
    engine,
    lease,
    prompt_profiles,
    recorder,
    registry,
    sessions,
    tools,
)
from trajectories.models import Document, Run, RunDocument
from trajectories.pokes import Pokes

log = logging.getLogger(__name__)

SECONDS_TO_STOP = 1.5
"""How long running runs may take to write their ends when the process stops."""
SECONDS_TO_CLOSE = 1.0
SWEEP_SECONDS = 0.5
LOOK_EVERY = 1.0
STALE_AFTER = 1.0
"""A queued run that old was not heard of through the broker (another process made it, or the message was lost)."""
ANNOUNCE_EVERY = 30.0
PURGE_EVERY = 5.0
"""Between two looks for deleted runs whose time is up."""
UNREAD_SECONDS = 0.1
"""Between two looks at documents whose text is still being extracted."""


@dataclass(slots=True)
class LiveRun:
    fence: int
    task: "asyncio.Task[Any]"
    told_to_end: bool = False

    def end(self, *message: str) -> None:
        """In the engine's loop. Once: a second cancel would break off the writing of the end."""
        if not self.told_to_end:
            self.told_to_end = True
            self.task.cancel(*message)


class Host:
    """`start()`, then `work(run_id)` in as many threads as runs shall go on at once, then `stop()`."""

    def __init__(self, announce: Callable[[str], None], watchers: asyncio.AbstractEventLoop | None = None) -> None:
        """`announce` publishes “look at this run”. `watchers` is the loop of this process's sockets, if it has any."""
        self._announce = announce
        self._loop = asyncio.new_event_loop()
        self._pokes = Pokes(watchers or self._loop)
        self._writer = recorder.Writer(self._pokes.poke)
        self._engine = engine.Engine(
            sandbox=settings.SANDBOX,
            sandbox_min=settings.SANDBOX_MIN,
            sandbox_options=engine.sandbox.Options(**settings.SANDBOX_OPTIONS),
        )
        self._opened: Future[None] | None = None
        self._live: dict[str, LiveRun] = {}
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run_loop, name="engine"),
            threading.Thread(target=self._sweep, name="sweeper"),
        ]

    # ------------------------------------------------------------------------------------------ life

    def start(self) -> None:
        self._writer.start()
        self._opened = asyncio.run_coroutine_threadsafe(self._engine.open(), self._loop)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends what goes on as interrupted, with all its record. Within about two seconds."""
        self._stopping.set()
        self._finish(self._interrupt_all(), SECONDS_TO_STOP + 0.5)
        self._writer.stop()
        self._finish(self._engine.close(), SECONDS_TO_CLOSE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join(SECONDS_TO_CLOSE)

    def _finish(self, work: Coroutine[Any, Any, None], seconds: float) -> None:
        try:
            asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)
        except TimeoutError:
            log.warning("The engine did not end in time")

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _interrupt_all(self) -> None:
        going = list(self._live.values())
        for live in going:
            live.end(engine.INTERRUPTED)
        if going:
            await asyncio.wait([live.task for live in going], timeout=SECONDS_TO_STOP)

    @property
    def sandbox(self) -> str:
        """The isolation of this process's REPLs: `container`, `full`, `syscalls`, `interpreter`, `opening`, or `none`
        if refused."""
        if self._opened is None or not self._opened.done():
            return "opening"
        return "none" if self._opened.exception() else self._engine.sandbox_level

    @property
    def sandbox_findings(self) -> list[str]:
        """What holds of it and why not more does, or why it was refused."""
        if self._opened is None or not self._opened.done():
            return []
        refusal = self._opened.exception()
        return [str(refusal)] if refusal else self._engine.sandbox_findings

    def test_connection(self, connection: engine.Connection) -> list[str]:
        """The names of its models. Raises `ProviderError`."""
        return asyncio.run_coroutine_threadsafe(self._engine.test_connection(connection), self._loop).result()

    # ------------------------------------------------------------------------------------------ runs

    def work(self, run_id: str) -> None:
        """Claims the run and works on it to its end; returns at once when it is not to be had."""
        if not self._documents_are_read(run_id):
            return
        run = lease.claim(run_id)
        if run is None:
            return
        if run.cancel_requested:
            lease.end_held(run)
            self._pokes.poke(run_id)
            return
        try:
            self._run(run)
        except recorder.FenceLost as error:
            log.warning("%s", error)
        except engine.EngineError as error:
            self._end_badly(run, error.kind, str(error))
        except Exception:
            log.exception("Run %s broke", run_id)
            self._end_badly(run, "engine", "Something in the program broke. The log of the server says what.")

    def _documents_are_read(self, run_id: str) -> bool:
        """Waits for text extraction, which a run may be ahead of. False when the run is not to be begun any more."""
        unread = Document.objects.filter(runs=run_id, status=Document.Status.PROCESSING)
        while unread.exists():
            if not Run.objects.filter(pk=run_id, status=Run.Status.QUEUED).exists():
                return False
            if self._stopping.wait(UNREAD_SECONDS):
                return False
        return not self._stopping.is_set()

    def _run(self, run: Run) -> None:
        assert self._opened is not None, "start() comes first"
        self._opened.result()
        order = RunDocument.objects.filter(run=run).order_by("position").select_related("document")
        rows = [place.document for place in order]
        policy = engine.policy_from_json(run.policy)
        earlier, recorded = self._session_of(run, policy)
        task = engine.Task(
            question=run.question,
            documents=tuple(
                engine.Document(
                    id=row.id,
                    name=row.name,
                    text=documents.open_text(row),
                    decoded_bytes=row.decoded_bytes or None,
                    pictures=documents.pictures_of(row),
                )
                for row in rows
            ),
            policy=policy,
            connections=connections.connections_of(run.owner),
            tools=tools.tools() if policy.tools else {},
            profiles=prompt_profiles.profiles_of(run.owner),
            models=registry.specs_of(run.owner, policy.named_models().values()),
            earlier=earlier,
            session=run.pk,
            holder_key=":".join([str(run.owner_id), *(row.text_sha256 for row in rows)]),
        )
        close_old_connections()
        work = self._work(run, task, [row.id for row in rows], recorded)
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _session_of(self, run: Run, policy: engine.Policy) -> tuple[engine.Earlier | None, engine.Recorded | None]:
        """What a follow-up question goes on from. Without a language model each question stands for itself."""
        is_offline = str(policy.named_models().get("root", "")).startswith("offline/")
        try:
            found = None if is_offline else sessions.earlier_of(run)
        except recorder.PayloadMissing as error:
            raise engine.EngineError(f"The session cannot be gone on with: {error} Ask anew.") from error
        return found or (None, None)

    async def _work(
        self, run: Run, task: engine.Task, document_ids: list[str], recorded: engine.Recorded | None
    ) -> None:
        going = asyncio.current_task()
        assert going is not None
        live = LiveRun(run.fence, going)
        its_recorder = recorder.RunRecorder(
            self._writer,
            run.pk,
            run.fence,
            document_ids,
            on_broken=lambda _error: self._loop.call_soon_threadsafe(live.end),
        )
        self._live[run.pk] = live
        if self._stopping.is_set():
            live.end(engine.INTERRUPTED)
        try:
            await self._engine.run(
                task,
                its_recorder.emit,
                lambda node, words: self._pokes.delta(run.pk, node, words),
                recorded=recorded,
            )
        except asyncio.CancelledError:
            if its_recorder.broken:
                raise its_recorder.broken from None
        finally:
            del self._live[run.pk]

    def _end_badly(self, run: Run, kind: str, message: str) -> None:
        try:
            recorder.end_run(run, status="failed", ended_by="error", error={"kind": kind, "message": message})
        except recorder.FenceLost as error:
            log.warning("%s", error)
        self._pokes.poke(run.pk)

    def cancel(self, run_id: str) -> bool:
        """True when the run goes on here and was told to end."""
        live = self._live.get(run_id)
        if live is None:
            return False
        self._loop.call_soon_threadsafe(live.end)
        return True

    def poke(self, run_id: str) -> None:
        self._pokes.poke(run_id)

    # ------------------------------------------------------------------------------------------ the sweeper

    def _sweep(self) -> None:
        """Heartbeats, cancels, lost messages and lost workers: everything that must happen though nobody says so."""
        announced: dict[str, float] = {}
        looked = beat = purged = 0.0
        while not self._stopping.wait(SWEEP_SECONDS):
            now = time.monotonic()
            try:
                for run_id in lease.cancelled_among(self._live) if self._live else ():
                    self.cancel(run_id)
                if now - looked >= LOOK_EVERY:
                    looked = now
                    self._announce_waiting(announced, now)
                if now - beat >= lease.HEARTBEAT_SECONDS:
                    beat = now
                    lease.prolong([(run_id, live.fence) for run_id, live in list(self._live.items())])
                    lease.end_cut_off_runs()
                if now - purged >= PURGE_EVERY:
                    purged = now
                    if deletion.purge_some():
                        purged = 0.0  # the next piece at the next look
            except Exception:
                log.exception("A look at the runs failed")
                close_old_connections()
        connection.close()

    def _announce_waiting(self, announced: dict[str, float], now: float) -> None:
        waiting = [run_id for run_id in lease.waiting_runs(STALE_AFTER) if run_id not in self._live]
        for run_id in announced.keys() - set(waiting):
            del announced[run_id]
        for run_id in waiting:
            if now - announced.get(run_id, -ANNOUNCE_EVERY) >= ANNOUNCE_EVERY:
                announced[run_id] = now
                self._announce(run_id)


_host: Host | None = None


def set_current(host: Host | None) -> None:
    """The host of this process; a process that only serves pages has none."""
    global _host
    _host = host


def current() -> Host | None:
    return _host

"""The recorder of one run: what the engine's `emit` is bound to, as long as one fence holds."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

from trajectories import engine
from trajectories.recorder.payloads import Packer, utf8
from trajectories.recorder.rows import Fold
from trajectories.recorder.store import RunChange
from trajectories.recorder.wire import log_line

KNOWN_DIGESTS = 100_000
LONGEST_BACKLOG = 10_000
"""Events waiting to be written, from which on every `emit` waits for its own."""


class FenceLost(Exception):
    """Another process holds this run now; nothing more of this one is kept."""


class KnownDigests:
    """Which payloads this process has kept lately: spares compressing a history again at each turn.

    Used by the writer's thread alone."""

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, digest: object) -> bool:
        return digest in self._digests

    def add(self, digest: bytes) -> None:
        self._digests[digest] = None
        if len(self._digests) > KNOWN_DIGESTS:
            self._digests.popitem(last=False)


class Sink(Protocol):
    """Where events go: the writer."""

    @property
    def backlog(self) -> int: ...

    def put(self, recorder: "RunRecorder", seq: int, event: engine.Event, stored: "Stored | None") -> None: ...


class Stored:
    """Tells a coroutine in its own loop that its event is safe, or why it is not."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self.loop.create_future()

    async def wait(self) -> None:
        await self._future

    def tell(self, error: Exception | None) -> None:
        """In the loop."""
        if self._future.done():
            return
        if error is None:
            self._future.set_result(None)
        else:
            self._future.set_exception(error)


class RunRecorder:
    """Numbers a run's events and keeps them. `emit` lives in the engine's loop, `change` in the writer's thread."""

    def __init__(
        self,
        sink: Sink,
        run_id: str,
        fence: int,
        document_ids: Sequence[str],
        *,
        fold: Fold | None = None,
        on_broken: Callable[[Exception], object] | None = None,
    ) -> None:
        self.run_id = run_id
        self.fence = fence
        self.broken: Exception | None = None
        """Why nothing more can be kept."""
        self._sink = sink
        self._fold = fold or Fold()
        self._seq = self._fold.run.last_seq
        self._document_ids = document_ids
        self._on_broken = on_broken
        self._answer: str | None = None

    async def emit(self, event: engine.Event) -> None:
        """Returns when the event has its place in the order; for a durable one, when it is stored.

        Raises `FenceLost`, or the database's error, when the record cannot be kept."""
        if self.broken:
            raise self.broken
        self._seq += 1
        waits = event.durable or self._sink.backlog > LONGEST_BACKLOG
        stored = Stored() if waits else None
        self._sink.put(self, self._seq, event, stored)
        if stored:
            await stored.wait()

    def break_off(self, error: Exception) -> None:
        """Called by the writer: from now on nothing is kept."""
        if self.broken is None:
            self.broken = error
            if self._on_broken:
                self._on_broken(error)

    def change(self, events: Sequence[tuple[int, engine.Event]], known: KnownDigests) -> RunChange:
        """Takes the next events in and says what to store. Only ever goes forward: what it returned must be stored."""
        change = RunChange(self.run_id, self.fence, self._fold.run, None)
        packer = Packer(self._document_ids, known.__contains__)
        for seq, event in events:
            references = packer.pack(event.texts, change.payloads)
            line, text = log_line(seq, event, self._document_ids, references)
            row = self._fold.apply(line)
            change.events.append((seq, text))
            if row is not None:
                change.nodes[row.number] = row
            if event.type == "run.finished":
                self._answer = row_answer(event.texts.get("answer"))
        change.answer = self._answer
        return change


def row_answer(answer: engine.TextValue | None) -> str | None:
    """The answer as the run's row can hold it: Postgres takes no NUL."""
    if answer is None:
        return None
    text = answer.text if isinstance(answer, engine.QuotingText) else answer
    assert isinstance(text, str), "an answer is one text"
    return utf8(text)[0].replace("\0", "�")

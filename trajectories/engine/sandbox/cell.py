"""One cell from its code to what it did: frames in, calls answered, the clock that interrupts and at last kills."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from trajectories.engine.sandbox import received, wire
from trajectories.engine.sandbox.child import Process
from trajectories.engine.sandbox.searching import Search, Searcher, search_of
from trajectories.engine.sandbox.wire import Frame, Violation, WireBroken
from trajectories.engine.types import CallResult, CellError, Document, Execution, HostCall, HostCalls, ReplSettings

GRACE_SECONDS = 1.0
"""Between the interrupts, and between the last one and the kill."""
MOST_CALLS = 1_201
"""One more than the child allows itself: calls to models and searches by a helper."""
MOST_AT_ONCE = 64
_INTERRUPTS = 2
_READ_ON_LOOP = 200_000
"""Characters of documents read without leaving the event loop."""


class Deadline:
    """Time the cell itself has used. Stands still while the cell waits for the host."""

    def __init__(self, seconds: float, child: Process) -> None:
        self._left = seconds
        self._child = child
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._strikes = 0
        self._over = False
        self.used = 0.0
        self.killed = False

    def go_on(self) -> None:
        if self._timer is None and not self._over:
            self._since = self._loop.time()
            self._timer = self._loop.call_later(max(0.0, self._left), self._strike)

    def pause(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            spent = self._loop.time() - self._since
            self.used += spent
            self._left -= spent

    def stop(self) -> None:
        self.pause()
        self._over = True

    def _strike(self) -> None:
        self.pause()
        if self._strikes < _INTERRUPTS:
            self._strikes += 1
            self._child.interrupt()
            self._left = GRACE_SECONDS
            self.go_on()
        else:
            self.killed = True
            self._child.kill()


class Cell:
    """Runs once."""

    def __init__(
        self,
        child: Process,
        documents: Sequence[Document],
        settings: ReplSettings,
        host: HostCalls,
        searcher: Searcher,
    ) -> None:
        self._child = child
        self._searcher = searcher
        self._documents = documents
        self._settings = settings
        self._number = secrets.randbits(62)
        """Not to be guessed, so that code cannot answer for the cell after its own."""
        self._host = host
        self._deadline = Deadline(settings.cell_seconds, child)
        self._coming: dict[int, received.CallInParts] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._searching: set[asyncio.Task[None]] = set()
        self._calls = 0
        self._failure: BaseException | None = None
        """What the host's own side raised while it answered."""

    async def run(self, code: str) -> Execution:
        """Never raises for what the code does. Whatever else is raised, cancelling included, the child is killed."""
        try:
            done = await self._converse(code)
            return received.execution(done, self._documents, self._settings, self._deadline.used)
        except (WireBroken, Violation) as error:
            self._child.kill()
            if self._failure is not None:
                raise self._failure from None
            return self._lost(error)
        except BaseException:
            self._child.kill()
            raise
        finally:
            self._deadline.stop()
            await self._drop_answers()

    async def _converse(self, code: str) -> Frame:
        """Until the frame that ends the cell."""
        await self._child.wire.send({"t": "exec", "id": self._number, "code": wire.clean(code)})
        self._deadline.go_on()
        while True:
            frame = await self._child.wire.receive()
            if frame.get("t") == "done" and frame.get("id") == self._number:
                return frame
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        kind = frame.get("t")
        if kind == "call":
            self._begin_call(frame)
            return
        if kind == "search":
            self._begin_search(frame)
            return
        call = self._coming.get(wire.whole(frame.get("id"), 1, 1 << 62))
        if call is None or kind not in ("text", "items"):
            raise Violation("a frame out of turn")
        if kind == "text":
            call.add_piece(frame)
        elif call.add_items(frame):
            del self._coming[call.number]
            task = asyncio.create_task(self._answer(call))
            self._answering.add(task)
            self._deadline.pause()

    def _begin_call(self, frame: Frame) -> None:
        call = received.CallInParts(frame, self._documents)
        self._count_call()
        if call.number in self._coming:
            raise Violation("a call begun twice")
        self._coming[call.number] = call

    def _begin_search(self, frame: Frame) -> None:
        """The cell's own time goes on meanwhile."""
        search = search_of(frame, self._documents)
        self._count_call()
        task = asyncio.create_task(self._search(search))
        self._searching.add(task)
        task.add_done_callback(self._searching.discard)

    def _count_call(self) -> None:
        self._calls += 1
        if self._calls > MOST_CALLS:
            raise Violation("too many calls")
        if len(self._coming) + len(self._answering) + len(self._searching) >= MOST_AT_ONCE:
            raise Violation("too many calls at once")

    async def _search(self, search: Search) -> None:
        try:
            answer = await self._searcher.answer(search)
            await asyncio.shield(self._send_items(search.number, [answer]))
        except Exception as error:  # noqa: BLE001 - carried over to run(), which raises it
            self._failure = error
            self._child.kill()

    async def _answer(self, coming: received.CallInParts) -> None:
        try:
            call = await self._assembled(coming)
            results = await self._host(call)
            if len(results) != len(call.items):
                raise RuntimeError(f"{len(results)} answers to {len(call.items)} prompts")
            await asyncio.shield(self._send_items(coming.number, [_item(result) for result in results]))
        except Exception as error:  # noqa: BLE001 - carried over to run(), which raises it
            self._failure = error
            self._child.kill()
        finally:
            self._answering.discard(asyncio.current_task())
            if not self._answering and self._child.alive:
                self._deadline.go_on()

    async def _send_items(self, number: int, items: list[Frame]) -> None:
        """Not to be cancelled half-way: the channel outlives the call."""
        try:
            await self._child.wire.send_answers(number, items)
        except WireBroken:
            self._child.kill()  # the reader of frames hears of it too

    async def _assembled(self, coming: received.CallInParts) -> HostCall:
        if coming.quoted_chars > _READ_ON_LOOP:
            return await asyncio.to_thread(coming.call)
        return coming.call()

    async def _drop_answers(self) -> None:
        tasks = [*self._answering, *self._searching]
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)

    def _lost(self, error: Exception) -> Execution:
        message = self._reason(error)
        return Execution(
            stdout="",
            stdout_chars=0,
            truncated=False,
            error=CellError(kind="Killed", message=message, traceback=f"Killed: {message}"),
            ending=None,
            variables=(),
            variables_hash="",
            reads=(),
            seconds=self._deadline.used,
            repl_lost=True,
        )

    def _reason(self, error: Exception) -> str:
        gone = "The REPL was replaced by a fresh one; all variables are gone."
        if self._deadline.killed:
            return f"The cell ran longer than {self._settings.cell_seconds:g} s and could not be interrupted. {gone}"
        if isinstance(error, Violation):
            return f"The code disturbed the REPL's own workings. {gone}"
        return f"The REPL's process ended: out of memory, out of its CPU time, or crashed. {gone}"


def _item(result: CallResult) -> dict[str, Any]:
    if result.error_kind is not None:
        return {"error": [result.error_kind, result.error_message]}
    return {"value": result.value}

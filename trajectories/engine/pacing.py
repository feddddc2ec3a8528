"""Whose turn it is: a call goes out when its run, its connection and the process have room, and runs take turns.

A connection's limit falls by half when its server says “too many requests”, waits as long as the server wishes, and
grows again by one for each full round of calls that went well (additive increase, multiplicative decrease).
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

FEWEST = 1
FALLS_BY = 0.5


@dataclass(slots=True)
class Lane:
    """One connection."""

    most: int
    limit: float
    flying: int = 0
    closed_until: float = 0.0
    fell_at: float = float("-inf")

    @property
    def has_room(self) -> bool:
        return self.flying < int(self.limit)

    def refused(self, sent_at: float, wait: float) -> None:
        """Of a burst that went out together only the first refusal counts: the others knew nothing of it."""
        now = time.monotonic()
        self.closed_until = max(self.closed_until, now + wait)
        if sent_at > self.fell_at:
            self.fell_at = now
            self.limit = max(FEWEST, min(self.limit, self.flying or 1) * FALLS_BY)

    def went_well(self) -> None:
        self.limit = min(self.most, self.limit + 1 / max(1.0, self.limit))


@dataclass(slots=True)
class _Queue:
    """The waiting calls of one run, by connection, each in the order of coming."""

    limit: int
    flying: int = 0
    waiting: dict[str, "deque[asyncio.Future[None]]"] = field(default_factory=dict)


class Pacer:
    """One for a process and event loop. Not a lock: nothing here is awaited between looking and taking."""

    def __init__(self, most: int) -> None:
        """`most` calls in flight in the process."""
        self._most = most
        self._flying = 0
        self._lanes: dict[str, Lane] = {}
        self._queues: OrderedDict[Any, _Queue] = OrderedDict()
        """By run; the first one is next."""
        self._timer: asyncio.TimerHandle | None = None

    def lane(self, connection: str, most: int | None = None) -> Lane:
        """`connection`: a name that is the same for all who share the server's limits."""
        lane = self._lanes.get(connection)
        if lane is None:
            top = min(self._most, most or self._most)
            lane = self._lanes[connection] = Lane(most=top, limit=float(top))
        return lane

    @asynccontextmanager
    async def slot(self, run: Any, run_limit: int, connection: str, most: int | None = None) -> AsyncIterator[Lane]:
        """A place for one request, from now to the end of the block."""
        lane = self.lane(connection, most)
        queue = self._queues.setdefault(run, _Queue(run_limit))
        await self._turn(queue, connection)
        try:
            yield lane
        finally:
            self._flying -= 1
            queue.flying -= 1
            lane.flying -= 1
            if not queue.flying and not queue.waiting:
                self._queues.pop(run, None)
            self._go_on()

    async def _turn(self, queue: _Queue, connection: str) -> None:
        if not queue.waiting.get(connection) and self._may_go(queue, connection):
            self._take(queue, connection)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.waiting.setdefault(connection, deque()).append(turn)
        self._go_on()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was given a place just now
                self._give_back(queue, connection)
            raise

    def _may_go(self, queue: _Queue, connection: str) -> bool:
        lane = self._lanes[connection]
        is_open = lane.closed_until <= time.monotonic()
        return is_open and lane.has_room and queue.flying < queue.limit and self._flying < self._most

    def _take(self, queue: _Queue, connection: str) -> None:
        self._flying += 1
        queue.flying += 1
        self._lanes[connection].flying += 1

    def _give_back(self, queue: _Queue, connection: str) -> None:
        self._flying -= 1
        queue.flying -= 1
        self._lanes[connection].flying -= 1
        self._go_on()

    def _go_on(self) -> None:
        """Gives free places to those who wait, one run after the other."""
        given = True
        while given and self._flying < self._most:
            given = False
            for run, queue in list(self._queues.items()):
                if self._next_of(queue):
                    given = True
                    self._queues.move_to_end(run)
        self._look_again()

    def _next_of(self, queue: _Queue) -> bool:
        """One waiting call of this run goes."""
        for connection, waiting in list(queue.waiting.items()):
            while waiting and waiting[0].done():
                waiting.popleft()
            if waiting and self._may_go(queue, connection):
                self._take(queue, connection)
                waiting.popleft().set_result(None)
                if not waiting:
                    del queue.waiting[connection]
                return True
            if not waiting:
                del queue.waiting[connection]
        return False

    def _look_again(self) -> None:
        """When the first closed connection opens again."""
        now = time.monotonic()
        closed = [lane.closed_until for lane in self._lanes.values() if lane.closed_until > now]
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if closed and any(queue.waiting for queue in self._queues.values()):
            self._timer = asyncio.get_running_loop().call_later(min(closed) - now + 0.001, self._go_on)

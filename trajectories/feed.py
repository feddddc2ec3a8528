"""A run's events on their way to its watchers: one reader for each process and run, however many watch.

The database is the truth. A poke through the channel layer says when to look, a look each second makes a lost poke
harmless. First load, reconnect, late viewer and ended run are one thing: rows with a number beyond the watcher's.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from channels.layers import get_channel_layer
from django.db import OperationalError, connection

from trajectories.models import Event, Run
from trajectories.pokes import group

log = logging.getLogger(__name__)

FRAME_SECONDS = 0.1
"""Between two frames to the same watcher."""
LOOK_SECONDS = 1.0
EVENTS_PER_FRAME = 2_000
END = '{"type":"end"}'
LIVE = (Run.Status.QUEUED, Run.Status.RUNNING)
JOINED = {"sqlite": "group_concat(data, ',')", "postgresql": "string_agg(data, ',' ORDER BY seq)"}

_reader = ThreadPoolExecutor(1, thread_name_prefix="feed")
"""One thread, so that SQLite's file has one reader's connection for all feeds."""
_view_reader = ThreadPoolExecutor(1, thread_name_prefix="feed-views")
"""Another for those whose text is made first: they must not keep the others waiting."""


class Watcher(Protocol):
    async def tell(self, text: str) -> None: ...

    async def end(self, *, dead: bool = False) -> None:
        """Nothing will follow. `dead`: what let the watcher in does so no more."""
        ...


class View(Protocol):
    """How some watchers see a run: the same rows, other text. Asked in the reader's thread, but for `tells_words`."""

    key: str
    """Watchers with the same key see the same."""
    tells_words: bool
    """Whether they get a reply's words while it is being written."""

    def is_alive(self) -> bool: ...

    def shown(self, events: str) -> str | None:
        """JSON texts joined by commas, as they may be read; None when nothing may be any more."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """What of a log lies beyond a number."""

    events: str
    """JSON texts, joined by commas."""
    last_seq: int
    """Of these events; where it stood, if there are none."""
    is_end: bool
    """The run has ended and nothing follows these events."""


class Feed:
    """All watchers in this process who see one run alike. Lives in the loop of its sockets."""

    _feeds: dict[tuple[str, str], "Feed"] = {}

    def __init__(self, run_id: str, view: View | None) -> None:
        self._run_id = run_id
        self._view = view
        """None: as it stands in the log, as its owner sees it."""
        self._executor = _view_reader if view else _reader
        self._watchers: dict[Watcher, int] = {}
        """Each with the number of the last event it has."""
        self._words: OrderedDict[int, list[str]] = OrderedDict()
        """By node, since the last frame."""
        self._look = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    @classmethod
    def join(cls, run_id: str, watcher: Watcher, after: int, view: View | None = None) -> "Feed":
        key = (run_id, view.key if view else "")
        feed = cls._feeds.get(key)
        if feed is None:
            feed = cls._feeds[key] = cls(run_id, view)
        feed._watchers[watcher] = after
        feed._look.set()
        return feed

    def leave(self, watcher: Watcher) -> None:
        self._watchers.pop(watcher, None)
        key = (self._run_id, self._view.key if self._view else "")
        if not self._watchers and self._feeds.get(key) is self:
            del self._feeds[key]
            self._task.cancel()

    async def _run(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel("feed")
        await layer.group_add(group(self._run_id), channel)
        ears = asyncio.create_task(self._listen(layer, channel))
        try:
            await self._go_on()
        except Exception:
            log.exception("The feed of run %s broke", self._run_id)
            await self._end(self._watchers)
        finally:
            ears.cancel()
            await layer.group_discard(group(self._run_id), channel)

    async def _listen(self, layer: Any, channel: str) -> None:
        while True:
            message = await layer.receive(channel)
            if message["type"] == "delta" and (self._view is None or self._view.tells_words):
                self._words.setdefault(message["node"], []).append(message["text"])
            self._look.set()

    async def _go_on(self) -> None:
        told = 0.0
        while True:
            await self._wait(told + FRAME_SECONDS)
            self._look.clear()
            if await self._tell_events() or await self._tell_words():
                told = time.monotonic()

    async def _wait(self, earliest: float) -> None:
        """For a poke, at most a second, and in any case until the next frame may go out."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._look.wait()
        except TimeoutError:
            return
        await asyncio.sleep(max(0.0, earliest - time.monotonic()))

    async def _tell_events(self) -> bool:
        """A frame to each watcher that lacks some; the same text to all that stand at the same place."""
        told = False
        for after in set(self._watchers.values()):
            try:
                page = await asyncio.get_running_loop().run_in_executor(self._executor, self._read, after)
            except OperationalError as error:
                log.warning("The log of run %s cannot be read now: %s", self._run_id, error)
                return told
            watchers = [watcher for watcher, at in self._watchers.items() if at == after]
            if page is None:
                await self._end(self._watchers, dead=True)
                return told
            if page.events:
                told = True
                await self._tell(watchers, f'{{"type":"events","events":[{page.events}]}}', page.last_seq)
            if page.is_end:
                await self._tell(watchers, END, page.last_seq)
                await self._end(watchers)
            elif page.events:
                self._look.set()
        return told

    def _read(self, after: int) -> Page | None:
        """None: these watchers may not see it any more."""
        if self._view is None:
            return read_page(self._run_id, after)
        return view_page(self._view, self._run_id, after)

    async def _tell_words(self) -> bool:
        """One frame: the words of the node that has waited longest."""
        if not self._words:
            return False
        node, words = self._words.popitem(last=False)
        text = orjson.dumps({"type": "delta", "node": node, "text": "".join(words)}).decode()
        for watcher in list(self._watchers):
            await watcher.tell(text)
        if self._words:
            self._look.set()
        return True

    async def _tell(self, watchers: Iterable[Watcher], text: str, last_seq: int) -> None:
        for watcher in watchers:
            if watcher in self._watchers:
                self._watchers[watcher] = last_seq
                await watcher.tell(text)

    async def _end(self, watchers: Iterable[Watcher], *, dead: bool = False) -> None:
        for watcher in list(watchers):
            if self._watchers.pop(watcher, None) is not None:
                await watcher.end(dead=dead)


def read_page(run_id: str, after: int) -> Page:
    """One frame's worth of events after a number. In the reader's thread."""
    try:
        return _page(run_id, after)
    except OperationalError:
        connection.close()  # the next look makes a new one
        raise


def view_page(view: View, run_id: str, after: int) -> Page | None:
    """The same as somebody sees it who is not its owner. In the reader's thread."""
    try:
        if not view.is_alive():
            return None
    except OperationalError:
        connection.close()
        raise
    page = read_page(run_id, after)
    if not page.events:
        return page
    events = view.shown(page.events)
    return None if events is None else Page(events, page.last_seq, page.is_end)


def _page(run_id: str, after: int) -> Page:
    run = Run.objects.filter(pk=run_id).values_list("status", "last_seq").first()
    status, last_seq = run or (Run.Status.FAILED, 0)
    if last_seq <= after:
        return Page("", after, status not in LIVE)
    table = connection.ops.quote_name(Event._meta.db_table)
    rows = f"SELECT seq, data FROM {table} WHERE run_id = %s AND seq > %s ORDER BY seq LIMIT %s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT max(seq), {JOINED[connection.vendor]} FROM ({rows}) AS page", [run_id, after, EVENTS_PER_FRAME]
        )
        top, events = cursor.fetchone()
    if top is None:
        return Page("", after, status not in LIVE)
    return Page(events, top, status not in LIVE and top >= last_seq)

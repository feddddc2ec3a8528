"""Tells the watchers of a run, wherever they are, that there is something to see. Everything said here may be lost.

The in-memory channel layer is a set of asyncio queues: to be touched only in the loop of its readers. From another
thread a message put there directly would lie until the fallback look.
"""

import asyncio
import logging
import threading
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer

log = logging.getLogger(__name__)

DELTA_SECONDS = 0.08
"""Words that arrive within this time travel together."""
MOST_DELTA = 20_000
"""Characters; words beyond are dropped (the finished reply has them)."""


def group(run_id: str) -> str:
    return f"run.{run_id}"


class Pokes:
    """Sends through the channel layer, from any thread, by way of one loop: the watchers' own where they are here."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._layer: Any = get_channel_layer()
        self._lock = threading.Lock()
        """Guards `_poked` and `_words`, filled in the engine's and the writer's threads, emptied in the loop's."""
        self._poked: set[str] = set()
        self._words: dict[tuple[str, int], list[str]] = {}

    def poke(self, run_id: str) -> None:
        with self._lock:
            if run_id in self._poked:
                return
            self._poked.add(run_id)
        self._call(self._send_poke, run_id)

    def delta(self, run_id: str, node: int, words: str) -> None:
        """Words of a reply as it is being written."""
        with self._lock:
            waiting = self._words.setdefault((run_id, node), [])
            waiting.append(words)
            first = len(waiting) == 1
        if first:
            self._call(self._loop.call_later, DELTA_SECONDS, self._send_words, run_id, node)

    def _call(self, function: Any, *args: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)

    def _send_poke(self, run_id: str) -> None:
        with self._lock:
            self._poked.discard(run_id)
        self._send(run_id, {"type": "poke"})

    def _send_words(self, run_id: str, node: int) -> None:
        with self._lock:
            words = "".join(self._words.pop((run_id, node), ()))
        self._send(run_id, {"type": "delta", "node": node, "text": words[:MOST_DELTA]})

    def _send(self, run_id: str, message: dict[str, Any]) -> None:
        if isinstance(self._layer, InMemoryChannelLayer) and group(run_id) not in self._layer.groups:
            return
        task = self._loop.create_task(self._layer.group_send(group(run_id), message))
        task.add_done_callback(_log_failure)


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and task.exception():
        log.warning("A poke was lost: %s", task.exception())

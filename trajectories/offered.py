"""Which models a server of one's own offers: its list is asked for, remembered, and asked for again in the background.

Nobody waits for a server that was heard once, however it fares now; for one never heard, only as long as told.
"""

import asyncio
import logging
import threading
import time
from concurrent.futures import Future

from django.core.cache import cache

from trajectories import connections, engine

log = logging.getLogger(__name__)

ANSWER_SECONDS = 4.0
"""How long a server may take to name its models."""
FRESH_SECONDS = 300.0
"""How long a list is believed before the server is asked again."""
DOWN_SECONDS = 30.0
"""The same for a server that named none."""

_asking: dict[str, "Future[list[str]]"] = {}
_lock = threading.Lock()
"""Guards `_asking`: of several threads that want the same list one asks."""


def models_of(connection: engine.Connection, *, wait: float) -> list[str]:
    """What the server named last; of one never heard, what it names within `wait` seconds. Empty: nothing known."""
    key = f"offered:{hash(connection)}"
    heard: tuple[float, list[str]] | None = cache.get(key)
    if heard is not None and time.monotonic() < heard[0]:
        return heard[1]
    asking = _ask(key, connection)
    if heard is not None:
        return heard[1]
    try:
        return asking.result(wait)
    except TimeoutError:
        return []


def _ask(key: str, connection: engine.Connection) -> "Future[list[str]]":
    """In a thread of its own, which the end of the process does not wait for."""
    with _lock:
        if key in _asking:
            return _asking[key]
        asking = _asking[key] = Future()
    threading.Thread(target=_hear, args=(key, connection, asking), name="models", daemon=True).start()
    return asking


def _hear(key: str, connection: engine.Connection, asking: "Future[list[str]]") -> None:
    names: list[str] = []
    try:
        names = asyncio.run(connections.list_models(connection, seconds=ANSWER_SECONDS))
    except engine.ProviderError as error:
        log.warning("The connection %s offers no model now: %s", connection.name, error)
    finally:
        again = time.monotonic() + (FRESH_SECONDS if names else DOWN_SECONDS)
        cache.set(key, (again, names), None)
        with _lock:
            del _asking[key]
        asking.set_result(names)

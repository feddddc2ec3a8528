"""`grep` with patterns that could not be interrupted: they run in a helper, a second process on the same documents.

When its time is over the helper is killed, and the REPL with its variables stays. It is as isolated as the REPL, and
what it sends is checked like everything else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trajectories.engine.errors import EngineError
from trajectories.engine.sandbox import wire
from trajectories.engine.sandbox.child import Process
from trajectories.engine.sandbox.wire import Frame, Violation, WireBroken
from trajectories.engine.types import Document

MOST_HITS = 100_000
_PATTERN_CHARS = 200_000
_FLAGS = 0x1FF
_MOST_LINES = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What code in a REPL wants to have searched for. Checked, but hostile all the same."""

    number: int
    pattern: str
    flags: int
    documents: list[int]
    most: int


def search_of(frame: Frame, documents: Sequence[Document]) -> Search:
    """Raises `Violation`."""
    return Search(
        number=wire.whole(frame.get("id"), 1, 1 << 62),
        pattern=wire.text(frame.get("pattern"), _PATTERN_CHARS),
        flags=wire.whole(frame.get("flags"), 0, _FLAGS),
        documents=[wire.whole(one, 0, len(documents) - 1) for one in wire.items(frame.get("documents"), 100_000)],
        most=wire.whole(frame.get("most"), 0, MOST_HITS),
    )


class Searcher:
    """One helper at a time, kept from search to search."""

    def __init__(
        self, open_helper: Callable[[], Awaitable[Process]], documents: Sequence[Document], seconds: float
    ) -> None:
        """`seconds` is what one search may take."""
        self._open_helper = open_helper
        self._documents = documents
        self._seconds = seconds
        self._helper: Process | None = None
        self._busy = asyncio.Lock()

    async def answer(self, search: Search) -> Frame:
        """The item that answers the call of the REPL: hits, or an error of kind `timeout` or `engine`."""
        async with self._busy:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._ask(search)
            except TimeoutError:
                await self.close()
                return {"error": ["timeout", "the search took too long"]}
            except (WireBroken, Violation, EngineError):
                await self.close()
                return {"error": ["engine", "grep: the search ended early, most likely for lack of memory"]}
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            await asyncio.shield(helper.close())

    async def _ask(self, search: Search) -> Frame:
        if self._helper is None:
            self._helper = await self._open_helper()
        wanted = {"pattern": search.pattern, "flags": search.flags, "documents": search.documents, "most": search.most}
        await self._helper.wire.send({"t": "search", "id": search.number, **wanted})
        found = await self._helper.wire.receive()
        if found.get("t") != "found" or found.get("id") != search.number:
            raise Violation("a frame out of turn")
        if found.get("error") is not None:
            return {"error": ["engine", wire.text(found["error"], 1_000)]}
        hits = [_hit(hit, self._documents) for hit in wire.items(found.get("hits"), MOST_HITS)]
        return {"value": {"hits": hits, "complete": wire.flag(found.get("complete"))}}


def _hit(value: Any, documents: Sequence[Document]) -> list[int]:
    document, start, end, line = (wire.whole(one, 0, _MOST_LINES) for one in wire.items(value, 4))
    if document >= len(documents) or not start < end <= documents[document].text.chars or line < 1:
        raise Violation("a hit that makes no sense")
    return [document, start, end, line]

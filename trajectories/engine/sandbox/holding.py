"""Holders: processes that have one user's documents decoded and fork REPLs from themselves, copy-on-write.

Follow-up runs, forks and sub-RLMs on the same texts then cost a fork, not a decoding, and no memory of their own. A
holder runs no code of a model, and serves nobody but whoever knows its key.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from trajectories.engine.sandbox.forker import MESSAGE_BYTES, Forker, Request
from trajectories.engine.sandbox.handover import Handover, decoded_bytes, machine_memory
from trajectories.engine.types import Document, Span

HELD_FROM = 4_000_000
"""Bytes of decoded text from which holding pays: below, decoding is as fast as anything else."""
IDLE_SECONDS = 300.0
_SHARE, _MOST = 4, 4 << 30
_MOST_DESCRIBED = MESSAGE_BYTES // 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Texts that REPLs of one user are opened on, again and again."""

    key: str
    """Names the user and the texts. Whoever gives the same key gets the same texts."""
    documents: tuple[Document, ...]
    lasting: bool = True
    """Whether they are held beyond the last REPL on them."""

    def place(self, document: Document) -> Span | None:
        """Where a document, or a piece that is a sub-RLM's context, stands in these texts."""
        if document.origin is not None:
            return document.origin
        for number, held in enumerate(self.documents):
            if held is document:
                return Span(document=number, start=0, end=document.text.chars)
        return None


def worth_holding(documents: Sequence[Document]) -> bool:
    return len(documents) <= _MOST_DESCRIBED and sum(map(decoded_bytes, documents)) >= HELD_FROM


def room() -> int:
    """Bytes that all holders together may take: a quarter of the machine's memory, at most 4 GiB."""
    memory = machine_memory()
    with suppress(OSError, ValueError):  # no control groups, or no limit ("max")
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return min(memory // _SHARE, _MOST)


@dataclass(slots=True)
class Holder:
    """One process with decoded texts."""

    held: Held
    forker: Forker
    bytes: int
    users: int = 0
    """REPLs that were forked from it and are still open: it cannot go before them."""
    ended: bool = False
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


Branch = Callable[[Request, Sequence[int]], Awaitable[Forker]]
HandOver = Callable[[Sequence[Document]], Awaitable[Handover]]


class Holders:
    """The holders of a house, least recently used first. What is over the room for them goes as soon as it is idle."""

    def __init__(
        self, branch: Branch, hand_over: HandOver, most_bytes: int | None = None, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._branch = branch
        self._hand_over = hand_over
        self._most = room() if most_bytes is None else most_bytes
        self._idle_seconds = idle_seconds
        self._holders: OrderedDict[str, asyncio.Task[Holder]] = OrderedDict()
        self._ending: set[asyncio.Task[None]] = set()

    async def lease(self, held: Held) -> Holder:
        """A holder of these texts, which lasts until it is given back. Raises `DocumentError`, `OSError`."""
        while True:
            holder = await self._holder(held)
            if not holder.ended:
                break
        holder.users += 1
        if holder.timer is not None:
            holder.timer.cancel()
            holder.timer = None
        if held.key in self._holders:
            self._holders.move_to_end(held.key)
        return holder

    def give_back(self, holder: Holder) -> None:
        holder.users -= 1
        if not holder.users:
            self._idle(holder, self._idle_seconds if holder.held.lasting else 0.0)
            self._shrink(0)

    def drop(self, holder: Holder) -> None:
        """It is dead, or shall be: the next one who wants these texts gets a fresh one."""
        if holder.ended:
            return
        holder.ended = True
        asyncio.get_running_loop().remove_reader(_handle(holder))
        if holder.timer is not None:
            holder.timer.cancel()
        if self._made(holder.held.key) is holder:
            del self._holders[holder.held.key]
        ending = asyncio.create_task(holder.forker.close())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        for making in list(self._holders.values()):
            making.cancel()
        for holder in await asyncio.gather(*self._holders.values(), return_exceptions=True):
            if isinstance(holder, Holder):
                self.drop(holder)
        await asyncio.gather(*self._ending)

    @property
    def bytes(self) -> int:
        return sum(holder.bytes for holder in map(self._made, self._holders) if holder)

    async def _holder(self, held: Held) -> Holder:
        making = self._holders.get(held.key)
        if making is None:
            making = self._holders[held.key] = asyncio.create_task(self._make(held))
        try:
            return await asyncio.shield(making)
        except BaseException:
            if making.done() and self._holders.get(held.key) is making and self._made(held.key) is None:
                del self._holders[held.key]
            raise

    async def _make(self, held: Held) -> Holder:
        size = sum(map(decoded_bytes, held.documents))
        self._shrink(size)
        handover = await self._hand_over(held.documents)
        try:
            forker = await self._branch({"do": "hold", "texts": handover.texts}, handover.files)
        finally:
            handover.close()
        holder = Holder(held, forker, size)
        asyncio.get_running_loop().add_reader(_handle(holder), self.drop, holder)
        self._idle(holder, self._idle_seconds)  # whoever asked for it may have gone away
        return holder

    def _made(self, key: str) -> Holder | None:
        making = self._holders.get(key)
        if making is None or not making.done() or making.cancelled() or making.exception() is not None:
            return None
        return making.result()

    def _idle(self, holder: Holder, seconds: float) -> None:
        if not holder.ended:
            holder.timer = asyncio.get_running_loop().call_later(seconds, self.drop, holder)

    def _shrink(self, wanted: int) -> None:
        """Makes room for so many bytes, as far as idle holders take it."""
        for holder in [made for made in map(self._made, list(self._holders)) if made]:
            if self.bytes + wanted <= self._most:
                return
            if not holder.users:
                self.drop(holder)


def _handle(holder: Holder) -> int:
    assert holder.forker.handle is not None
    return holder.forker.handle

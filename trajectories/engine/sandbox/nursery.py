"""Where the children of a house come from: the zygote, or, on large texts, a holder that has them decoded."""

import asyncio
import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trajectories.engine.errors import SandboxError
from trajectories.engine.sandbox import handover
from trajectories.engine.sandbox.child import Child
from trajectories.engine.sandbox.forker import Forker, Request
from trajectories.engine.sandbox.handover import Place
from trajectories.engine.sandbox.holding import Held, Holders, worth_holding
from trajectories.engine.sandbox.zygote import Zygote
from trajectories.engine.types import Document

_FIRST_UID = 2_000_000_000
_UIDS = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Born:
    """A child that waits for its opening frame, and how it comes to its texts."""

    child: Child
    texts: list[Place]


class Nursery:
    """One per house."""

    def __init__(self, *, namespaces: bool = True, holders_bytes: int | None = None) -> None:
        self._namespaces = namespaces
        self._most = handover.room()
        self._uids = itertools.cycle(range(_UIDS))
        self.zygote = Zygote()
        self.holders = Holders(self._branch, handover.hand_over, holders_bytes)

    async def child(self, documents: Sequence[Document], held: Held) -> Born:
        """`held`: texts of which the documents are, or are pieces. Raises `SandboxError`, `DocumentError`."""
        await asyncio.to_thread(handover.check_size, documents, self._most)
        for last in (False, True):
            try:
                return await self._child(documents, held)
            except (OSError, TimeoutError) as error:  # a zygote or a holder has died just now
                if last:
                    raise SandboxError("The REPL's process could not be started; see `sandbox_check`.") from error
        raise AssertionError

    async def close(self) -> None:
        await self.holders.close()
        await self.zygote.close()

    async def _child(self, documents: Sequence[Document], held: Held) -> Born:
        if not worth_holding(held.documents):
            return await self._fork(await self.zygote.forker(), documents, None, self._nothing)
        holder = await self.holders.lease(held)
        try:
            return await self._fork(holder.forker, documents, held, lambda: self.holders.give_back(holder))
        except BaseException as error:
            if isinstance(error, OSError | TimeoutError):
                self.holders.drop(holder)
            self.holders.give_back(holder)
            raise

    async def _fork(
        self, forker: Forker, documents: Sequence[Document], held: Held | None, on_gone: Callable[[], None]
    ) -> Born:
        given = await handover.hand_over(
            documents, None if held is None else [held.place(document) for document in documents]
        )
        try:
            child = await forker.repl(self._request(), given.files, on_gone)
        finally:
            given.close()
        return Born(child=child, texts=given.texts)

    def _request(self) -> Request:
        """As root each child gets a user of its own, so that its threads can be counted."""
        own = _FIRST_UID + os.getpid() % 65_536 * _UIDS + next(self._uids)
        return {"uid": own if os.getuid() == 0 else 0, "namespaces": self._namespaces}

    async def _branch(self, request: Request, files: Sequence[int]) -> Forker:
        return await (await self.zygote.forker()).branch(request, files)

    def _nothing(self) -> None:
        """Nobody minds when a child of the zygote goes."""

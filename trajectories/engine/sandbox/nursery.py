"""Where the children of a house come from: the zygote, a fork of it with numpy and pandas where these are installed,
or, on large texts, a holder that has them decoded."""

import asyncio
import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trajectories.engine.errors import SandboxError
from trajectories.engine.sandbox import handover
from trajectories.engine.sandbox.child import Process
from trajectories.engine.sandbox.forker import Forker, Request
from trajectories.engine.sandbox.handover import Place
from trajectories.engine.sandbox.holding import Held, Holders, worth_holding
from trajectories.engine.sandbox.stock import Stock, Stocks
from trajectories.engine.sandbox.zygote import Zygote
from trajectories.engine.types import Document

_FIRST_UID = 2_000_000_000
_UIDS = 1_024
_TRIES = 4
"""A holder, the process it is forked from and the zygote may be found dead one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Born:
    """A child that waits for its opening frame, and how it comes to its texts."""

    child: Process
    texts: list[Place]
    libraries: tuple[str, ...]
    """Beside the standard library, with versions."""
    layers: dict[str, Any] = field(default_factory=dict)
    """What shuts it in from outside, beside what it says itself."""


class Nursery:
    """One per house."""

    def __init__(
        self, *, namespaces: bool = True, holders_bytes: int | None = None, folders: dict[str, str] | None = None
    ) -> None:
        """`folders`: where libraries are, if not where they are installed."""
        self._namespaces = namespaces
        self._most = handover.room()
        self._uids = itertools.cycle(range(_UIDS))
        self.zygote = Zygote()
        self.stocks = Stocks(self.zygote.forker, self._from_zygote, folders)
        self.holders = Holders(self._from_stock, handover.hand_over, holders_bytes)

    async def child(self, documents: Sequence[Document], held: Held, *, libraries: bool = True) -> Born:
        """`held`: texts of which the documents are, or are pieces. `libraries`: whether it needs them, where they are
        installed. Raises `SandboxError`, `DocumentError`."""
        await asyncio.to_thread(handover.check_size, documents, self._most)
        failed: Exception | None = None
        for _ in range(_TRIES):
            try:
                return await self._child(documents, held, libraries)
            except (OSError, TimeoutError) as error:  # a process that forks has died just now
                failed = error
            finally:
                self.stocks.begin()
        raise SandboxError("The REPL's process could not be started; see `sandbox_check`.") from failed

    async def close(self) -> None:
        await self.holders.close()
        await self.stocks.close()
        await self.zygote.close()

    async def _child(self, documents: Sequence[Document], held: Held, libraries: bool) -> Born:
        stock = await self.stocks.stock() if libraries else Stock(forker=await self.zygote.forker(), libraries=())
        if not worth_holding(held.documents):
            return await self._fork(stock, documents, None, self._nothing)
        holder = await self.holders.lease(held)
        try:
            stock = replace(stock, forker=holder.forker)
            return await self._fork(stock, documents, held, lambda: self.holders.give_back(holder))
        except BaseException as error:
            if isinstance(error, OSError | TimeoutError):
                self.holders.drop(holder)
            self.holders.give_back(holder)
            raise

    async def _fork(
        self, stock: Stock, documents: Sequence[Document], held: Held | None, on_gone: Callable[[], None]
    ) -> Born:
        given = await handover.hand_over(
            documents, None if held is None else [held.place(document) for document in documents]
        )
        try:
            child = await stock.forker.repl(self._request(), given.files, on_gone)
        except (OSError, TimeoutError):
            await self.stocks.drop(stock.forker)
            raise
        finally:
            given.close()
        return Born(child=child, texts=given.texts, libraries=stock.libraries)

    def _request(self) -> Request:
        """As root each child gets a user of its own, so that its threads can be counted."""
        own = _FIRST_UID + os.getpid() % 65_536 * _UIDS + next(self._uids)
        return {"uid": own if os.getuid() == 0 else 0, "namespaces": self._namespaces}

    async def _from_zygote(self, request: Request, files: Sequence[int]) -> Forker:
        return await (await self.zygote.forker()).branch(request, files)

    async def _from_stock(self, request: Request, files: Sequence[int]) -> Forker:
        stock = await self.stocks.stock()
        try:
            return await stock.forker.branch(request, files)
        except (OSError, TimeoutError):
            await self.stocks.drop(stock.forker)
            raise

    def _nothing(self) -> None:
        """Nobody minds when a child of the zygote goes."""

"""Going on in the session of an earlier run: its conversation, and its REPL, kept or made anew.

A REPL is kept for a while after its run, and a follow-up question finds its variables as they were. Later, or on
another machine, it is restored: the cells run again in a fresh REPL while the recorded replies answer their calls for
nothing.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from trajectories.engine.types import Message, Sandbox

MOST_KEPT = 4
KEPT_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCell:
    step: int
    """The number of its turn, which names its calls."""
    code: str
    variables_hash: str
    """Of the REPL's variables after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What went before a follow-up question."""

    session: str
    """Names the REPL, if it is still kept."""
    messages: tuple[Message, ...]
    """The root's conversation to its end, the last reply included."""
    cells: tuple[EarlierCell, ...]
    """Of the root, in order."""
    turns: int
    """The number of the last turn."""


@dataclass(slots=True)
class _Kept:
    sandbox: Sandbox
    timer: asyncio.TimerHandle


class KeptRepls:
    """The REPLs of the latest runs. Belongs to one engine and its loop."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()

    def put(self, session: str, sandbox: Sandbox) -> None:
        """From now on it is closed here."""
        loop = asyncio.get_running_loop()
        self.drop(session)
        self._kept[session] = _Kept(sandbox, loop.call_later(KEPT_SECONDS, self.drop, session))
        while len(self._kept) > MOST_KEPT:
            self.drop(next(iter(self._kept)))

    def take(self, session: str) -> Sandbox | None:
        """Once: from now on the taker closes it."""
        kept = self._kept.pop(session, None)
        if kept is None:
            return None
        kept.timer.cancel()
        return kept.sandbox

    def drop(self, session: str) -> None:
        sandbox = self.take(session)
        if sandbox is not None:
            task = asyncio.get_running_loop().create_task(sandbox.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        for session in list(self._kept):
            self.drop(session)
        await asyncio.gather(*self._closing)

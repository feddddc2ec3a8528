"""The process that has numpy and pandas loaded, where they are installed: REPLs are forked from it.

It is started in the background with the first REPL, so that a server is ready as soon without them as with them.
"""

import asyncio
import importlib.util
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trajectories.engine.sandbox.forker import Forker, Request

log = logging.getLogger(__name__)

LIBRARIES = ("numpy", "pandas")
NEEDED = ("dateutil", "six", "pytz", "tzdata")
"""What these need beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Where to fork from, and what can be imported there."""

    forker: Forker
    libraries: tuple[str, ...]
    """Names with versions, such as `numpy 2.4.6`."""


def installed() -> dict[str, str]:
    """The libraries that are installed, and the folders they are in. Imports none of them."""
    return {name: folder for name in LIBRARIES if (folder := _folder(name))}


def places() -> list[str]:
    """The folders that the libraries and what they need are in; none without libraries."""
    found = installed().values()
    return list(dict.fromkeys([*found, *filter(None, map(_folder, NEEDED))])) if found else []


def _folder(name: str) -> str | None:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return str(origin.parent.parent if spec.submodule_search_locations else origin.parent)


class Stocks:
    """Has one stock, and another when that has died."""

    def __init__(
        self,
        zygote: Callable[[], Awaitable[Forker]],
        branch: Callable[[Request, Sequence[int]], Awaitable[Forker]],
        folders: dict[str, str] | None = None,
    ) -> None:
        """`branch` forks from the zygote. `folders` as from `installed()`."""
        self._zygote = zygote
        self._branch = branch
        self._folders = installed() if folders is None else folders
        self._making: asyncio.Task[Stock | None] | None = None
        self._forker: Forker | None = None

    def begin(self) -> None:
        """In the background, if there is something to load."""
        if self._folders and self._making is None:
            self._making = asyncio.create_task(self._make())

    async def stock(self) -> Stock:
        """Without libraries where none can be had. Raises `SandboxError`, `OSError`."""
        self.begin()
        made = None if self._making is None else await asyncio.shield(self._making)
        return made or Stock(forker=await self._zygote(), libraries=())

    async def drop(self, dead: Forker) -> None:
        """Whoever asks next gets another, unless somebody has got one already."""
        if dead is self._forker:
            self._making = None
            await self.close()

    async def close(self) -> None:
        making, self._making = self._making, None
        if making is not None:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)
        forker, self._forker = self._forker, None
        if forker is not None:
            await forker.close()

    async def _make(self) -> Stock | None:
        folders = dict.fromkeys([*self._folders.values(), *filter(None, map(_folder, NEEDED))])
        request = {"do": "stock", "folders": list(folders), "names": list(self._folders)}
        try:
            self._forker = await self._branch(request, ())
        except (OSError, TimeoutError):
            log.warning("%s could not be loaded for the REPL and are not offered", " and ".join(self._folders))
            self._folders = {}
            return None
        return Stock(forker=self._forker, libraries=tuple(filter(None, self._forker.told.split(", "))))

"""Two "models" that are none: a planner (the root) and a worker that quotes, so that everything works without a key.

They use no tokens and cost nothing; see `engine/offline` for what they can do.
"""

import asyncio
from collections.abc import Callable

from trajectories.engine.errors import ProviderError
from trajectories.engine.lm.http import HTTP
from trajectories.engine.offline import extractive, planner
from trajectories.engine.types import Connection, LMClient, OnDelta, Reply, Request, Usage

PROVIDER = "No language model: finds and quotes passages with plain code, free and without a network"
PLANNER, EXTRACTIVE = "planner", "extractive"

PIECE = 200
"""Characters handed over at a time to someone who watches the reply come."""


def connect(connection: Connection, http: HTTP) -> LMClient:
    return OfflineClient()


async def list_models(connection: Connection, http: HTTP) -> list[str]:
    return [PLANNER, EXTRACTIVE]


class OfflineClient:
    """Answers in a thread, so that reading a long passage holds nobody up."""

    async def complete(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Raises `ProviderError` for what these two cannot do."""
        text = await asyncio.to_thread(_answering(request))
        if on_delta is not None:
            for start in range(0, len(text), PIECE):
                on_delta(text[start : start + PIECE])
        return Reply(text=text, finish_reason="stop", usage=Usage(calls=1), model=request.model)


def _answering(request: Request) -> Callable[[], str]:
    if request.model == PLANNER:
        return lambda: planner.reply(request.messages)
    if request.model == EXTRACTIVE:
        prompt = "\n\n".join(message.content for message in request.messages if message.role == "user")
        return lambda: extractive.reply(prompt, request.schema)
    raise ProviderError(
        "bad_request",
        f"There is no offline model named {request.model!r}. There are {PLANNER} and {EXTRACTIVE}.",
    )

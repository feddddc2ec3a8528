"""The provider `offline`: two models that use no tokens."""

import pytest

from trajectories.engine import lm
from trajectories.engine.errors import ProviderError
from trajectories.engine.types import Connection, Message, Request, Usage

CONNECTION = Connection(name="offline", provider="offline")


def request(model: str) -> Request:
    return Request(
        model=model, messages=(Message(role="user", content="Question: Who?\nText:\nNobody knows who it was."),)
    )


async def test_it_offers_a_planner_and_a_worker() -> None:
    assert "offline" in lm.PROVIDERS
    assert await lm.list_models(CONNECTION, lm.HTTP()) == ["planner", "extractive"]


@pytest.mark.parametrize("model", ["planner", "extractive"])
async def test_a_reply_uses_no_tokens_and_comes_in_pieces(model: str) -> None:
    pieces: list[str] = []
    reply = await lm.connect(CONNECTION, lm.HTTP()).complete(request(model), pieces.append)
    assert "".join(pieces) == reply.text
    assert (reply.usage, reply.finish_reason, reply.model) == (Usage(calls=1), "stop", model)


async def test_an_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(ProviderError, match="gpt-5"):
        await lm.connect(CONNECTION, lm.HTTP()).complete(request("gpt-5"))

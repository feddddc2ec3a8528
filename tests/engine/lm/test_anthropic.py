"""What is Anthropic's own: where the instructions stand, what is marked for the cache, how tokens are counted."""

import pytest

from tests.engine.lm.conftest import KEY, asking
from tests.model_server import ModelServer, ScriptedReply
from trajectories.engine import lm, pricing
from trajectories.engine.types import Connection, LMClient, Message, Request

MARK = {"type": "ephemeral"}


@pytest.fixture
def client(server: ModelServer, http: lm.HTTP) -> LMClient:
    connection = Connection(name="mine", provider="anthropic", base_url=server.url, api_key=KEY)
    return lm.connect(connection, http)


def conversation(*turns: str) -> Request:
    roles = ("user", "assistant")
    messages = [Message(role="system", content="Be brief.")]
    messages += [Message(role=roles[n % 2], content=turn) for n, turn in enumerate(turns)]  # type: ignore[arg-type]
    return Request(model="claude", messages=tuple(messages))


async def test_a_conversation_is_marked_for_the_cache_at_its_instructions_and_its_end(
    client: LMClient, server: ModelServer
) -> None:
    await client.complete(conversation("Hello", "Hi", "How are you?"))
    body = server.requests[0]
    assert body["system"] == [{"type": "text", "text": "Be brief.", "cache_control": MARK}]
    marks = [block.get("cache_control") for message in body["messages"] for block in message["content"]]
    assert marks == [None, None, MARK]
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]


async def test_the_next_turn_begins_with_the_same_bytes_but_for_the_marks(
    client: LMClient, server: ModelServer
) -> None:
    await client.complete(conversation("Hello"))
    await client.complete(conversation("Hello", "Hi", "How are you?"))
    first, second = server.requests
    assert first["system"] == second["system"]
    assert first["messages"][0]["content"][0]["text"] == second["messages"][0]["content"][0]["text"]


async def test_a_single_question_is_sent_as_it_is_and_not_marked(client: LMClient, server: ModelServer) -> None:
    await client.complete(asking("Who jumps?"))
    assert server.requests[0]["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Who jumps?"}]}]
    assert "system" not in server.requests[0]


async def test_a_limit_is_always_sent(client: LMClient, server: ModelServer) -> None:
    await client.complete(asking())
    await client.complete(asking(max_output_tokens=99))
    assert [request["max_tokens"] for request in server.requests] == [8_192, 99]


@pytest.mark.parametrize("streamed", [False, True])
async def test_all_input_counts_and_what_the_cache_gave_and_took_is_told_apart(
    client: LMClient, server: ModelServer, streamed: bool
) -> None:
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 2_000,
        "cache_creation_input_tokens": 300,
        "output_tokens": 7,
    }
    server.script(lambda body: ScriptedReply("Yes", usage=usage))
    reply = await client.complete(asking(), (lambda words: None) if streamed else None)
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (2_310, 7)
    assert (reply.usage.cache_read_tokens, reply.usage.cache_write_tokens) == (2_000, 300)


async def test_the_price_counts_each_kind_of_token_at_its_own_rate() -> None:
    connection = Connection(name="mine", provider="anthropic")
    price = pricing.price_of(connection, "claude-sonnet-4-5")
    assert price is not None
    assert price.cache_read is not None
    assert price.cache_write is not None
    assert price.cache_read < price.input < price.cache_write < price.output
    assert pricing.context_window_of(connection, "claude-sonnet-4-5")


@pytest.mark.parametrize(
    ("told", "ours"), [("max_tokens", "length"), ("refusal", "content_filter"), ("end_turn", "stop")]
)
async def test_reasons_have_our_words(client: LMClient, server: ModelServer, told: str, ours: str) -> None:
    raw = b'{"content": [{"type": "text", "text": "x"}], "stop_reason": "%s"}' % told.encode()
    server.script(lambda body: ScriptedReply(raw=raw, headers={"Content-Type": "application/json"}))
    assert (await client.complete(asking())).finish_reason == ours


async def test_an_error_within_a_stream_has_its_kind(client: LMClient, server: ModelServer) -> None:
    raw = b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n'
    server.script(lambda body: ScriptedReply(raw=raw))
    with pytest.raises(lm.http.ProviderError) as caught:
        await client.complete(asking(), lambda words: None)
    assert caught.value.kind == "overloaded"


async def test_a_schema_stands_after_the_prompt(client: LMClient, server: ModelServer) -> None:
    await client.complete(asking(schema={"type": "object"}))
    prompt, form = server.requests[0]["messages"][0]["content"]
    assert prompt["text"] == "Who jumps?"
    assert '{"type":"object"}' in form["text"]

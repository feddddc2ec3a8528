"""What is particular to servers that copy OpenAI's format: their streams, their usage, and the extras they refuse."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.engine.lm.conftest import asking, failure_of
from tests.model_server import ModelServer, ScriptedReply
from trajectories.engine import lm
from trajectories.engine.lm.openai import OpenAIClient, room_for_output
from trajectories.engine.types import Connection, Message, Request

SCHEMA = {
    "type": "object",
    "properties": {"who": {"type": "string"}},
    "required": ["who"],
    "additionalProperties": False,
}


@pytest.fixture
def client(connection: Connection, http: lm.HTTP) -> OpenAIClient:
    return OpenAIClient(connection, http)


def chunk(content: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    delta = {} if content is None else {"content": content}
    return orjson.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


def stream(*events: bytes, end: bytes = b"\n\n") -> bytes:
    return b"".join(b"data: " + event + end for event in events)


def refuses(test: Callable[[dict[str, Any]], bool], reply: ScriptedReply) -> Callable[[dict[str, Any]], Any]:
    return lambda body: reply if test(body) else "Yes"


# ---------------------------------------------------------------------------------------------- streams


async def streamed(client: OpenAIClient, server: ModelServer, *pieces: bytes) -> tuple[Any, list[str]]:
    server.script(lambda body: ScriptedReply(raw=pieces))
    words: list[str] = []
    return await client.complete(asking(), words.append), words


async def test_a_stream_written_byte_by_byte_is_read_whole(client: OpenAIClient, server: ModelServer) -> None:
    whole = stream(chunk("Größe "), chunk("🦊"), chunk(finish="stop"), b"[DONE]", end=b"\r\n\r\n")
    reply, words = await streamed(client, server, *(whole[at : at + 1] for at in range(len(whole))))
    assert reply.text == "Größe 🦊"
    assert words == ["Größe ", "🦊"]


async def test_a_stream_without_done_ends_with_its_finish_reason(client: OpenAIClient, server: ModelServer) -> None:
    reply, _ = await streamed(client, server, stream(chunk("a"), chunk("b", finish="length")))
    assert (reply.text, reply.finish_reason) == ("ab", "length")


async def test_a_stream_that_ends_in_the_middle_is_no_reply(client: OpenAIClient, server: ModelServer) -> None:
    server.script(lambda body: ScriptedReply(raw=stream(chunk("a"), chunk("b"))))
    assert (await failure_of(lambda: client.complete(asking(), lambda words: None))).kind == "network"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (
            b'{"error": {"code": 502, "message": "Provider disconnected"}, "choices": [{"finish_reason": "error"}]}',
            "overloaded",
        ),
        (b'{"error": {"code": "rate_limit_exceeded", "message": "Slow down"}}', "rate_limit"),
        (b'{"error": {"code": 429, "message": "Slow down"}}', "rate_limit"),
        (b'{"object": "error", "message": "maximum context length is 10 tokens", "code": 400}', "context_length"),
        (b'{"error": "out of memory"}', "overloaded"),
        (b'{"choices": [{"delta"', "malformed"),
    ],
)
async def test_an_error_in_the_middle_of_a_stream_is_an_error(
    client: OpenAIClient, server: ModelServer, error: bytes, kind: str
) -> None:
    server.script(lambda body: ScriptedReply(raw=stream(chunk("a"), error, b"[DONE]")))
    words: list[str] = []
    failure = await failure_of(lambda: client.complete(asking(), words.append))
    assert failure.kind == kind
    assert words == ["a"]


async def test_a_connection_cut_in_the_middle_of_a_stream_is_an_error(
    client: OpenAIClient, server: ModelServer
) -> None:
    server.script(lambda body: ScriptedReply("one two three four", drop=True))
    assert (await failure_of(lambda: client.complete(asking(), lambda words: None))).kind == "network"


async def test_a_server_that_does_not_stream_is_heard_too(client: OpenAIClient, server: ModelServer) -> None:
    whole = b'{"choices": [{"message": {"content": "All at once"}, "finish_reason": "stop"}]}'
    server.script(lambda body: ScriptedReply(raw=whole, headers={"Content-Type": "application/json; charset=utf-8"}))
    words: list[str] = []
    assert (await client.complete(asking(), words.append)).text == "All at once"
    assert words == ["All at once"]


async def test_a_character_cut_into_two_escapes_is_joined(client: OpenAIClient, server: ModelServer) -> None:
    halves = [b'{"choices": [{"delta": {"content": "\\ud83e"}}]}', b'{"choices": [{"delta": {"content": "\\udd8a"}}]}']
    reply, _ = await streamed(client, server, stream(*halves, chunk(finish="stop")))
    assert reply.text == "🦊"


async def test_a_connection_is_used_again_after_a_stream(client: OpenAIClient, server: ModelServer) -> None:
    ports = set()
    for _ in range(3):
        await client.complete(asking(), lambda words: None)
        ports.add(server.requests[-1].peer)
    assert len(ports) == 1


async def test_words_of_reasoning_are_kept_apart(client: OpenAIClient, server: ModelServer) -> None:
    thought = b'{"choices": [{"delta": {"reasoning": "Hm. "}}]}'
    older = b'{"choices": [{"delta": {"reasoning_content": "Ah.", "content": null}}]}'
    reply, words = await streamed(client, server, stream(thought, older, chunk("Yes", finish="stop")))
    assert (reply.reasoning, reply.text, words) == ("Hm. Ah.", "Yes", ["Yes"])


# ---------------------------------------------------------------------------------------------- what it reads


async def test_usage_by_kind_is_read(client: OpenAIClient, server: ModelServer) -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 8, "audio_tokens": None},
        "completion_tokens_details": {"reasoning_tokens": 40},
        "cost": 0.00014825,
    }
    server.script(lambda body: ScriptedReply("Yes", usage=usage))
    reply = await client.complete(asking())
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.cache_read_tokens, reply.usage.cache_write_tokens) == (100, 64, 8)
    assert (reply.usage.output_tokens, reply.usage.reasoning_tokens) == (50, 40)
    assert reply.cost_usd == Decimal("0.00014825")
    assert (await client.complete(asking(), lambda words: None)).usage == reply.usage


@pytest.mark.parametrize(
    ("details", "cost"),
    [
        ({"cost": 0.001, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.02}}, Decimal("0.021")),
        ({"cost": 0.001, "is_byok": True}, None),
        ({"cost": 0}, Decimal(0)),
        ({"cost": {"total": 1}}, None),
        ({"cost": -1}, None),
        ({"cost": "much"}, None),
        ({}, None),
    ],
)
async def test_only_a_cost_that_is_whole_is_taken(
    client: OpenAIClient, server: ModelServer, details: dict[str, Any], cost: Decimal | None
) -> None:
    server.script(lambda body: ScriptedReply("Yes", usage={"prompt_tokens": 1, "completion_tokens": 1, **details}))
    assert (await client.complete(asking())).cost_usd == cost


@pytest.mark.parametrize(
    ("odd", "counted"),
    [
        ({"prompt_tokens": None, "completion_tokens": -1, "prompt_tokens_details": None}, None),
        ({"prompt_tokens": "many", "completion_tokens": True}, None),
        ({"prompt_tokens": 2**63, "completion_tokens": 2**63}, None),
        ({"prompt_tokens": 12.0, "completion_tokens": None}, (12, 0)),
        ({"prompt_tokens": 12, "completion_tokens": 2**63}, (12, 0)),
    ],
)
async def test_odd_usage_is_no_failure(
    client: OpenAIClient, server: ModelServer, odd: dict[str, Any], counted: tuple[int, int] | None
) -> None:
    server.script(lambda body: ScriptedReply("Yes", usage=odd))
    usage = (await client.complete(asking())).usage
    assert (usage and (usage.input_tokens, usage.output_tokens)) == counted


@pytest.mark.parametrize("cost", [1e300, 1e12, -1.0])
async def test_a_cost_that_cannot_be_is_unknown(client: OpenAIClient, server: ModelServer, cost: float) -> None:
    server.script(lambda body: ScriptedReply("Yes", cost=cost))
    assert (await client.complete(asking())).cost_usd is None


async def test_names_that_are_none_are_left_out(client: OpenAIClient, server: ModelServer) -> None:
    choice = {"message": {"content": "Yes"}, "finish_reason": {"odd": 1}}
    server.script(lambda body: ScriptedReply(raw=orjson.dumps({"model": {"odd": 1}, "choices": [choice]})))
    reply = await client.complete(asking())
    assert (reply.text, reply.finish_reason, reply.model) == ("Yes", "stop", "")


async def test_a_refusal_is_told_by_its_finish_reason(client: OpenAIClient, server: ModelServer) -> None:
    message = b'{"choices": [{"message": {"content": null, "refusal": "I will not"}, "finish_reason": "stop"}]}'
    server.script(lambda body: ScriptedReply(raw=message))
    assert (await client.complete(asking())).finish_reason == "content_filter"


async def test_content_in_parts_is_joined(client: OpenAIClient, server: ModelServer) -> None:
    parts = b'[{"type": "thinking", "thinking": []}, {"type": "text", "text": "Ye"}, {"type": "text", "text": "s"}]'
    server.script(lambda body: ScriptedReply(raw=b'{"choices": [{"message": {"content": ' + parts + b"}}]}"))
    assert (await client.complete(asking())).text == "Yes"


# ---------------------------------------------------------------------------------------------- what it sends


async def test_an_address_pasted_with_its_end_is_understood(server: ModelServer, http: lm.HTTP) -> None:
    pasted = Connection(name="mine", provider="openai", base_url=f"{server.url}/chat/completions/")
    assert (await OpenAIClient(pasted, http).complete(asking())).text.startswith("ANS")
    assert await lm.list_models(pasted, http) == ["root", "worker"]


async def test_an_address_that_lacks_its_end_is_guessed_at(server: ModelServer, http: lm.HTTP) -> None:
    short = Connection(name="mine", provider="openai", base_url=server.url.removesuffix("/v1"))
    error = await failure_of(lambda: lm.list_models(short, http))
    assert str(error).endswith("Should the address of the connection end in /v1?")


async def test_messages_travel_verbatim(client: OpenAIClient, server: ModelServer) -> None:
    messages = tuple(Message(role=role, content=f"{role}\n 🦊") for role in ("system", "user", "assistant", "user"))
    await client.complete(Request(model="org/name:tag", messages=messages))
    assert server.requests[0] == {
        "model": "org/name:tag",
        "messages": [{"role": message.role, "content": message.content} for message in messages],
    }


async def test_half_a_character_in_a_prompt_does_not_stop_the_call(client: OpenAIClient, server: ModelServer) -> None:
    await client.complete(asking("a \ud83e half, a 🦊"))
    assert server.requests[0]["messages"][0]["content"] == "a ? half, a 🦊"


async def test_usage_is_asked_for_only_where_it_is_understood(connection: Connection, http: lm.HTTP) -> None:
    router = Connection(name="router", provider="openai", base_url="https://openrouter.ai/api/v1")
    lookalike = Connection(name="router", provider="openai", base_url="https://notopenrouter.ai/api/v1")
    assert OpenAIClient(router, http).body(asking(), streamed=False)["usage"] == {"include": True}
    assert "usage" not in OpenAIClient(lookalike, http).body(asking(), streamed=False)
    assert "usage" not in OpenAIClient(connection, http).body(asking(), streamed=False)


def test_openai_itself_gets_the_newer_name_of_the_limit(http: lm.HTTP) -> None:
    client = OpenAIClient(Connection(name="o", provider="openai"), http)
    assert client.body(asking(max_output_tokens=9), streamed=False)["max_completion_tokens"] == 9


async def test_a_schema_travels_as_response_format(client: OpenAIClient, server: ModelServer) -> None:
    await client.complete(asking(schema=SCHEMA))
    assert server.requests[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
    }
    assert server.requests[0]["messages"][0]["content"] == "Who jumps?"


async def test_a_schema_that_strict_mode_would_refuse_is_not_strict(client: OpenAIClient, server: ModelServer) -> None:
    await client.complete(asking(schema={"type": "object", "properties": {"who": {"type": "string"}}}))
    assert server.requests[0]["response_format"]["json_schema"]["strict"] is False


@pytest.mark.parametrize("schema", [{"type": "array", "items": {"type": "string"}}, {"enum": ["yes", "no"]}])
async def test_a_schema_that_is_no_object_travels_as_text(
    client: OpenAIClient, server: ModelServer, schema: dict[str, Any]
) -> None:
    await client.complete(asking(schema=schema))
    assert "response_format" not in server.requests[0]
    prompt = server.requests[0]["messages"][0]["content"]
    assert prompt.startswith("Who jumps?\n\n")
    assert prompt.endswith(orjson.dumps(schema).decode())


# ---------------------------------------------------------------------------------------------- what is refused


async def test_refused_usage_in_streams_is_done_without_from_then_on(client: OpenAIClient, server: ModelServer) -> None:
    no = ScriptedReply("Unrecognized request argument supplied: stream_options", status=400)
    server.script(refuses(lambda body: "stream_options" in body, no))
    for _ in range(2):
        reply = await client.complete(asking(), lambda words: None)
        assert (reply.text, reply.usage) == ("Yes", None)
    assert [("stream_options" in request) for request in server.requests] == [True, False, False]


async def test_a_refused_response_format_becomes_text_from_then_on(client: OpenAIClient, server: ModelServer) -> None:
    no = ScriptedReply("This response_format type is unavailable now", status=400)
    server.script(refuses(lambda body: "response_format" in body, no))
    for _ in range(2):
        await client.complete(asking(schema=SCHEMA))
    assert [("response_format" in request) for request in server.requests] == [True, False, False]
    assert orjson.dumps(SCHEMA).decode() in server.requests[2]["messages"][0]["content"]


async def test_what_one_model_refuses_another_still_gets(client: OpenAIClient, server: ModelServer) -> None:
    no = ScriptedReply("json_schema is not supported by this model", status=400)
    server.script(refuses(lambda body: "response_format" in body and body["model"] == "worker", no))
    await client.complete(asking(schema=SCHEMA))
    await client.complete(Request(model="other", messages=asking().messages, schema=SCHEMA))
    assert "response_format" in server.requests[-1]


async def test_a_model_that_knows_only_the_newer_limit_gets_it(client: OpenAIClient, server: ModelServer) -> None:
    no = ScriptedReply(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        status=400,
        code="unsupported_parameter",
    )
    server.script(refuses(lambda body: "max_tokens" in body, no))
    for _ in range(2):
        await client.complete(asking(max_output_tokens=100))
    assert [request.get("max_completion_tokens") for request in server.requests] == [None, 100, 100]


async def test_a_limit_is_never_left_out(client: OpenAIClient, server: ModelServer) -> None:
    server.script(lambda body: ScriptedReply("max_tokens and max_completion_tokens are unknown", status=400))
    assert (await failure_of(lambda: client.complete(asking(max_output_tokens=100)))).kind == "bad_request"
    assert all({"max_tokens", "max_completion_tokens"} & set(request) for request in server.requests)


async def test_a_refused_temperature_is_left_out(client: OpenAIClient, server: ModelServer) -> None:
    raw = orjson.dumps(
        {"error": {"message": "Unsupported value.", "param": "temperature", "code": "unsupported_value"}}
    )
    server.script(refuses(lambda body: "temperature" in body, ScriptedReply(raw=raw, status=400)))
    assert (await client.complete(asking(temperature=0.2))).text == "Yes"


async def test_a_limit_beyond_the_models_is_lowered_to_it(client: OpenAIClient, server: ModelServer) -> None:
    said = "max_tokens is too large: 16384. This model supports at most 4096 completion tokens."
    server.script(refuses(lambda body: body["max_tokens"] > 4096, ScriptedReply(said, status=400)))
    assert (await client.complete(asking(max_output_tokens=16_384))).text == "Yes"
    assert [request["max_tokens"] for request in server.requests] == [16_384, 4096]


async def test_a_prompt_that_leaves_no_room_is_too_long(client: OpenAIClient, server: ModelServer) -> None:
    said = "This model's maximum context length is 100 tokens. However, you requested 150 tokens (120 in the messages)."
    server.script(lambda body: ScriptedReply(said, status=400))
    assert (await failure_of(lambda: client.complete(asking(max_output_tokens=30)))).kind == "context_length"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("said", "room"),
    [
        (
            "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens "
            "(616 in the messages, 8384 in the completion).",
            7576,
        ),
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is "
            "4096 tokens and your request has 96 input tokens (5000 > 4096 - 96).",
            4000,
        ),
        ("max_tokens: 200000 > 64000, which is the maximum allowed number of output tokens for this model", 64000),
        ("The request is wrong.", None),
    ],
)
def test_it_reads_how_much_room_there_is(said: str, room: int | None) -> None:
    assert room_for_output(said) == room


async def test_a_server_that_refuses_everything_is_asked_only_a_few_times(
    client: OpenAIClient, server: ModelServer
) -> None:
    everything = "temperature response_format stream_options max_tokens max_completion_tokens usage"
    server.script(lambda body: ScriptedReply(everything, status=400))
    request = asking(temperature=0.5, schema=SCHEMA, max_output_tokens=10)
    assert (await failure_of(lambda: client.complete(request, lambda words: None))).kind == "bad_request"
    assert len(server.requests) <= 6

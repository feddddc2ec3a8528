"""OpenAI's chat completions."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from tests.wires import tokens_of


def error(reply: Any) -> dict[str, Any]:
    return {"error": {"message": reply.text, "type": "scripted", "code": reply.code}}


def pieces(body: dict[str, Any], reply: Any, streamed: bool) -> list[bytes]:
    """The reply in one piece, or the events of a stream."""
    whole = {"id": "chatcmpl-scripted", "created": 1_700_000_000, "model": body.get("model", "")}
    usage = _usage(body, reply)
    if streamed:
        with_usage = usage if (body.get("stream_options") or {}).get("include_usage") else None
        events = [b"data: " + orjson.dumps({**whole, **event}) for event in _events(reply, with_usage)]
        return [event + b"\n\n" for event in [*events, b"data: [DONE]"]]
    message = {"role": "assistant", "content": reply.text}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    choice = {"index": 0, "finish_reason": reply.finish_reason, "message": message}
    return [orjson.dumps({**whole, "object": "chat.completion", "choices": [choice], "usage": usage})]


def _events(reply: Any, usage: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if reply.reasoning:
        deltas.append({"reasoning_content": reply.reasoning})
    words = reply.chunks if reply.chunks is not None else re.findall(r"\s*\S+\s*", reply.text) or [reply.text]
    deltas += [{"content": word} for word in words]
    for delta in deltas:
        yield _event(choices=[{"index": 0, "delta": delta, "finish_reason": None}])
    yield _event(choices=[{"index": 0, "delta": {}, "finish_reason": reply.finish_reason}])
    if usage is not None:
        yield _event(choices=[], usage=usage)


def _event(**content: Any) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", **content}


def _usage(body: dict[str, Any], reply: Any) -> dict[str, Any] | None:
    if reply.usage != "counted":
        return None if reply.usage is None else dict(reply.usage)
    asked, said = tokens_of(body, reply.text)
    usage: dict[str, Any] = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
    if reply.cached_tokens:
        usage["prompt_tokens_details"] = {"cached_tokens": reply.cached_tokens}
    if reply.reasoning_tokens:
        usage["completion_tokens_details"] = {"reasoning_tokens": reply.reasoning_tokens}
    if reply.cost is not None:
        usage["cost"] = reply.cost
    return usage

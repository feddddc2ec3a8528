"""Anthropic's Messages API."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from tests.wires import text_of, tokens_of

STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


def as_openai(body: dict[str, Any]) -> dict[str, Any]:
    """The request as scripts expect it: the system message among the others, contents as text."""
    system = body.get("system")
    first = [{"role": "system", "content": text_of({"content": system})}] if system else []
    turns = [{"role": message["role"], "content": text_of(message)} for message in body["messages"]]
    return {**body, "messages": first + turns}


def error(reply: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"type": reply.code or "scripted", "message": reply.text}}


def pieces(body: dict[str, Any], reply: Any, streamed: bool) -> list[bytes]:
    """The reply in one piece, or the events of a stream."""
    stop_reason = STOP_REASONS.get(reply.finish_reason, reply.finish_reason)
    head = {"id": "msg_scripted", "type": "message", "role": "assistant", "model": body.get("model", "")}
    usage = _usage(body, reply)
    if streamed:
        return [_written(event) for event in _events(reply, head, usage, stop_reason)]
    thought = [{"type": "thinking", "thinking": reply.reasoning}] if reply.reasoning else []
    content = [*thought, {"type": "text", "text": reply.text}]
    return [orjson.dumps({**head, "content": content, "stop_reason": stop_reason, "usage": usage})]


def _events(
    reply: Any, head: dict[str, Any], usage: dict[str, Any] | None, stop_reason: Any
) -> Iterator[dict[str, Any]]:
    asked = None if usage is None else {**usage, "output_tokens": 0}
    yield {"type": "message_start", "message": {**head, "content": [], "usage": asked}}
    yield {"type": "ping"}
    parts = [("thinking", [reply.reasoning])] if reply.reasoning else []
    words = reply.chunks if reply.chunks is not None else re.findall(r"\s*\S+\s*", reply.text) or [reply.text]
    for index, (kind, pieces) in enumerate([*parts, ("text", words)]):
        yield {"type": "content_block_start", "index": index, "content_block": {"type": kind, kind: ""}}
        for piece in pieces:
            yield {"type": "content_block_delta", "index": index, "delta": {"type": f"{kind}_delta", kind: piece}}
        yield {"type": "content_block_stop", "index": index}
    said = {} if usage is None else {"usage": {"output_tokens": usage["output_tokens"]}}
    yield {"type": "message_delta", "delta": {"stop_reason": stop_reason}, **said}
    yield {"type": "message_stop"}


def _written(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\n".encode() + b"data: " + orjson.dumps(event) + b"\n\n"


def _usage(body: dict[str, Any], reply: Any) -> dict[str, Any] | None:
    """Input tokens leave out what the cache gave."""
    if reply.usage != "counted":
        return None if reply.usage is None else dict(reply.usage)
    asked, said = tokens_of(as_openai(body), reply.text)
    return {
        "input_tokens": asked - reply.cached_tokens,
        "cache_read_input_tokens": reply.cached_tokens,
        "cache_creation_input_tokens": 0,
        "output_tokens": said,
    }

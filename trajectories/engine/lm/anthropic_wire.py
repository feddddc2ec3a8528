"""The shapes of Anthropic's Messages API: requests out, replies and streams in. Sends nothing.

Source: https://docs.anthropic.com/en/api/messages, …/messages-streaming, …/prompt-caching.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from trajectories.engine.errors import ProviderError
from trajectories.engine.lm.openai_wire import MOST_NAME, count_of, schema_as_text, whole_text
from trajectories.engine.types import JSON, Message, Picture, Reply, Request, Usage

OUTPUT_TOKENS = 8_192
"""The format wants a limit with each request; this one where the budget names none."""
CACHE_MARK = {"cache_control": {"type": "ephemeral"}}
FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}
NAMES = {"text_delta": "text", "thinking_delta": "thinking"}


def body_of(request: Request, *, streamed: bool) -> dict[str, Any]:
    """A conversation (one with a system message) is marked for the cache at the end of the instructions and at its own
    end, so that the next turn finds all of this one there; a single question is not."""
    system = [message for message in request.messages if message.role == "system"]
    turns = [message for message in request.messages if message.role != "system"]
    messages: list[dict[str, Any]] = [{"role": message.role, "content": _blocks(message)} for message in turns]
    if request.schema is not None:
        messages[-1]["content"].append({"type": "text", "text": schema_as_text(request.schema).strip()})
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_output_tokens or OUTPUT_TOKENS,
        "messages": messages,
    }
    if system:
        body["system"] = [{"type": "text", "text": message.content} for message in system]
        body["system"][-1] |= CACHE_MARK
        messages[-1]["content"][-1] |= CACHE_MARK
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if streamed:
        body["stream"] = True
    return body


def _blocks(message: Message) -> list[dict[str, Any]]:
    """A text block must hold something that is not white space."""
    text = message.content if message.content.strip() else "(empty)"
    return [*(_image(picture) for picture in message.pictures), {"type": "text", "text": text}]


def _image(picture: Picture) -> dict[str, Any]:
    """Before the words: so the makers of the format advise."""
    data = base64.b64encode(picture.data).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": picture.media_type, "data": data}}


class GrowingReply:
    """A reply put together from the events of a stream."""

    def __init__(self) -> None:
        self.done = False
        """The server said `message_stop`."""
        self.finish_reason = ""
        self._parts: dict[str, list[str]] = {"text": [], "thinking": []}
        self._usage: dict[str, Any] = {}
        self._model = ""

    def add(self, event: JSON) -> str:
        """Takes an event and gives the words of the reply in it."""
        if not isinstance(event, dict):
            return ""
        match event.get("type"):
            case "message_start":
                message = _part(event, "message")
                self._model = name_of(message)
                self._usage |= _part(message, "usage")
            case "content_block_start":
                return self._take(_part(event, "content_block"))
            case "content_block_delta":
                return self._take(_part(event, "delta"))
            case "message_delta":
                self.finish_reason = finish_reason_of(_part(event, "delta")) or self.finish_reason
                self._usage |= {name: value for name, value in _part(event, "usage").items() if value is not None}
            case "message_stop":
                self.done = True
        return ""

    def _take(self, part: Mapping[str, Any]) -> str:
        kind = NAMES.get(str(part.get("type")), str(part.get("type")))
        words = part.get(kind)
        if kind not in self._parts or not isinstance(words, str):
            return ""
        self._parts[kind].append(words)
        return words if kind == "text" else ""

    def reply(self) -> Reply:
        return Reply(
            text=whole_text("".join(self._parts["text"])),
            finish_reason=self.finish_reason or "stop",
            usage=usage_of(self._usage),
            model=self._model,
            reasoning=whole_text("".join(self._parts["thinking"])),
        )


def reply_of(content: JSON, host: str) -> Reply:
    """A reply that came in one piece. Raises `ProviderError` when it is none."""
    blocks = content.get("content") if isinstance(content, dict) else None
    if not isinstance(blocks, list):
        raise ProviderError("malformed", f"{host} answered without a message in it.")
    return Reply(
        text=whole_text(_joined(blocks, "text")),
        finish_reason=finish_reason_of(content) or "stop",
        usage=usage_of(content.get("usage")),
        model=name_of(content),
        reasoning=whole_text(_joined(blocks, "thinking")),
    )


def usage_of(usage: Any) -> Usage | None:
    """Here `input_tokens` leaves out what came from the cache or went into it; ours counts all input."""
    if not isinstance(usage, dict) or not ({"input_tokens", "output_tokens"} & usage.keys()):
        return None
    read, written = count_of(usage, "cache_read_input_tokens"), count_of(usage, "cache_creation_input_tokens")
    return Usage(
        calls=1,
        input_tokens=count_of(usage, "input_tokens") + read + written,
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_tokens=count_of(usage, "output_tokens"),
    )


def finish_reason_of(told: Mapping[str, Any]) -> str:
    reason = told.get("stop_reason")
    return FINISH_REASONS.get(reason, reason[:MOST_NAME]) if isinstance(reason, str) else ""


def name_of(message: Mapping[str, Any]) -> str:
    name = message.get("model")
    return name[:MOST_NAME] if isinstance(name, str) else ""


def _joined(blocks: Sequence[Any], kind: str) -> str:
    texts = [block.get(kind) for block in blocks if isinstance(block, dict) and block.get("type") == kind]
    return "".join(text for text in texts if isinstance(text, str))


def _part(whole: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}

"""The shapes of OpenAI's chat completions: JSON to `Reply` and `Usage`, schemas to response formats. Sends nothing.

Servers that copy the format add their own fields; those that say something about reasoning, caching or cost are read.
"""

import base64
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from trajectories.engine.errors import ProviderError
from trajectories.engine.types import JSON, Message, Picture, Reply, Usage

MOST_TOKENS = 10**8
MOST_DOLLARS = Decimal(1_000)
"""Of one call. What is reported beyond is a mistake, and counts as not reported."""
MOST_NAME = 200


class GrowingReply:
    """A reply put together from the chunks of a stream."""

    def __init__(self) -> None:
        self.done = False
        """The server said `[DONE]`."""
        self.finish_reason: str | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._usage: dict[str, Any] | None = None
        self._model = ""

    def add(self, chunk: JSON) -> str:
        """Takes a chunk and gives the words of the reply in it."""
        if not isinstance(chunk, dict):
            return ""
        self._model = _name(chunk) or self._model
        self._usage = chunk.get("usage") or self._usage
        choice = _first_choice(chunk)
        if choice is None:
            return ""
        self.finish_reason = _finish_reason(choice) or self.finish_reason
        delta = _part(choice, "delta") or _part(choice, "message")
        if delta.get("refusal"):
            self.finish_reason = "content_filter"
        words = text_of(delta)
        self._text.append(words)
        self._reasoning.append(reasoning_of(delta))
        return words

    def reply(self) -> Reply:
        return Reply(
            text=whole_text("".join(self._text)),
            finish_reason=self.finish_reason or "stop",
            usage=usage_of(self._usage),
            cost_usd=cost_of(self._usage),
            model=self._model,
            reasoning=whole_text("".join(self._reasoning)),
        )


def reply_of(content: JSON, host: str) -> Reply:
    """A reply that came in one piece. Raises `ProviderError` when it is none."""
    choice = _first_choice(content) if isinstance(content, dict) else None
    message = choice.get("message") if choice else None
    if choice is None or not isinstance(message, dict):
        raise ProviderError("malformed", f"{host} answered without a message in it.")
    refused = "content_filter" if message.get("refusal") else None
    return Reply(
        text=whole_text(text_of(message)),
        finish_reason=refused or _finish_reason(choice) or "stop",
        usage=usage_of(content.get("usage")),
        cost_usd=cost_of(content.get("usage")),
        model=_name(content),
        reasoning=whole_text(reasoning_of(message)),
    )


def text_of(message: Mapping[str, Any]) -> str:
    """The words of a message or of a delta; a refusal is told by its finish reason."""
    content = message.get("content") or message.get("refusal") or ""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def reasoning_of(message: Mapping[str, Any]) -> str:
    """DeepSeek, vLLM and SGLang say `reasoning_content`; OpenRouter and Ollama `reasoning`."""
    reasoning = message.get("reasoning_content") or message.get("reasoning") or ""
    return reasoning if isinstance(reasoning, str) else ""


def usage_of(usage: Any) -> Usage | None:
    """None when nothing was reported, or nothing that can be."""
    if not isinstance(usage, dict) or {_number(usage, "prompt_tokens"), _number(usage, "completion_tokens")} == {None}:
        return None
    asked, said = _part(usage, "prompt_tokens_details"), _part(usage, "completion_tokens_details")
    return Usage(
        calls=1,
        input_tokens=count_of(usage, "prompt_tokens"),
        cache_read_tokens=count_of(asked, "cached_tokens") or count_of(usage, "prompt_cache_hit_tokens"),
        cache_write_tokens=count_of(asked, "cache_write_tokens"),
        output_tokens=count_of(usage, "completion_tokens"),
        reasoning_tokens=count_of(said, "reasoning_tokens"),
    )


def cost_of(usage: Any) -> Decimal | None:
    """The provider's own figure in US dollars (OpenRouter's `cost`), with what an own key is billed elsewhere."""
    if not isinstance(usage, dict):
        return None
    cost = _money(usage.get("cost"))
    if cost is None or not usage.get("is_byok"):
        return cost
    elsewhere = _money(_part(usage, "cost_details").get("upstream_inference_cost"))
    return None if elsewhere is None else cost + elsewhere


def message_of(message: Message, more: str = "") -> dict[str, Any]:
    """`more` stands behind its words. With pictures the content is a list of parts."""
    if not message.pictures:
        return {"role": message.role, "content": message.content + more}
    parts: list[dict[str, Any]] = [{"type": "text", "text": message.content + more}]
    parts += [{"type": "image_url", "image_url": {"url": _data_url(picture)}} for picture in message.pictures]
    return {"role": message.role, "content": parts}


def _data_url(picture: Picture) -> str:
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode()}"


def structured(schema: JSON) -> dict[str, Any] | None:
    """The response format for a schema, or None when the format has none for it (only objects have)."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return None
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": _is_strict(schema)},
    }


def schema_as_text(schema: JSON) -> str:
    """What stands after the prompt for a server that knows no response format."""
    told = orjson.dumps(schema, default=str).decode()
    return f"\n\nAnswer with one JSON value that fits this JSON Schema, and with nothing else:\n{told}"


def encode(body: JSON) -> bytes:
    """JSON in UTF-8. Half characters, which code can print, become question marks."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return orjson.dumps(json.loads(json.dumps(body).encode("utf-8"), object_hook=_cleaned))


def load(data: str | bytes, host: str) -> JSON:
    """Raises `ProviderError` when it is not JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _load_leniently(data, host)


def _load_leniently(data: str | bytes, host: str) -> JSON:
    """With half surrogate pairs, as servers send them that cut a reply within one."""
    try:
        return json.loads(data)
    except ValueError:
        raise ProviderError("malformed", f"What {host} sent is not JSON.") from None


def whole_text(text: str) -> str:
    """Joins surrogate pairs that were cut in two; a half that stands alone becomes a replacement character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _cleaned(members: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in members.items()
    }


def _first_choice(content: Mapping[str, Any]) -> dict[str, Any] | None:
    choices = content.get("choices")
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None


def _finish_reason(choice: Mapping[str, Any]) -> str:
    reason = choice.get("finish_reason")
    return reason[:MOST_NAME] if isinstance(reason, str) else ""


def _name(content: Mapping[str, Any]) -> str:
    name = content.get("model")
    return name[:MOST_NAME] if isinstance(name, str) else ""


def _is_strict(schema: JSON) -> bool:
    """OpenAI's strict mode wants every property of every object required and no others allowed."""
    if isinstance(schema, list):
        return all(map(_is_strict, schema))
    if not isinstance(schema, dict):
        return True
    if "properties" in schema or schema.get("type") == "object":
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(properties):
            return False
    return all(map(_is_strict, schema.values()))


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}


def count_of(usage: Mapping[str, Any], name: str) -> int:
    return _number(usage, name) or 0


def _number(usage: Mapping[str, Any], name: str) -> int | None:
    value = usage.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MOST_TOKENS:
        return None
    return int(value)


def _money(value: Any) -> Decimal | None:
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount <= MOST_DOLLARS else None

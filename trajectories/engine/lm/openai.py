"""Any server that speaks OpenAI's chat completions: OpenAI, vLLM, SGLang, Ollama, llama.cpp, OpenRouter and many more.

They agree on the wire format and differ in the extras. An extra that a server refuses for a model (structured answers,
usage in streams, a temperature, one of the two names of the output limit) is remembered and done without from then on.
Sources: https://platform.openai.com/docs/api-reference/chat, https://openrouter.ai/docs/api-reference/overview.
"""

import asyncio
import contextlib
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from trajectories.engine.errors import ProviderError
from trajectories.engine.lm.failures import Complaint, complaint_in, complaint_of, failure, kind_of
from trajectories.engine.lm.http import HTTP, Answer, Stream, address_of, bearer, host_of
from trajectories.engine.lm.openai_wire import (
    GrowingReply,
    encode,
    load,
    message_of,
    reply_of,
    schema_as_text,
    structured,
)
from trajectories.engine.lm.sse import EventReader
from trajectories.engine.types import Connection, OnDelta, Reply, Request

PROVIDER = "OpenAI, or any server that speaks its wire format (vLLM, SGLang, Ollama, llama.cpp, OpenRouter, …)"
BASE_URL = "https://api.openai.com/v1"

MOST_ADAPTATIONS = 6
LAST_BYTES_SECONDS = 0.25
"""How long the end of a stream is waited for after its last event, so that the connection can be used again."""

_EXTRAS: dict[str, tuple[str, ...]] = {
    "stream_options": ("stream_options", "include_usage"),
    "response_format": ("response_format", "json_schema", "structured output"),
    "temperature": ("temperature",),
    "usage": ("usage",),
    "max_tokens": ("max_tokens",),
    "max_completion_tokens": ("max_completion_tokens",),
}
"""What a server may refuse, and the words by which it names it."""


def connect(connection: Connection, http: HTTP) -> "OpenAIClient":
    return OpenAIClient(connection, http)


async def list_models(connection: Connection, http: HTTP) -> list[str]:
    return await OpenAIClient(connection, http).list_models()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer that is no reply."""

    status: int
    complaint: Complaint
    headers: Mapping[str, str]


class OpenAIClient:
    """One connection. What it has learnt of a model's dislikes lasts as long as it does."""

    def __init__(self, connection: Connection, http: HTTP) -> None:
        self._connection = connection
        self._http = http
        self._refused: defaultdict[str, set[str]] = defaultdict(set)
        """Extras by model that the server does not take."""

    async def complete(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        for _ in range(MOST_ADAPTATIONS):
            body = self.body(request, streamed=on_delta is not None)
            outcome = await self._ask(body, on_delta)
            if isinstance(outcome, Reply):
                return outcome
            request = self._adapted(request, body, outcome)
        raise ProviderError("bad_request", f"{self._host} refuses one part of the request after another.")

    async def list_models(self) -> list[str]:
        answer = await self._http.send("GET", f"{self._address}/models", self._headers)
        if answer.status != 200:
            raise self._failure(_refusal(answer))
        content = load(answer.body, self._host)
        models = content.get("data") if isinstance(content, dict) else content
        if not isinstance(models, list):
            raise ProviderError("malformed", f"{self._host} answered, but not with a list of models.")
        return sorted({model["id"] for model in models if isinstance(model, dict) and isinstance(model.get("id"), str)})

    # ------------------------------------------------------------------------------------------ asking

    @cached_property
    def _address(self) -> str:
        return address_of(self._connection, BASE_URL).removesuffix("/chat/completions")

    @cached_property
    def _host(self) -> str:
        return host_of(self._address)

    @cached_property
    def _is_openrouter(self) -> bool:
        return self._host == "openrouter.ai" or self._host.endswith(".openrouter.ai")

    @cached_property
    def _headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", **bearer(self._connection)}

    def body(self, request: Request, *, streamed: bool) -> dict[str, Any]:
        """What is sent for this request, without what the server is known to refuse."""
        refused = self._refused[request.model]
        told = None
        if request.schema is not None and ("response_format" in refused or not structured(request.schema)):
            told = schema_as_text(request.schema)
        messages = [message_of(message) for message in request.messages[:-1]]
        messages.append(message_of(request.messages[-1], told or ""))
        body: dict[str, Any] = {"model": request.model, "messages": messages}
        if request.schema is not None and told is None:
            body["response_format"] = structured(request.schema)
        if request.temperature is not None and "temperature" not in refused:
            body["temperature"] = request.temperature
        if request.max_output_tokens is not None:
            body[self._limit_name(refused)] = request.max_output_tokens
        if streamed:
            body["stream"] = True
            if "stream_options" not in refused:
                body["stream_options"] = {"include_usage": True}
        if self._is_openrouter and "usage" not in refused:
            body["usage"] = {"include": True}
        return body

    def _limit_name(self, refused: set[str]) -> str:
        """OpenAI's reasoning models know only the newer name, most other servers the older one."""
        older, newer = "max_tokens", "max_completion_tokens"
        first, second = (newer, older) if self._host == "api.openai.com" else (older, newer)
        return second if first in refused else first

    async def _ask(self, body: dict[str, Any], on_delta: OnDelta | None) -> Reply | Refusal:
        url, content = f"{self._address}/chat/completions", encode(body)
        if on_delta is None:
            return self._read(await self._http.send("POST", url, self._headers, content))
        async with self._http.stream("POST", url, self._headers, content) as stream:
            if stream.status == 200 and "json" not in stream.headers.get("content-type", ""):
                return await self._listen(stream, on_delta)
            outcome = self._read(await stream.whole())
        if isinstance(outcome, Reply) and outcome.text:
            on_delta(outcome.text)
        return outcome

    def _read(self, answer: Answer) -> Reply | Refusal:
        if answer.status != 200:
            return _refusal(answer)
        content = load(answer.body, self._host)
        if complaint := _complaint(content):
            return Refusal(status=complaint.status or answer.status, complaint=complaint, headers=answer.headers)
        return reply_of(content, self._host)

    async def _listen(self, stream: Stream, on_delta: OnDelta) -> Reply | Refusal:
        """Reads a streamed reply; its end is `[DONE]`, or a finish reason before the connection ends."""
        growing, reader = GrowingReply(), EventReader()
        async with contextlib.aclosing(stream.pieces()) as pieces:
            async for piece in pieces:
                for data in reader.feed(piece):
                    if refusal := self._take(data, growing, stream, on_delta):
                        return refusal
                if growing.done:
                    await _end_of(pieces)
                    return growing.reply()
        for data in reader.end():
            if refusal := self._take(data, growing, stream, on_delta):
                return refusal
        if not (growing.done or growing.finish_reason):
            raise ProviderError("network", f"{self._host} broke off in the middle of a reply.")
        return growing.reply()

    def _take(self, data: str, growing: GrowingReply, stream: Stream, on_delta: OnDelta) -> Refusal | None:
        if data.strip() == "[DONE]":
            growing.done = True
        if growing.done:
            return None
        content = load(data, self._host)
        if complaint := _complaint(content):
            return Refusal(status=complaint.status or stream.status, complaint=complaint, headers=stream.headers)
        if words := growing.add(content):
            on_delta(words)
        return None

    # ------------------------------------------------------------------------------------------ refusals

    def _adapted(self, request: Request, body: dict[str, Any], refusal: Refusal) -> Request:
        """The request to try instead. Raises `ProviderError` when it is not about an extra."""
        room = room_for_output(refusal.complaint.message) if refusal.status in (400, 422) else None
        if room is not None and request.max_output_tokens is not None and 0 < room < request.max_output_tokens:
            return replace(request, max_output_tokens=room)
        extra = refused_extra(body, refusal)
        if extra is None or {"max_tokens", "max_completion_tokens"} <= self._refused[request.model] | {extra}:
            raise self._failure(refusal)
        self._refused[request.model].add(extra)
        return request

    def _failure(self, refusal: Refusal) -> ProviderError:
        complaint = refusal.complaint
        if refusal.status == 404 and not re.search(r"/v\d", self._address):
            hint = f"{complaint.message} Should the address of the connection end in /v1?"
            complaint = replace(complaint, message=hint)
        return failure(self._connection, self._host, refusal.status, complaint, refusal.headers)


def refused_extra(body: Mapping[str, Any], refusal: Refusal) -> str | None:
    """The extra in `body` that the server complains of."""
    complaint = refusal.complaint
    if refusal.status not in (400, 422) or kind_of(refusal.status, complaint) != "bad_request":
        return None
    sent = [name for name in _EXTRAS if name in body]
    names: list[Callable[[str], bool]] = [
        lambda name: complaint.param.startswith(name),
        lambda name: any(word in complaint.message for word in _EXTRAS[name]),
    ]
    return next((name for fits in names for name in sent if fits(name)), None)


def room_for_output(message: str) -> int | None:
    """The largest output limit a server would take, where its complaint about a larger one says so."""
    if most := re.search(r"at most (\d+) (?:completion|output) tokens|> (\d+), which is the maximum allowed", message):
        return int(most[1] or most[2])
    window = re.search(r"maximum context length (?:is|of) (\d+) tokens", message)
    asked = re.search(r"(\d+) (?:input tokens|in the messages|of text input)", message)
    return int(window[1]) - int(asked[1]) if window and asked else None


def _refusal(answer: Answer) -> Refusal:
    complaint = complaint_in(answer.body)
    if 300 <= answer.status < 400:
        target = answer.headers.get("location", "elsewhere").partition("?")[0]
        complaint = Complaint(message=f"it redirects to {target}; redirects are not followed, use the final address.")
    return Refusal(status=answer.status, complaint=complaint, headers=answer.headers)


def _complaint(content: Any) -> Complaint | None:
    """An error told in an answer that began well."""
    told = isinstance(content, dict) and (content.get("error") or content.get("object") == "error")
    return complaint_of(content) if told else None


async def _end_of(pieces: AsyncIterator[bytes]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_BYTES_SECONDS):
            async for _ in pieces:
                continue

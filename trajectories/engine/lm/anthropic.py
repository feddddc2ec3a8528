"""Anthropic's Messages API, and servers that copy it: whole and streamed replies, prompt caching.

Source: https://docs.anthropic.com/en/api/messages.
"""

import contextlib
from functools import cached_property
from typing import Any

from trajectories.engine.errors import ProviderError
from trajectories.engine.lm.anthropic_wire import GrowingReply, body_of, reply_of
from trajectories.engine.lm.failures import complaint_in, complaint_of, failure
from trajectories.engine.lm.http import HTTP, Answer, Stream, address_of, checked_key, host_of
from trajectories.engine.lm.openai_wire import encode, load
from trajectories.engine.lm.sse import EventReader
from trajectories.engine.types import Connection, OnDelta, Reply, Request

PROVIDER = "Anthropic, or any server that speaks its Messages API"
BASE_URL = "https://api.anthropic.com/v1"

VERSION = "2023-06-01"
MOST_MODELS_PAGES = 20


def connect(connection: Connection, http: HTTP) -> "AnthropicClient":
    return AnthropicClient(connection, http)


async def list_models(connection: Connection, http: HTTP) -> list[str]:
    return await AnthropicClient(connection, http).list_models()


class AnthropicClient:
    """One connection."""

    def __init__(self, connection: Connection, http: HTTP) -> None:
        self._connection = connection
        self._http = http

    async def complete(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        content = encode(body_of(request, streamed=on_delta is not None))
        url = f"{self._address}/messages"
        if on_delta is None:
            return self._read(await self._http.send("POST", url, self._headers, content))
        async with self._http.stream("POST", url, self._headers, content) as stream:
            if stream.status == 200 and "json" not in stream.headers.get("content-type", ""):
                return await self._listen(stream, on_delta)
            reply = self._read(await stream.whole())
        if reply.text:
            on_delta(reply.text)
        return reply

    async def list_models(self) -> list[str]:
        names: set[str] = set()
        after = ""
        for _ in range(MOST_MODELS_PAGES):
            answer = await self._http.send("GET", f"{self._address}/models?limit=100{after}", self._headers)
            if answer.status != 200:
                raise self._failure(answer)
            page = load(answer.body, self._host)
            models = page.get("data") if isinstance(page, dict) else None
            if not isinstance(models, list):
                raise ProviderError("malformed", f"{self._host} answered, but not with a list of models.")
            names |= {each["id"] for each in models if isinstance(each, dict) and isinstance(each.get("id"), str)}
            last = page.get("last_id")
            if not page.get("has_more") or not isinstance(last, str):
                break
            after = f"&after_id={last}"
        return sorted(names)

    # ------------------------------------------------------------------------------------------ asking

    @cached_property
    def _address(self) -> str:
        return address_of(self._connection, BASE_URL).removesuffix("/messages")

    @cached_property
    def _host(self) -> str:
        return host_of(self._address)

    @cached_property
    def _headers(self) -> dict[str, str]:
        key = checked_key(self._connection)
        headers = {"Content-Type": "application/json", "anthropic-version": VERSION}
        return {**headers, "x-api-key": key} if key else headers

    def _read(self, answer: Answer) -> Reply:
        if answer.status != 200:
            raise self._failure(answer)
        content = load(answer.body, self._host)
        self._check(content, answer)
        return reply_of(content, self._host)

    async def _listen(self, stream: Stream, on_delta: OnDelta) -> Reply:
        """Reads a streamed reply; its end is `message_stop`, or a stop reason before the connection ends."""
        growing, reader = GrowingReply(), EventReader()
        async with contextlib.aclosing(stream.pieces()) as pieces:
            async for piece in pieces:
                for data in reader.feed(piece):
                    self._take(data, growing, stream, on_delta)
                if growing.done:
                    return growing.reply()
        for data in reader.end():
            self._take(data, growing, stream, on_delta)
        if not (growing.done or growing.finish_reason):
            raise ProviderError("network", f"{self._host} broke off in the middle of a reply.")
        return growing.reply()

    def _take(self, data: str, growing: GrowingReply, stream: Stream, on_delta: OnDelta) -> None:
        content = load(data, self._host)
        self._check(content, stream)
        if words := growing.add(content):
            on_delta(words)

    # ------------------------------------------------------------------------------------------ refusals

    def _check(self, content: Any, answer: Answer | Stream) -> None:
        """Raises for an error told in an answer that began well."""
        if not isinstance(content, dict) or not (content.get("error") or content.get("type") == "error"):
            return
        complaint = complaint_of(content)
        raise failure(self._connection, self._host, complaint.status or answer.status, complaint, answer.headers)

    def _failure(self, answer: Answer) -> ProviderError:
        complaint = complaint_in(answer.body)
        return failure(self._connection, self._host, answer.status, complaint, answer.headers)

"""A real model server in the OpenAI and the Anthropic wire format on 127.0.0.1 that answers what a test tells it to.

    async with ModelServer() as server:                      # in the test's own loop
    with ModelServer() as server:                            # in a thread, for tests without a loop
        server.replies("root", ["```repl\nprint(1)\n```", "FINAL(1)"])      # turn by turn, by model
        server.replies("root", ["FINAL(2)"], when="child")   # for conversations that open with this word
        server.script(lambda body: ScriptedReply("hello", delay=0.2))       # or everything, by a function
        Connection(name="test", provider="openai", base_url=server.url)
        server.requests[0]["messages"], server.requests[0].headers, server.peak, await server.arrived(3)

Without a script, a conversation with a system message whose model has `replies` gets the one for its turn (the number
of assistant messages; the last reply repeats). Anything else is a sub-call and is answered `ANS[first 40 characters]`,
unless its last message holds MOCK_ECHO:text, MOCK_SLEEP_milliseconds, MOCK_FAIL_500, MOCK_FAIL_400, MOCK_RATE_429
(the first time it is seen) or MOCK_EMPTY. Usage is characters / 4, at least 1.

    python -m tests.model_server --port 8399 [--script FILE] [--delay-ms 200]

does the same as a process of its own, where FILE is Python with `REPLIES = {model: [...]}`, with
`OPENINGS = [(model, word, [...])]` for conversations that open with a word, or with `def script(body)`.
There, GET /stats tells {calls, in_flight, peak}; POST /reset begins anew.
"""

import argparse
import asyncio
import contextlib
import re
import runpy
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from types import ModuleType
from typing import Any, Literal, Self

import orjson
from aiohttp import web

from tests.wires import anthropic_wire, openai_wire, text_of

BACKLOG = 4096


@dataclass(frozen=True, slots=True)
class ScriptedReply:
    """What the server answers: words, or an error, or exactly these bytes."""

    text: str = ""
    """The reply; the error's message when `status` is not 200."""
    _: KW_ONLY
    delay: float = 0
    """Seconds before anything is sent."""
    status: int = 200
    code: str | None = None
    """The error's code, as `context_length_exceeded`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    finish_reason: str | None = "stop"
    reasoning: str = ""
    usage: Mapping[str, Any] | Literal["counted"] | None = "counted"
    """Sent as it is, or none at all, or counted from the texts with the three numbers below."""
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float | None = None
    """The provider's own cost, as OpenRouter reports it."""
    chunks: Sequence[str] | None = None
    """How a streamed reply is cut; left alone: into words."""
    chunk_delay: float = 0
    """Seconds between two chunks of a stream."""
    raw: bytes | Sequence[bytes] | None = None
    """The body instead of all that; several pieces are written one by one."""
    drop: bool = False
    """Cut the connection when half of the reply is sent."""


Answer = ScriptedReply | str
Script = Callable[[dict[str, Any]], Answer | Awaitable[Answer]]


class RecordedRequest(dict[str, Any]):
    """The body of a request as it came, with its `headers` (names in any case) and the `peer` that sent it."""

    def __init__(self, body: dict[str, Any], request: web.Request) -> None:
        super().__init__(body)
        self.headers: Mapping[str, str] = request.headers
        self.peer = request.transport.get_extra_info("peername") if request.transport else None

    @property
    def body(self) -> dict[str, Any]:
        return self


class ModelServer:
    """Serves while the `with` (thread) or `async with` (this loop) lasts. Everything it saw stays readable."""

    def __init__(self, *, port: int = 0, delay: float = 0, models: Sequence[str] = ("root", "worker")) -> None:
        self.delay = delay
        """Seconds each sub-call of the default script takes."""
        self.models = list(models)
        """What GET /models lists."""
        self.requests: list[RecordedRequest] = []
        self.in_flight = 0
        self.peak = 0
        self._port = port
        self._script: Script = self._default_script
        self._replies: list[tuple[str, str, Sequence[Answer]]] = []
        self._rate_limited: set[str] = set()
        self._arrival = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._thread: _Thread | None = None

    @property
    def url(self) -> str:
        """The base URL of a connection, ending in /v1."""
        return f"http://127.0.0.1:{self._port}/v1"

    def script(self, answer: Script) -> None:
        """From now on `answer(body)` decides; it may be a coroutine function."""
        self._script = answer

    def replies(self, model: str, replies: Sequence[Answer], *, when: str = "") -> None:
        """The turns of conversations of this model that have `when` before their first assistant message."""
        self._replies.insert(0, (model, when, replies))

    def reset(self) -> None:
        """Forgets the requests seen, not what to answer."""
        self.requests.clear()
        self.peak = self.in_flight

    async def arrived(self, count: int = 1) -> RecordedRequest:
        """Waits until this many requests have come and gives the last of them (in the server's own loop only)."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.requests) >= count)
        return self.requests[count - 1]

    def wait_for(self, count: int = 1, seconds: float = 20) -> RecordedRequest:
        """The same for a test without a loop, when the server runs in a thread."""
        assert self._thread is not None
        return self._thread.result(self.arrived(count), seconds)

    def _default_script(self, body: dict[str, Any]) -> Answer:
        messages = body["messages"]
        if any(message["role"] in ("system", "developer") for message in messages):
            turns = self._turns_of(body["model"], messages)
            if turns:
                turn = [message["role"] for message in messages].count("assistant")
                return turns[min(turn, len(turns) - 1)]
        return self._sub_reply(text_of(messages[-1]))

    def _turns_of(self, model: str, messages: list[dict[str, Any]]) -> Sequence[Answer]:
        opening = []
        for message in messages:
            if message["role"] == "assistant":
                break
            opening.append(text_of(message))
        beginning = "\n".join(opening)
        fitting = (turns for name, when, turns in self._replies if name == model and when in beginning)
        return next(fitting, ())

    def _sub_reply(self, prompt: str) -> ScriptedReply:
        slept = re.search(r"MOCK_SLEEP_(\d+)", prompt)
        delay = int(slept[1]) / 1000 if slept else self.delay
        if "MOCK_FAIL_500" in prompt:
            return ScriptedReply("The server has failed.", delay=delay, status=500)
        if "MOCK_FAIL_400" in prompt:
            return ScriptedReply("The request is wrong.", delay=delay, status=400)
        if "MOCK_RATE_429" in prompt and prompt not in self._rate_limited:
            self._rate_limited.add(prompt)
            return ScriptedReply("Too many requests.", delay=delay, status=429, headers={"Retry-After": "0"})
        if echo := re.search(r"MOCK_ECHO:(.*)", prompt, re.DOTALL):
            return ScriptedReply(echo[1], delay=delay)
        return ScriptedReply("" if "MOCK_EMPTY" in prompt else f"ANS[{prompt[:40]}]", delay=delay)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 30)
        app.add_routes(
            [
                web.post("/v1/chat/completions", self._chat),
                web.post("/v1/messages", self._messages),
                web.get("/v1/models", self._list_models),
                web.get("/stats", self._stats),
                web.post("/reset", self._reset),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=BACKLOG)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def __enter__(self) -> Self:
        self._thread = _Thread(self)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._thread is not None
        self._thread.stop()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        await self._record(RecordedRequest(body, request))
        with self._counted():
            reply = await self._answer(body)
            if reply.delay:
                await asyncio.sleep(reply.delay)
            return await _send(request, body, reply, openai_wire)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        """The same answers in Anthropic's wire format; scripts are told the request as if it were OpenAI's."""
        body = orjson.loads(await request.read())
        await self._record(RecordedRequest(body, request))
        with self._counted():
            reply = await self._answer(anthropic_wire.as_openai(body))
            if reply.delay:
                await asyncio.sleep(reply.delay)
            return await _send(request, body, reply, anthropic_wire)

    async def _answer(self, body: dict[str, Any]) -> ScriptedReply:
        answer = self._script(body)
        if not isinstance(answer, ScriptedReply | str):
            answer = await answer
        return ScriptedReply(answer) if isinstance(answer, str) else answer

    async def _record(self, request: RecordedRequest) -> None:
        async with self._arrival:
            self.requests.append(request)
            self._arrival.notify_all()

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    async def _list_models(self, request: web.Request) -> web.Response:
        names = dict.fromkeys([*self.models, *(model for model, _, _ in self._replies)])
        return _json({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})

    async def _stats(self, request: web.Request) -> web.Response:
        return _json({"calls": len(self.requests), "in_flight": self.in_flight, "peak": self.peak})

    async def _reset(self, request: web.Request) -> web.Response:
        self.reset()
        return _json({})


class _Thread(threading.Thread):
    """Runs a server in a loop of its own, for tests that have none."""

    def __init__(self, server: ModelServer) -> None:
        super().__init__(daemon=True, name="model-server")
        self._server = server
        self._ready = threading.Event()
        self._error: OSError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None

    def start(self) -> None:
        super().start()
        self._ready.wait()
        if self._error:
            raise self._error

    def run(self) -> None:
        asyncio.run(self._serve())

    def stop(self) -> None:
        if self._loop and self._ended:
            self._loop.call_soon_threadsafe(self._ended.set)
        self.join()

    def result(self, question: Coroutine[Any, Any, RecordedRequest], seconds: float) -> RecordedRequest:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(question, self._loop).result(seconds)

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self._server.__aenter__()
        except OSError as error:
            self._error = error
            return
        finally:
            self._ready.set()
        try:
            await self._ended.wait()
        finally:
            await self._server.__aexit__()


# ---------------------------------------------------------------------------------------------- the wire format


async def _send(
    request: web.Request, body: dict[str, Any], reply: ScriptedReply, wire: ModuleType
) -> web.StreamResponse:
    if reply.raw is None and reply.status != 200:
        return _json(wire.error(reply), reply.status, reply.headers)
    streamed = bool(body.get("stream"))
    if reply.raw is None:
        pieces = wire.pieces(body, reply, streamed)
    else:
        pieces = [reply.raw] if isinstance(reply.raw, bytes) else list(reply.raw)
    if len(pieces) == 1 and not reply.drop:
        content_type = "text/event-stream" if streamed and reply.status == 200 else "application/json"
        return web.Response(
            body=pieces[0], status=reply.status, headers={"Content-Type": content_type, **reply.headers}
        )
    return await _write(request, reply, pieces, streamed)


async def _write(request: web.Request, reply: ScriptedReply, pieces: list[bytes], streamed: bool) -> web.StreamResponse:
    content_type = "text/event-stream" if streamed else "application/json"
    response = web.StreamResponse(status=reply.status, headers={"Content-Type": content_type, **reply.headers})
    await response.prepare(request)
    for piece in pieces[: max(1, len(pieces) // 2)] if reply.drop else pieces:
        await response.write(piece[: max(1, len(piece) // 2)] if reply.drop and len(pieces) == 1 else piece)
        await asyncio.sleep(reply.chunk_delay)
    if reply.drop and request.transport is not None:
        request.transport.abort()
    return response


def _json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        body=orjson.dumps(content), status=status, headers={"Content-Type": "application/json", **(headers or {})}
    )


# ---------------------------------------------------------------------------------------------- as a process


async def _serve_for_good(server: ModelServer) -> None:
    async with server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A scripted model server in the OpenAI wire format.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--script", metavar="FILE", help="Python with REPLIES = {model: [...]}, def script(body) or both"
    )
    parser.add_argument("--delay-ms", type=float, default=0, help="how long a sub-call of the default script takes")
    options = parser.parse_args()
    server = ModelServer(port=options.port, delay=options.delay_ms / 1000)
    named = runpy.run_path(options.script) if options.script else {}
    for model, turns in named.get("REPLIES", {}).items():
        server.replies(model, turns)
    for model, when, turns in named.get("OPENINGS", ()):
        server.replies(model, turns, when=when)
    if "script" in named:
        server.script(named["script"])
    asyncio.run(_serve_for_good(server))


if __name__ == "__main__":
    main()

"""What every provider promises. A new file in `engine/lm` is found and checked here without being named."""

import asyncio
import importlib
import inspect
import logging
import socket
import ssl
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.engine.lm.conftest import KEY, asking, failure_of
from tests.model_server import ModelServer, ScriptedReply
from trajectories.engine import lm
from trajectories.engine.errors import EngineError
from trajectories.engine.types import Connection, LMClient, Usage

MODULES = {name: importlib.import_module(f"trajectories.engine.lm.{name}") for name in lm.PROVIDERS}
ON_THE_NET = [name for name, module in MODULES.items() if hasattr(module, "BASE_URL")]

JSON = {"Content-Type": "application/json"}
REFUSALS = {
    "wrong key": (ScriptedReply("Incorrect API key provided", status=401), "auth"),
    "no right": (ScriptedReply("You may not use this model", status=403), "auth"),
    "no credit": (ScriptedReply("Insufficient credits", status=402), "auth"),
    "no quota": (ScriptedReply("No more", status=429, code="insufficient_quota"), "auth"),
    "rate": (ScriptedReply("Rate limit reached for requests", status=429), "rate_limit"),
    "too much at once": (ScriptedReply("Request too large for gpt on tokens per min", status=429), "context_length"),
    "internal": (ScriptedReply("The server had an error", status=500), "overloaded"),
    "gateway": (ScriptedReply("Bad gateway", status=502), "overloaded"),
    "unavailable": (ScriptedReply("Loading model", status=503), "overloaded"),
    "overloaded": (ScriptedReply("Overloaded", status=529), "overloaded"),
    "gateway timeout": (ScriptedReply("Too slow", status=504), "timeout"),
    "request timeout": (ScriptedReply("Too slow", status=408), "timeout"),
    "context by code": (ScriptedReply("Too much", status=400, code="context_length_exceeded"), "context_length"),
    "context of vllm": (
        ScriptedReply("This model's maximum context length is 4096 tokens. However, you requested 5000", status=400),
        "context_length",
    ),
    "context of llama.cpp": (
        ScriptedReply("the request exceeds the available context size", status=400, code="exceed_context_size_error"),
        "context_length",
    ),
    "too large a body": (ScriptedReply("Payload too large", status=413), "context_length"),
    "filter by code": (ScriptedReply("No", status=400, code="content_filter"), "content_filter"),
    "filter by words": (ScriptedReply("Your input was flagged by moderation", status=403), "content_filter"),
    "unknown model": (ScriptedReply("The model `x` does not exist", status=404), "bad_request"),
    "wrong parameter": (ScriptedReply("Invalid value for 'messages'", status=400), "bad_request"),
    "unprocessable": (ScriptedReply("Input should be a valid list", status=422), "bad_request"),
    "redirect": (ScriptedReply(status=307, headers={"Location": "http://192.0.2.1/v1"}), "bad_request"),
    "page of a proxy": (ScriptedReply(raw=b"<html>Bad gateway</html>", status=502), "overloaded"),
    "no JSON": (ScriptedReply(raw=b'{"choices": [{"mess', headers=JSON), "malformed"),
    "no choices": (ScriptedReply(raw=b'{"choices": []}', headers=JSON), "malformed"),
    "no message": (ScriptedReply(raw=b'{"choices": [{"finish_reason": "stop"}]}', headers=JSON), "malformed"),
    "an error called success": (
        ScriptedReply(raw=b'{"error": {"code": 429, "message": "Provider returned error"}}', headers=JSON),
        "rate_limit",
    ),
    "broken off": (ScriptedReply("half of this is lost", drop=True), "network"),
}


@pytest.fixture(params=ON_THE_NET)
def connection(request: pytest.FixtureRequest, server: ModelServer) -> Connection:
    return Connection(name="mine", provider=request.param, base_url=server.url, api_key=KEY)


@pytest.fixture
def client(connection: Connection, http: lm.HTTP) -> LMClient:
    return lm.connect(connection, http)


@pytest.mark.parametrize("name", lm.PROVIDERS)
def test_each_provider_file_has_what_a_provider_has(name: str) -> None:
    module = MODULES[name]
    assert lm.describe(name).strip() == module.PROVIDER
    assert "\n" not in module.PROVIDER
    assert callable(module.connect)
    assert inspect.iscoroutinefunction(module.list_models)


async def test_an_unknown_provider_is_an_error_that_names_the_known_ones(http: lm.HTTP) -> None:
    with pytest.raises(EngineError, match="'telepathy'.*openai"):
        lm.connect(Connection(name="mine", provider="telepathy"), http)
    with pytest.raises(EngineError, match="'http'"):
        lm.connect(Connection(name="mine", provider="http"), http)


async def test_it_answers_with_text_reason_model_and_usage(client: LMClient, server: ModelServer) -> None:
    reply = await client.complete(asking("Who jumps over the dog?"))
    assert (reply.text, reply.finish_reason, reply.model) == ("ANS[Who jumps over the dog?]", "stop", "worker")
    assert reply.usage == Usage(calls=1, input_tokens=5, output_tokens=7)
    assert reply.cost_usd is None


async def test_a_streamed_reply_is_the_same_reply_and_its_words_come_in_order(
    client: LMClient, server: ModelServer
) -> None:
    server.script(lambda body: ScriptedReply("The quick fox, naïve 🦊 jumps.", reasoning="Think.", cached_tokens=3))
    words: list[str] = []
    streamed = await client.complete(asking(), words.append)
    assert streamed == await client.complete(asking())
    assert "".join(words) == streamed.text
    assert len(words) > 3
    assert streamed.reasoning == "Think."
    assert streamed.usage is not None
    assert streamed.usage.cache_read_tokens == 3


async def test_an_empty_reply_is_an_empty_text(client: LMClient) -> None:
    assert (await client.complete(asking("MOCK_EMPTY"))).text == ""


async def test_no_usage_reported_is_no_usage_not_zero(client: LMClient, server: ModelServer) -> None:
    server.script(lambda body: ScriptedReply("Yes", usage=None))
    assert (await client.complete(asking())).usage is None
    assert (await client.complete(asking(), lambda words: None)).usage is None


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", REFUSALS)
async def test_each_refusal_has_its_kind(client: LMClient, server: ModelServer, name: str, streamed: bool) -> None:
    reply, kind = REFUSALS[name]
    server.script(lambda body: reply)
    error = await failure_of(lambda: client.complete(asking(), (lambda words: None) if streamed else None))
    assert error.kind == kind
    assert "127.0.0.1" in str(error)
    assert "\n" not in str(error)


async def test_a_server_that_is_not_there_is_a_network_error(connection: Connection, http: lm.HTTP) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = replace(connection, base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        error = await failure_of(lambda: lm.connect(nowhere, http).complete(asking()))
    assert error.kind == "network"
    assert "cannot be reached" in str(error)
    assert error.__cause__ is None, "the cause holds the request and with it the key"


@pytest.mark.parametrize("tls", [True, False], ids=["unknown certificate", "no TLS"])
async def test_a_server_that_cannot_prove_who_it_is_gets_nothing(
    connection: Connection, http: lm.HTTP, tmp_path: Path, tls: bool
) -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))
        writer.close()

    identity = own_certificate(tmp_path) if tls else None
    async with await asyncio.start_server(listen, "127.0.0.1", 0, ssl=identity) as impostor:
        address = f"https://127.0.0.1:{impostor.sockets[0].getsockname()[1]}/v1"
        error = await failure_of(lambda: lm.connect(replace(connection, base_url=address), http).complete(asking()))
    assert error.kind == "network"
    assert b"HTTP" not in b"".join(heard)


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(today).not_valid_after(today + timedelta(days=1))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "identity.pem"
    file.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_a_server_that_says_nothing_is_a_timeout(connection: Connection, server: ModelServer) -> None:
    server.script(lambda body: ScriptedReply("late", delay=60))
    async with lm.HTTP(timeouts=httpx.Timeout(5, read=0.05)) as http:
        error = await failure_of(lambda: lm.connect(connection, http).complete(asking()))
    assert error.kind == "timeout"


async def test_a_server_that_never_stops_is_stopped(connection: Connection, server: ModelServer) -> None:
    server.script(lambda body: "x" * 20_000)
    async with lm.HTTP(largest=10_000) as http:
        error = await failure_of(lambda: lm.connect(connection, http).complete(asking()))
    assert error.kind == "malformed"


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7"}, 7, 7),
        ({"Retry-After": "1.5"}, 1.5, 1.5),
        ({"Retry-After": "-3"}, 0, 0),
        ({"retry-after-ms": "250"}, 0.25, 0.25),
        (
            {"Retry-After": formatdate(1_900_000_060, usegmt=True), "Date": formatdate(1_900_000_000, usegmt=True)},
            60,
            60,
        ),
        ({"Retry-After": formatdate(0, usegmt=True)}, 0, 0),
    ],
)
async def test_it_passes_on_when_to_come_back(
    client: LMClient, server: ModelServer, headers: dict[str, str], least: float, most: float
) -> None:
    server.script(lambda body: ScriptedReply("Slow down", status=429, headers=headers))
    error = await failure_of(lambda: client.complete(asking()))
    assert error.retry_after is not None
    assert least <= error.retry_after <= most


@pytest.mark.parametrize("said", [None, "soon", "nan", "Mon, 99 Foo 2026"])
async def test_without_a_readable_time_there_is_none(client: LMClient, server: ModelServer, said: str | None) -> None:
    headers = {} if said is None else {"Retry-After": said}
    server.script(lambda body: ScriptedReply("Slow down", status=429, headers=headers))
    assert (await failure_of(lambda: client.complete(asking()))).retry_after is None


async def test_the_key_travels_only_to_the_server(client: LMClient, server: ModelServer) -> None:
    await client.complete(asking())
    assert KEY in str(dict(server.requests[0].headers))
    assert KEY not in str(server.requests[0].body)


async def test_without_a_key_none_is_sent(connection: Connection, server: ModelServer, http: lm.HTTP) -> None:
    await lm.connect(replace(connection, api_key=""), http).complete(asking())
    names = {name.lower() for name in server.requests[0].headers}
    assert not names & {"authorization", "x-api-key", "api-key"}


@pytest.mark.parametrize("status", [200, 307, 400, 401, 429, 500])
@pytest.mark.parametrize("key", [KEY, "local-key-1234", "x1"])
async def test_the_key_is_in_no_message_whatever_the_server_echoes(
    connection: Connection, server: ModelServer, http: lm.HTTP, caplog: pytest.LogCaptureFixture, key: str, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    said = f'{{"error": {{"message": "Wrong: {key} (Bearer {key})", "type": "{key}", "param": "{key}"}}}}'.encode()
    server.script(lambda body: ScriptedReply(raw=said, status=status, headers={"Location": f"http://x/{key}"}))
    error = await failure_of(lambda: lm.connect(replace(connection, api_key=key), http).complete(asking()))
    told = "".join(traceback.format_exception(error)) + repr(error) + caplog.text
    assert key not in told
    assert error.__cause__ is None


async def test_a_key_that_cannot_be_sent_is_not_shown_either(connection: Connection, http: lm.HTTP) -> None:
    broken = replace(connection, api_key="sk-one\nsk-two")
    error = await failure_of(lambda: lm.connect(broken, http).complete(asking()))
    assert error.kind == "auth"
    assert "sk-" not in str(error)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://x/v1",
        "localhost:80",
        "http://",
        "http://me:secret@x/v1",
        "http://x/?key=secret",
        "http://x..y/v1",
        "http://x/\x01",
    ],
)
async def test_an_address_that_is_none_is_said_when_it_is_used(
    connection: Connection, http: lm.HTTP, address: str
) -> None:
    client = lm.connect(replace(connection, base_url=address), http)
    error = await failure_of(lambda: client.complete(asking()))
    assert error.kind == "bad_request"
    assert "secret" not in str(error)


async def test_a_cancelled_call_lets_go_of_the_server(client: LMClient, server: ModelServer) -> None:
    let_go = asyncio.Event()

    async def wait_for_ever(body: dict[str, object]) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            let_go.set()
        return ""

    server.script(wait_for_ever)
    call = asyncio.create_task(client.complete(asking()))
    await server.arrived()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.wait_for(let_go.wait(), 5)


async def test_calls_at_once_do_not_mix(client: LMClient, server: ModelServer) -> None:
    server.delay = 0.05
    replies = await asyncio.gather(*(client.complete(asking(f"question {number}")) for number in range(200)))
    assert [reply.text for reply in replies] == [f"ANS[question {number}]" for number in range(200)]
    assert server.peak > 100


async def test_it_uses_no_proxy_of_the_environment(
    connection: Connection, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with lm.HTTP() as http:
        assert (await lm.connect(connection, http).complete(asking())).text.startswith("ANS")


async def test_it_keeps_no_cookies(client: LMClient, server: ModelServer) -> None:
    server.script(lambda body: ScriptedReply("Yes", headers={"Set-Cookie": "id=1; Path=/"}))
    await client.complete(asking())
    await client.complete(asking())
    assert "Cookie" not in server.requests[1].headers


async def test_it_lists_the_models(connection: Connection, server: ModelServer, http: lm.HTTP) -> None:
    server.models = ["zeta", "alpha", "zeta"]
    assert await lm.list_models(connection, http) == ["alpha", "zeta"]


async def test_listing_models_fails_as_a_call_does(connection: Connection, server: ModelServer, http: lm.HTTP) -> None:
    wrong = replace(connection, base_url=server.url.removesuffix("/v1"))
    assert (await failure_of(lambda: lm.list_models(wrong, http))).kind == "bad_request"

"""The one pooled HTTP client of a process, made for hundreds of calls at once to a few hosts.

httpx is the interface (its requests, responses and transports) and aiohttp the transport, because httpx's own pool is
quadratic in a burst. httpx's client is left out: what it would add (cookies, redirects, proxies of the environment) is
not wanted here and takes time in each call. No answer grows over `LARGEST_ANSWER`.
"""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Self
from urllib.parse import urlsplit

import httpx

from trajectories.engine.errors import EngineError, ProviderError
from trajectories.engine.types import Connection

CONNECTIONS = 1024
LARGEST_ANSWER = 64 << 20
USER_AGENT = "rlm-web"
TIMEOUTS = httpx.Timeout(connect=10, read=600, write=60, pool=None)
"""Reading waits long: a reasoning model may think for minutes before its first word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole HTTP answer of any status."""

    status: int
    headers: Mapping[str, str]
    """Names in any case."""
    body: bytes


class Stream:
    """An HTTP answer that is still arriving."""

    def __init__(self, response: httpx.Response, largest: int) -> None:
        self._response = response
        self._largest = largest
        self._url = str(response.request.url)
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes, cut anywhere."""
        size = 0
        with _told_apart(self._url):
            async for piece in self._response.aiter_bytes():
                size += len(piece)
                if size > self._largest:
                    raise ProviderError("malformed", f"{host_of(self._url)} sent more than {self._largest:,} bytes.")
                yield piece

    async def whole(self) -> Answer:
        body = b"".join([piece async for piece in self.pieces()])
        return Answer(status=self.status, headers=self.headers, body=body)


class HTTP:
    """Opened once in the loop that uses it. Raises `ProviderError` of the kinds network, timeout and malformed."""

    def __init__(self, timeouts: httpx.Timeout = TIMEOUTS, largest: int = LARGEST_ANSWER) -> None:
        self._timeouts = timeouts
        self._largest = largest
        self._transport: httpx.AsyncBaseTransport | None = None

    async def open(self) -> None:
        """Makes the pool. aiohttp is imported only here: it takes longer than all the rest of the engine."""
        import aiohttp
        from httpx_aiohttp import AiohttpTransport

        trust = httpx.create_ssl_context()
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=300, ssl=trust)
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        self._transport = AiohttpTransport(client=session, verify=trust)

    async def aclose(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Asks and reads the whole answer, whatever its status."""
        async with self.stream(method, url, headers, body) as stream:
            return await stream.whole()

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> AsyncIterator[Stream]:
        """Asks and gives the answer as soon as its headers are there."""
        if self._transport is None:
            raise EngineError("The HTTP client is not open. Open it before the first call.")
        named = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        timeouts = {"timeout": self._timeouts.as_dict()}
        request = httpx.Request(method, _parsed(url), headers=named, content=body, extensions=timeouts)
        with _told_apart(url):
            response = await self._transport.handle_async_request(request)
        try:
            yield Stream(response, self._largest)
        finally:
            await response.aclose()


_parsed = lru_cache(maxsize=256)(httpx.URL)


def address_of(connection: Connection, default: str) -> str:
    """Where the connection goes, without a slash at its end. Raises `ProviderError` when that is no plain address."""
    address = connection.base_url.strip().rstrip("/") or default
    try:
        parts = urlsplit(address)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        plain = plain and not (parts.username or parts.password or parts.query or parts.fragment)
        httpx.URL(address)
        (parts.hostname or "").encode("idna")
    except (ValueError, httpx.InvalidURL):
        plain = False
    if not plain:
        raise ProviderError(
            "bad_request",
            f"The address of the connection {connection.name!r} must look like https://host/v1, "
            "without a user, a key or a question mark in it.",
        )
    return address


def bearer(connection: Connection) -> dict[str, str]:
    """The header that carries the key; without a key there is none. Raises `ProviderError` when it cannot be sent."""
    key = checked_key(connection)
    return {"Authorization": f"Bearer {key}"} if key else {}


def checked_key(connection: Connection) -> str:
    """The key as it goes into a header; empty when there is none. Raises `ProviderError` when it cannot be sent."""
    key = connection.api_key.strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise ProviderError("auth", f"The key of the connection {connection.name!r} has characters that no key has.")
    return key


def host_of(url: str) -> str:
    """Host and port, for sentences."""
    return urlsplit(url).netloc.rpartition("@")[2]


@contextmanager
def _told_apart(url: str) -> Iterator[None]:
    """Makes `ProviderError`s of what can go wrong on the way."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, OSError, _aiohttp_error()) as error:
        # Not `from error`: that holds the request and with it the key.
        raise _failure(error, host_of(url)) from None


def _aiohttp_error() -> type[Exception]:
    import aiohttp

    return aiohttp.ClientError


def _failure(error: Exception, host: str) -> ProviderError:
    import aiohttp

    # httpx-aiohttp calls every lost connection a timeout; aiohttp's own error tells them apart.
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) and error.__cause__ else error
    if isinstance(cause, TimeoutError):
        return ProviderError("timeout", f"{host} did not answer in time.")
    if isinstance(cause, aiohttp.ClientSSLError):
        return ProviderError("network", f"{host} has no certificate that this machine trusts, or speaks no TLS at all.")
    if isinstance(cause, aiohttp.ClientConnectorError):
        number = cause.os_error.errno or 0  # below 0: the name was not found
        reason = os.strerror(number) if number > 0 else cause.os_error.strerror
        return ProviderError("network", f"{host} cannot be reached: {reason}. Is the address right, and does it run?")
    if isinstance(cause, aiohttp.ClientPayloadError | aiohttp.ClientConnectionError):
        return ProviderError("network", f"The connection to {host} broke before the answer was complete.")
    if isinstance(cause, httpx.DecodingError | aiohttp.ClientResponseError):
        return ProviderError("malformed", f"What {host} sent is not proper HTTP.")
    return ProviderError("network", f"{host} could not be asked ({type(cause).__name__}).")

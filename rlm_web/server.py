"""The web server: daphne, run by ourselves, with guards that daphne lacks.

Twisted parses a multipart body in memory before Django sees it, so anybody could post the process to death. Here a body
is never parsed, one over the limit is refused when its headers arrive, and one without a length is cut at the limit.

Import this module before anything else of Twisted: daphne installs the asyncio reactor on import.
"""

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Any

import daphne.server
import orjson
from daphne import http_protocol
from django.conf import settings
from twisted.internet import defer, reactor, threads
from twisted.web import http

_reactor: Any = reactor  # its methods are put into the module at run time
LINGER_SECONDS = 3
"""How long a refused client may go on sending (into nothing), so that it gets to read the refusal."""
SECONDS_TO_END = 1.0
"""How long requests that are being answered may take to end when the server stops."""
PIECE_BYTES = 1 << 20
"""In which a body is handed to Django."""
TOO_LARGE = "This request is larger than {limit} MiB. Send large files in chunks: POST /api/v1/uploads tells how."
LONG_HEADERS = "The address and headers of this request are too long; send shorter ones, or clear this site's cookies."
MALFORMED = "This is no request in HTTP; compare it with /api/v1/docs."


def turn_away(transport: Any, status: str, code: str, message: str) -> None:
    """Answers at once, and reads on for a moment: closing on a sender would reset the answer away."""
    body = orjson.dumps({"error": {"code": code, "message": message}})
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    transport.write(head.encode() + body)
    transport.loseWriteConnection()
    _reactor.callLater(LINGER_SECONDS, transport.abortConnection)  # does nothing to one that is closed by then


class GuardedChannel(http.HTTPChannel):  # type: ignore[misc]
    """A connection that says why it is closed, where Twisted hangs up on long or broken headers without a word."""

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802 (Twisted's names)
        self._turn_away("431 Request Header Fields Too Large", "headers_too_large", LONG_HEADERS)

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        too_many = self._receivedHeaderCount > self.maxHeaders or self._receivedHeaderSize > self.totalHeadersSize
        if too_many:
            self.lineLengthExceeded(b"")
        else:
            self._turn_away("400 Bad Request", "malformed", MALFORMED)

    def _turn_away(self, status: str, code: str, message: str) -> None:
        self.dataReceived = self.lineReceived = lambda _data: None  # type: ignore[method-assign]
        turn_away(self.transport, status, code, message)


class GuardedRequest(http_protocol.WebRequest):
    """A request whose body is passed on as it is, if it is not too large."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parsePOSTFormSubmission = False
        self._received = 0
        self._refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802 (Twisted's name)
        """All headers are here."""
        super().gotLength(0 if length is not None and length > settings.MAX_BODY_BYTES else length)
        self.requestHeaders.removeHeader(b"daphne-root-path")  # daphne would believe it, whoever sent it
        if length is not None and length > settings.MAX_BODY_BYTES:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        if self._refused:
            return
        self._received += len(data)
        if self._received > settings.MAX_BODY_BYTES:
            self.content.seek(0)
            self.content.truncate()
            self._refuse()
            return
        super().handleContentChunk(data)

    def requestReceived(self, *args: bytes) -> None:  # noqa: N802
        if not self._refused:
            super().requestReceived(*args)

    def _refuse(self) -> None:
        self._refused = True
        self.requestHeaders.removeHeader(b"expect")
        message = TOO_LARGE.format(limit=settings.MAX_BODY_BYTES >> 20)
        turn_away(self.channel.transport, "413 Content Too Large", "too_large", message)


class Server(daphne.server.Server):
    def __init__(self, application: Any, listener: socket.socket, ready: Callable[[], None]) -> None:
        super().__init__(
            application,
            endpoints=["the listener"],
            request_buffer_size=PIECE_BYTES,
            websocket_timeout=-1,
            server_name="",
            ready_callable=self._adopt,
        )
        self.endpoints: list[str] = []  # daphne would bind them itself, and go on when it cannot
        self._listener = listener
        self._ready = ready

    def run(self) -> None:
        http_protocol.WebRequest = GuardedRequest  # the factory looks the name up in its module, for each connection
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)  # a shell's `&` leaves SIGINT ignored; Twisted would too
        super().run()

    def _adopt(self) -> None:
        listener = self._listener
        self.http_factory.protocol = GuardedChannel
        _reactor.adoptStreamPort(listener.fileno(), listener.family, self.http_factory)
        _reactor.callWhenRunning(self._ready)

    def kill_all_applications(self) -> "defer.Deferred[Any]":
        """As daphne's, but with a bound, and not confused by connections without an application."""
        asked = [details.get("application_instance") for details in self.connections.values()]
        live = [application for application in asked if application is not None and not application.done()]
        for application in live:
            application.cancel()
        if not live:
            return defer.succeed(None)
        return defer.Deferred.fromFuture(asyncio.ensure_future(asyncio.wait(live, timeout=SECONDS_TO_END)))


def server_loop() -> asyncio.AbstractEventLoop:
    """The loop every socket and every async view lives in."""
    loop: asyncio.AbstractEventLoop = daphne.server.twisted_loop
    return loop


def listen(host: str, port: int) -> socket.socket:
    """Raises OSError when the address is taken or is not this machine's."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(512)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def serve(application: Any, listener: socket.socket, *, ready: Callable[[], None], stop: Callable[[], None]) -> None:
    """Answers until SIGINT or SIGTERM. `ready` is called once it answers, `stop` in a thread when it is told to end."""
    server = Server(application, listener, ready)
    _reactor.addSystemEventTrigger("before", "shutdown", threads.deferToThread, stop)
    server.run()

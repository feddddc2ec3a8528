"""The host's end of a box: a container or a remote sandbox whose process 1 (`worker/boxed.py`) forks REPLs.

A kind brings a `Line`, the stream to that process. What comes over it is hostile, as the REPL behind it is.
"""

import asyncio
import json
import os
import signal
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from trajectories.engine.errors import SandboxError
from trajectories.engine.sandbox import handover, stock
from trajectories.engine.sandbox.child import Process
from trajectories.engine.sandbox.handover import Handover
from trajectories.engine.sandbox.holding import Held
from trajectories.engine.sandbox.nursery import Born
from trajectories.engine.sandbox.repl import ReplSandbox
from trajectories.engine.sandbox.wire import Wire
from trajectories.engine.sandbox.worker.packets import PACKET_BYTES, Packet, Packets, WrongPacket, packed
from trajectories.engine.types import Document, ReplSettings

_WORKER = Path(__file__).parent / "worker"
_READ = 1 << 18
_ANSWER_SECONDS = 60.0
_LOAD_SECONDS = 300.0
_BOUNDS_SECONDS = 60.0
_GONE_SECONDS = 5.0
_MOST_SAID = 1_000
_SHORT = 300
_SIGNS_OF_LIFE = 4
"""In the time that a box has patience for."""
_TRIES = 2
"""A box may be found dead when the next REPL is wanted of it."""

COMMAND = ["-s", "-P", "-B", "-c", (_WORKER / "unpack.py").read_text()]
"""For the Python of a box."""
ENVIRONMENT = {"PYTHONHASHSEED": "0"}
"""With a fixed order of sets, a cell that runs again for a resumed run does again what it did."""


class Line(Protocol):
    """A stream to process 1 of a box and back. Every method raises `OSError` when the box is gone."""

    async def read(self) -> bytes:
        """Some bytes; none at the end."""
        ...

    async def write(self, data: bytes) -> None: ...

    async def close(self) -> None:
        """Ends the box with all in it, and waits until it is gone."""
        ...

    def last_words(self) -> str:
        """What it wrote to its standard error, for a person."""
        ...


class BoxError(SandboxError):
    """The box cannot be used."""


class BoxChild(Process):
    """A REPL in a box."""

    def __init__(self, number: int, pid: int, wire: Wire, post: Callable[[str, bytes, int], None]) -> None:
        super().__init__(pid, wire)
        self.gone = asyncio.Event()
        self._number = number
        self._post = post

    async def close(self) -> None:
        self.kill()
        try:
            await asyncio.wait_for(self.gone.wait(), _GONE_SECONDS)
        finally:
            await self.wire.close()

    def _signal(self, number: signal.Signals) -> None:
        if self.alive:
            self._post("signal", bytes([number]), self._number)


class Box:
    """An open box. One task takes in what comes, one sends what goes."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._numbers = 0
        self._ends: dict[int, socket.socket] = {}
        self._children: dict[int, BoxChild] = {}
        self._born: dict[int, asyncio.Future[int]] = {}
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._going: asyncio.Queue[tuple[bytes, asyncio.Future[None] | None]] = asyncio.Queue()
        self._tasks = {asyncio.create_task(self._take_in()), asyncio.create_task(self._send_out())}
        self.gone = False
        self.facts: dict[str, Any] = {}
        """What shuts it in, as it says itself: `worker/bounds.py`."""
        self.libraries: tuple[str, ...] = ()

    async def begin(self, given: Handover, libraries: Sequence[str], patience_seconds: float | None) -> None:
        """Sends the worker and the texts. A box that hears nothing for so long ends. Raises `BoxError`."""
        hello = self._answer("hello")
        sources = json.dumps(_sources()).encode()
        await self._sent(struct.pack(">I", len(sources)) + sources)
        self.facts = await self._within(hello, _ANSWER_SECONDS)
        loaded = self._answer("loaded")
        for number, file in enumerate(given.files):
            await self._send_file(number, file)
        if patience_seconds is not None:
            self._begin_task(self._stay_in_touch(patience_seconds / _SIGNS_OF_LIFE))
        wanted = {"texts": given.texts, "libraries": list(libraries), "patience_seconds": patience_seconds}
        await self._send_packet("load", json.dumps(wanted).encode())
        told = (await self._within(loaded, _LOAD_SECONDS)).get("libraries")
        self.libraries = tuple(str(name)[:60] for name in told[:9]) if isinstance(told, list) else ()

    async def bounds(self, memory_bytes: int, processes: int) -> Mapping[str, Any]:
        """Whether it can not have so much of each. Raises `BoxError`."""
        answer = self._answer("bounds")
        await self._send_packet("bounds", json.dumps({"memory_bytes": memory_bytes, "processes": processes}).encode())
        held: Mapping[str, Any] = await self._within(answer, _BOUNDS_SECONDS)
        return held

    async def child(self) -> BoxChild:
        """A fork of process 1, waiting for its opening frame. Raises `BoxError`."""
        self._numbers += 1
        number = self._numbers
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        for end in (ours, theirs):
            end.setblocking(False)
        born = self._born[number] = asyncio.get_running_loop().create_future()
        self._ends[number] = theirs
        try:
            await self._send_packet("fork", b"", number)
            pid = await self._within(born, _ANSWER_SECONDS)
        except BaseException:
            self._forget(number)
            ours.close()
            theirs.close()
            raise
        child = self._children[number] = BoxChild(number, pid, Wire(ours), self._post)
        self._begin_task(self._pass_on(number, theirs))
        if number not in self._ends:  # it went in the meantime
            child.alive = False
            child.gone.set()
        return child

    async def close(self) -> None:
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._end()
        with suppress(OSError):
            await self._line.close()

    # ----------------------------------------------------------------------------------------- what comes

    async def _take_in(self) -> None:
        packets = Packets()
        try:
            while data := await self._line.read():
                for packet in packets.fed(data):
                    await self._take(packet)
        except (OSError, ValueError):  # gone, or it sent what it never sends by itself
            pass
        finally:
            self._end()

    async def _take(self, packet: Packet) -> None:
        """Raises `ValueError` for what makes no sense here."""
        if packet.kind == "data":
            end = self._ends.get(packet.number)
            if end is not None:
                with suppress(OSError):  # nobody listens to this one any more
                    await asyncio.get_running_loop().sock_sendall(end, packet.data)
        elif packet.kind == "born":
            _settle(self._born.get(packet.number), struct.unpack(">I", packet.data.ljust(4, b"\0")[:4])[0])
        elif packet.kind == "gone":
            self._forget(packet.number)
        else:
            answer = json.loads(packet.data)
            if not isinstance(answer, dict):
                raise WrongPacket(f"{packet.kind} is not an object")
            _settle(self._answers.get(packet.kind), answer)

    def _forget(self, number: int) -> None:
        """Its reader sees the end of the channel, as with a process that was killed."""
        end = self._ends.pop(number, None)
        if end is not None:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        born = self._born.pop(number, None)
        if born is not None and not born.done():
            born.set_exception(BoxError("The REPL's process ended while it was starting."))
        child = self._children.pop(number, None)
        if child is not None:
            child.alive = False
            child.gone.set()

    def _end(self) -> None:
        self.gone = True
        for number in list(self._ends):
            self._forget(number)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(self._ended())
        while not self._going.empty():
            _, sent = self._going.get_nowait()
            if sent is not None and not sent.done():
                sent.set_exception(self._ended())

    def _ended(self) -> BoxError:
        said = " ".join(self._line.last_words()[-_MOST_SAID:].split())
        return BoxError("The box that the REPL runs in has ended" + (f": {said}" if said else "."))

    def _answer(self, kind: str) -> "asyncio.Future[dict[str, Any]]":
        answer = self._answers[kind] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_looked_at)
        return answer

    async def _within(self, answer: "asyncio.Future[Any]", seconds: float) -> Any:
        try:
            return await asyncio.wait_for(answer, seconds)
        except TimeoutError as error:
            raise BoxError("The box that the REPL runs in does not answer.") from error

    # ------------------------------------------------------------------------------------------ what goes

    async def _send_out(self) -> None:
        sent: asyncio.Future[None] | None = None
        try:
            while True:
                data, sent = await self._going.get()
                await self._line.write(data)
                _settle(sent, None)
        except OSError:
            if sent is not None and not sent.done():
                sent.set_exception(self._ended())
            self._end()

    def _post(self, kind: str, data: bytes, number: int) -> None:
        if not self.gone:
            self._going.put_nowait((packed(kind, number, data), None))

    async def _send_packet(self, kind: str, data: bytes, number: int = 0) -> None:
        for start in range(0, max(1, len(data)), PACKET_BYTES):
            await self._sent(packed(kind, number, data[start : start + PACKET_BYTES]))

    async def _sent(self, data: bytes) -> None:
        """Raises `BoxError`."""
        if self.gone:
            raise self._ended()
        sent = asyncio.get_running_loop().create_future()
        self._going.put_nowait((data, sent))
        await self._within(sent, _ANSWER_SECONDS)

    async def _send_file(self, number: int, file: int) -> None:
        at = 0
        while data := await asyncio.to_thread(os.pread, file, PACKET_BYTES, at):
            await self._send_packet("file", data, number)
            at += len(data)
        if not at:
            await self._send_packet("file", b"", number)

    async def _pass_on(self, number: int, end: socket.socket) -> None:
        """What the host writes to a REPL."""
        loop = asyncio.get_running_loop()
        with end, suppress(OSError, BoxError):
            while data := await loop.sock_recv(end, _READ):
                await self._send_packet("data", data, number)

    async def _stay_in_touch(self, seconds: float) -> None:
        while not self.gone:
            self._post("alive", b"", 0)
            await asyncio.sleep(seconds)

    def _begin_task(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class BoxNursery:
    """Where the REPLs of one sandbox come from: a box of its own, opened with the first, and anew when it has died."""

    def __init__(
        self,
        open_line: Callable[[int], Awaitable[Line]],
        layers: Callable[[Box, int], Awaitable[dict[str, Any]]],
        *,
        patience_seconds: float | None = None,
    ) -> None:
        """`open_line` may raise `SandboxError`; `layers` finds out what shuts a box in, before anything runs there.
        Both are told the bytes that the texts take, decoded. `patience_seconds`: for boxes that do not notice by
        their stream that the host is gone."""
        self._open_line = open_line
        self._find_layers = layers
        self._patience_seconds = patience_seconds
        self._layers: dict[str, Any] = {}
        self._box: Box | None = None
        self._opening = asyncio.Lock()

    async def child(self, documents: Sequence[Document], held: Held, *, libraries: bool = True) -> Born:
        """Raises `SandboxError`, `DocumentError`."""
        for _ in range(_TRIES):
            box = await self._usable(documents, libraries)
            try:
                child = await box.child()
            except BoxError as error:
                failed = error
            else:
                return Born(child=child, texts=_places(documents), libraries=box.libraries, layers=self._layers)
        raise SandboxError("The REPL's process could not be started; see `sandbox_check`.") from failed

    async def close(self) -> None:
        box, self._box = self._box, None
        if box is not None:
            await box.close()

    async def _usable(self, documents: Sequence[Document], libraries: bool) -> Box:
        async with self._opening:
            if self._box is None or self._box.gone:
                await self.close()
                self._box = await self._opened(documents, libraries)
            return self._box

    async def _opened(self, documents: Sequence[Document], libraries: bool) -> Box:
        size = await asyncio.to_thread(handover.check_size, documents, handover.room())
        given = await handover.hand_over(documents)
        try:
            box = Box(await self._open_line(size))
            try:
                await box.begin(given, stock.LIBRARIES if libraries else (), self._patience_seconds)
                self._layers = await self._find_layers(box, size)
            except BaseException:
                await asyncio.shield(box.close())
                raise
        finally:
            given.close()
        return box


class BoxedSandbox(ReplSandbox):
    """A REPL in a box of its own, which goes with it."""

    def __init__(self, nursery: BoxNursery, documents: Sequence[Document], settings: ReplSettings, **more: Any) -> None:
        """`more` as for any REPL."""
        super().__init__(nursery, documents, settings, **more)
        self._boxes = nursery

    async def close(self) -> None:
        await super().close()
        await self._boxes.close()


def _places(documents: Sequence[Document]) -> list[handover.Place]:
    return [["held", number, 0, document.text.chars] for number, document in enumerate(documents)]


def _sources() -> dict[str, str]:
    """The worker, module by module."""
    names = {path: f"worker.{path.stem}" if path.stem != "__init__" else "worker" for path in _WORKER.glob("*.py")}
    return {name: path.read_text() for path, name in names.items()}


def in_short(error: Exception) -> str:
    """What a service said went wrong, for a sentence of ours."""
    said = str(getattr(error, "explanation", None) or error)
    return " ".join(said.split())[:_SHORT].rstrip(".")


def _looked_at(answer: "asyncio.Future[dict[str, Any]]") -> None:
    """Nobody may be waiting for it any more when it fails."""
    if not answer.cancelled():
        answer.exception()


def _settle(future: "asyncio.Future[Any] | None", value: Any) -> None:
    if future is not None and not future.done():
        future.set_result(value)

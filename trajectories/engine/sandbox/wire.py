"""The host's end of the channel. Every frame is hostile: kinds are checked, sizes capped, a surprise is an error."""

import asyncio
import json
import math
import socket
import struct
from typing import Any, NoReturn

from trajectories.engine.errors import EngineError

FRAME_BYTES = 16 << 20
_SEND_CHARS = 1 << 20
_DEEPEST = 50

Frame = dict[str, Any]


class WireBroken(EngineError):
    """The child closed its end, or was killed."""


class Violation(EngineError):
    """The child sent what it never sends by itself: model code has got hold of the channel."""


class Wire:
    """Frames over one stream socket. One reader at a time, one writer at a time."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._writing = asyncio.Lock()

    async def receive(self) -> Frame:
        """Raises `WireBroken`, `Violation`."""
        (length,) = struct.unpack(">I", await self._take(4))
        if length > FRAME_BYTES:
            raise Violation(f"a frame of {length:,} bytes")
        return _parsed(await self._take(length))

    async def send(self, frame: Frame) -> None:
        """Raises `WireBroken`."""
        await self._send(_dumped(frame))

    async def send_answers(self, number: int, items: list[Frame]) -> None:
        """The items of one call's answer, in as many frames as their size asks for."""
        packed: list[str] = []
        size = 0
        for item in items:
            packed.append(_dumped(item))
            size += len(packed[-1])
            if size > _SEND_CHARS:
                await self._send(_answer_frame(number, packed, last=False))
                packed, size = [], 0
        await self._send(_answer_frame(number, packed, last=True))

    async def close(self) -> None:
        """Only once the child is dead: a write that is still under way ends then."""
        async with self._writing:
            self._stream.close()

    async def _send(self, frame: str) -> None:
        try:
            async with self._writing:
                await self._put(_packed(frame))
        except OSError as error:
            raise WireBroken("the REPL is gone") from error

    async def _put(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._stream, data)

    async def _take(self, count: int) -> bytearray:
        loop = asyncio.get_running_loop()
        data = bytearray(count)
        rest = memoryview(data)
        while rest:
            try:
                got = await loop.sock_recv_into(self._stream, rest)
            except OSError as error:
                raise WireBroken("the REPL is gone") from error
            if not got:
                raise WireBroken("the REPL closed its channel")
            rest = rest[got:]
        return data


def framed(frame: Frame) -> bytes:
    """A frame as it goes over the wire."""
    return _packed(_dumped(frame))


def _packed(frame: str) -> bytes:
    data = frame.encode("utf-8", "surrogatepass")
    return struct.pack(">I", len(data)) + data


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _answer_frame(number: int, items: list[str], *, last: bool) -> str:
    return f'{{"t":"ret","id":{number},"last":{_dumped(last)},"items":[{",".join(items)}]}}'


def _parsed(data: bytearray) -> Frame:
    try:
        frame = json.loads(data.decode("utf-8", "surrogatepass"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Violation("a frame that is not JSON") from error
    if not isinstance(frame, dict):
        raise Violation("a frame that is not an object")
    return frame


def _refuse(constant: str) -> NoReturn:
    raise Violation(f"{constant} in a frame")


# ------------------------------------------------------------------------------------- checking what is in a frame


def text(value: Any, longest: int) -> str:
    """A text, with what no database, file or socket can carry replaced one by one."""
    if not isinstance(value, str) or len(value) > longest:
        raise Violation("a text is missing or too long")
    return clean(value)


def clean(value: str) -> str:
    """Without lone surrogates and NUL; the length stays the same."""
    if "\0" in value:
        value = value.replace("\0", "\ufffd")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in value)
    return value


def optional_text(value: Any, longest: int) -> str | None:
    return None if value is None else text(value, longest)


def whole(value: Any, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise Violation("a number is missing or out of range")
    return value


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Violation("a yes or no is missing")
    return value


def items(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise Violation("a list is missing or too long")
    return value


def mapping(value: Any) -> Frame:
    if not isinstance(value, dict):
        raise Violation("an object is missing")
    return value


def plain_json(value: Any, budget: int) -> Any:
    """A JSON value whose texts are clean, with at most `budget` characters in all."""
    checked, _ = _plain(value, budget, 0)
    return checked


def _plain(value: Any, budget: int, level: int) -> tuple[Any, int]:
    if budget < 0 or level > _DEEPEST:
        raise Violation("a value is too large or too deep")
    if isinstance(value, str):
        return text(value, max(0, budget)), budget - len(value)
    if isinstance(value, list):
        result = []
        for item in value:
            checked, budget = _plain(item, budget - 1, level + 1)
            result.append(checked)
        return result, budget
    if isinstance(value, dict):
        pairs = {}
        for key, item in value.items():
            checked, budget = _plain(item, budget - len(key) - 1, level + 1)
            pairs[clean(key)] = checked
        return pairs, budget
    if (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and abs(value) >> 63):
        raise Violation("a number that is too large")
    return value, budget

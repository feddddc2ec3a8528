"""Packets on the one stream between a host and a box: a kind, the number of a REPL or file, and data.

The host has this module too, and takes what comes from a box for hostile.
"""

import struct
from typing import NamedTuple

KINDS = ("hello", "file", "load", "loaded", "bounds", "fork", "born", "data", "signal", "gone", "alive")
PACKET_BYTES = 1 << 20
_HEAD = struct.Struct(">BII")


class Packet(NamedTuple):
    kind: str
    number: int
    data: bytes


class WrongPacket(ValueError):
    """What came is no packet."""


def packed(kind: str, number: int, data: bytes) -> bytes:
    """At most `PACKET_BYTES` of data."""
    return _HEAD.pack(KINDS.index(kind), number, len(data)) + data


class Packets:
    """Puts packets together from pieces of the stream."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def fed(self, data: bytes) -> list[Packet]:
        """Those that are complete now. Raises `WrongPacket`."""
        self._rest += data
        found = []
        at = 0
        while len(self._rest) - at >= _HEAD.size:
            kind, number, length = _HEAD.unpack_from(self._rest, at)
            if kind >= len(KINDS) or length > PACKET_BYTES:
                raise WrongPacket(f"a packet of kind {kind} and {length:,} bytes")
            end = at + _HEAD.size + length
            if len(self._rest) < end:
                break
            found.append(Packet(KINDS[kind], number, bytes(self._rest[at + _HEAD.size : end])))
            at = end
        del self._rest[:at]
        return found

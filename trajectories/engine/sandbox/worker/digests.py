"""Digests of values, to see what a cell changed and whether a replay stands where the original stood.

The same for equal values, in any process. Bounded: of something large the ends and samples between count. Runs none
of the model's code.
"""

import array
import collections
import datetime
import decimal
import fractions
import hashlib
import itertools
import re
import sys
import types
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .matches import Match

_SHOWN_WHOLE = (
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, decimal.Decimal, fractions.Fraction),
    *(range, slice, uuid.UUID, complex, float, bool, type(None)),
)
"""Whose repr() is short and says everything."""
_BUFFERS = (bytes, bytearray, memoryview, array.array)

_name_of: Callable[[type], Any] = type.__dict__["__name__"].__get__


class Allowance(NamedTuple):
    """How much of one value is looked at."""

    nodes: int
    chars: int


def allowance(variables: int) -> Allowance:
    """For so many variables, so that all of them together take a few milliseconds."""
    for most, nodes in ((8, 2_500), (32, 600), (128, 150)):
        if variables <= most:
            return Allowance(nodes, 200 * nodes)
    return Allowance(40, 8_000)


def kind_of(value: Any) -> str:
    """The name of its class."""
    return name_of(type(value))


def name_of(kind: type) -> str:
    """Not by way of the class, whose own class may have something else in that place."""
    return str(_name_of(kind))


def digest_of(value: Any, allowed: Allowance) -> str:
    digest = _Digest(allowed)
    digest.add(value)
    return digest.hex()


def joined(digests: Mapping[str, str]) -> str:
    """One hash for all variables by their names."""
    whole = hashlib.blake2b(digest_size=16)
    for name in sorted(digests):
        whole.update(f"{name}\0{digests[name]}\0".encode("utf-8", "replace"))
    return whole.hexdigest()


class _Digest:
    def __init__(self, allowed: Allowance) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._nodes = allowed.nodes
        self._chars = allowed.chars
        self._open: set[int] = set()

    def hex(self) -> str:
        return self._hash.hexdigest()

    def add(self, value: Any) -> None:
        self._nodes -= 1
        kind = kind_of(value)
        self._hash.update(f"{kind}:".encode("utf-8", "replace"))
        if self._nodes < 0 or id(value) in self._open:
            return
        self._open.add(id(value))
        try:
            self._add_content(value)
        finally:
            self._open.discard(id(value))

    def _add_content(self, value: Any) -> None:
        if isinstance(value, str):
            self._add_ends(str.__len__(value), lambda part: str.__getitem__(value, part).encode("utf-8", "replace"))
        elif type(value) in _BUFFERS:
            self._add_buffer(memoryview(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            self._add_whole_number(int(value))
        elif type(value) in _SHOWN_WHOLE:
            self._hash.update(repr(value).encode("utf-8", "replace"))
        elif isinstance(value, list | tuple | collections.deque):
            base = list if isinstance(value, list) else tuple if isinstance(value, tuple) else collections.deque
            self._add_all(base.__len__(value), _sampled(value, base, max(0, self._nodes)))  # type: ignore[arg-type]
        elif isinstance(value, dict):
            pairs = _ends(dict.items(value), reversed(dict.items(value)), dict.__len__(value), max(0, self._nodes // 2))
            self._add_all(dict.__len__(value), (part for pair in pairs for part in pair))
        elif isinstance(value, set | frozenset):
            self._add_set(value)
        else:
            self._add_object(value)

    def _add_object(self, value: Any) -> None:
        kind = type(value)
        if kind is re.Match:
            self._add_all(2, (value.span(), value.re.pattern))
        elif kind is Match:
            self._add_all(2, (value.document, (value.start, value.end)))
        elif kind is re.Pattern:
            self._add_all(2, (value.pattern, value.flags))
        elif isinstance(value, types.FunctionType):
            self._hash.update(value.__code__.co_code)
            self._add_all(len(value.__code__.co_consts), map(repr, _plain(value.__code__.co_consts)))
        elif isinstance(value, type):
            self._hash.update(name_of(value).encode("utf-8", "replace"))
        elif not self._add_table(value):
            attributes = _attributes(value)
            self._add_all(len(attributes), (part for pair in attributes.items() for part in pair))

    def _add_table(self, value: Any) -> bool:
        """Arrays of numpy, and tables and series of pandas, where these are in use."""
        numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
        if numpy is not None and type(value) is getattr(numpy, "ndarray", None):
            self._hash.update(f"{value.dtype}{value.shape}".encode())
            if value.dtype.hasobject:
                flat = value.ravel()
                self._add_all(len(flat), flat[: max(0, min(self._nodes, 200))].tolist())
            else:
                self._add_buffer(memoryview(numpy.ascontiguousarray(value).reshape(-1).view("u1")))
            return True
        if pandas is not None and type(value) in (getattr(pandas, "DataFrame", None), getattr(pandas, "Series", None)):
            self._add_all(value.ndim, (axis.to_numpy() for axis in value.axes))
            columns = [value] if value.ndim == 1 else [value.iloc[:, at] for at in range(min(100, value.shape[1]))]
            self._add_all(len(columns), (column.to_numpy() for column in columns))
            return True
        return False

    def _add_all(self, count: int, parts: Iterable[Any]) -> None:
        self._hash.update(f"{count}(".encode())
        for part in parts:
            if self._nodes < 0:
                return
            self.add(part)

    def _add_set(self, value: Any) -> None:
        """Members in the order of their own hashes: a set has none."""
        members = []
        for member in set.__iter__(value) if isinstance(value, set) else frozenset.__iter__(value):
            if self._nodes < 0:
                break
            self._nodes -= 1
            members.append(digest_of(member, Allowance(min(self._nodes, 100), min(self._chars, 10_000))))
        self._hash.update(f"{len(value)}{''.join(sorted(members))}".encode())

    def _add_buffer(self, view: memoryview) -> None:
        flat = view.cast("B") if view.contiguous and view.format != "B" else view
        self._add_ends(view.nbytes, lambda part: bytes(flat[part]))

    def _add_ends(self, length: int, piece: Callable[[slice], bytes]) -> None:
        """All of a text, or of a long one its ends and a sample from each part between."""
        allowed = max(0, min(length, self._chars))
        self._chars -= allowed
        self._hash.update(f"{length}:".encode())
        if allowed == length:
            self._hash.update(piece(slice(None)))
            return
        size = allowed // 10
        for number in range(10):
            begin = (length - size) * number // 9
            self._hash.update(piece(slice(begin, begin + size)))

    def _add_whole_number(self, value: int) -> None:
        bits = value.bit_length()
        if bits <= 4096:
            self._hash.update(str(value).encode())
        else:
            self._hash.update(f"{value < 0}{bits}".encode() + (abs(value) & (1 << 4096) - 1).to_bytes(512, "little"))
            self._hash.update((abs(value) >> bits - 4096).to_bytes(512, "little"))


def _sampled(value: Any, base: Any, most: int) -> Iterator[Any]:
    """All of a sequence, or of a long one both ends and some between."""
    length = base.__len__(value)
    if length <= most:
        yield from base.__iter__(value)
        return
    if base is collections.deque:
        yield from _ends(value, reversed(value), length, most)
        return
    part = max(1, most // 4)
    between = range(part, length - part, max(1, (length - 2 * part) // part))
    for places in zip(range(part), range(length - 1, length - 1 - part, -1), between, strict=False):
        for at in places:  # by turns: what stands first may be so large that nothing else is reached
            yield base.__getitem__(value, at)


def _ends(forwards: Iterable[Any], backwards: Iterable[Any], length: int, most: int) -> Iterator[Any]:
    if length <= most:
        yield from forwards
        return
    for both in itertools.islice(zip(forwards, backwards, strict=False), max(1, most // 2)):
        yield from both


def _plain(constants: Iterable[Any]) -> list[Any]:
    return [each for each in constants if isinstance(each, str | int | float | None)]


def _attributes(value: Any) -> dict[str, Any]:
    """What an object holds, unless reading it would run code of its class."""
    if type(value).__getattribute__ is not object.__getattribute__:  # type: ignore[comparison-overlap]
        return {}
    attributes = getattr(value, "__dict__", None)
    return attributes if type(attributes) is dict else {}

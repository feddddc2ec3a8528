"""Short views of values that never walk through something large."""

import collections
import dataclasses
import itertools
import reprlib
from typing import Any

from .digests import kind_of


class Preview(reprlib.Repr):
    """A repr() of a bounded length. Kinds derived from lists, dicts and the like are looked into as these are, since
    their own repr() would make a text of everything that is in them."""

    def __init__(self, chars: int) -> None:
        super().__init__()
        self.chars = chars
        self.maxstring = self.maxother = self.maxlong = chars
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = self.maxdeque = 8
        self.maxarray = 8
        self.maxlevel = 3

    def of(self, value: Any) -> str:
        text = self.repr(value)
        return text if len(text) <= self.chars else text[: self.chars - 1] + "…"

    def repr_str(self, value: str, level: int) -> str:
        return repr(str.__getitem__(value, slice(self.maxstring)))

    def repr_bytes(self, value: bytes, level: int) -> str:
        return repr(value[: self.maxstring])

    repr_bytearray = repr_bytes

    def repr_int(self, value: int, level: int) -> str:
        bits = value.bit_length()
        return repr(value) if bits <= 3 * self.chars else f"<a number of {bits:,} bits>"

    def repr_dict(self, value: dict[Any, Any], level: int) -> str:
        """In its own order: sorting the keys of a large one takes seconds."""
        if level <= 0:
            return "{…}"
        pairs = itertools.islice(dict.items(value), self.maxdict)
        shown = [f"{self.repr1(key, level - 1)}: {self.repr1(inner, level - 1)}" for key, inner in pairs]
        return f"{{{self._listed(shown, dict.__len__(value), self.maxdict)}}}"

    def repr_set(self, value: set[Any], level: int) -> str:
        return self._members(value, level, "{", "}") if value else "set()"

    def repr_frozenset(self, value: frozenset[Any], level: int) -> str:
        return self._members(value, level, "frozenset({", "})") if value else "frozenset()"

    def _members(self, value: set[Any] | frozenset[Any], level: int, left: str, right: str) -> str:
        if level <= 0:
            return f"{left}…{right}"
        shown = [self.repr1(member, level - 1) for member in itertools.islice(value, self.maxset)]
        return left + self._listed(shown, len(value), self.maxset) + right

    def _listed(self, shown: list[str], length: int, most: int) -> str:
        return ", ".join([*shown, "..."] if length > most else shown)

    def repr_instance(self, value: Any, level: int) -> str:
        for base, show in self._bases():
            if isinstance(value, base):
                return f"{kind_of(value)}({show(value, level)})"
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._fields(value, level)
        return super().repr_instance(value, level)

    def _bases(self) -> list[tuple[type, Any]]:
        return [
            *((dict, self.repr_dict), (list, self.repr_list), (tuple, self.repr_tuple), (set, self.repr_set)),
            *((frozenset, self.repr_frozenset), (collections.deque, self.repr_deque), (str, self.repr_str)),
            *((bytes, self.repr_bytes), (bytearray, self.repr_bytes)),
        ]

    def _fields(self, value: Any, level: int) -> str:
        if level <= 0:
            return f"{kind_of(value)}(…)"
        shown = [
            f"{field.name}={self.repr1(getattr(value, field.name, None), level - 1)}"
            for field in dataclasses.fields(value)[: self.maxdict]
            if field.repr
        ]
        return f"{kind_of(value)}({', '.join(shown)})"

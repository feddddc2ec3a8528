"""What the model's code has made so far: a list with short previews, and a hash to compare a replay by."""

import hashlib
import types
from collections.abc import Mapping
from typing import Any

from .interrupts import Interrupts, TookTooLong
from .output import Preview

MOST_VARIABLES = 100
PREVIEW_CHARS = 200
_SECONDS = 0.3
_HASHED_NODES = 3_000
_HASHED_CHARS = 1 << 20


def user_variables(namespace: Mapping[str, Any], reserved: Mapping[str, Any]) -> dict[str, Any]:
    """Names the code gave: not the REPL's own, not imports, not names with an underscore."""
    return {
        name: value
        for name, value in list(namespace.items())
        if isinstance(name, str)
        and not name.startswith("_")
        and name not in reserved
        and not isinstance(value, types.ModuleType)
    }


class Variables:
    """Lists the variables after each cell."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._identities: dict[str, int] = {}

    def listed(self, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Newest last, at most 100 of them. Previews stop after a fraction of a second: repr() is anybody's code."""
        before, self._identities = self._identities, {name: id(value) for name, value in variables.items()}
        chosen = list(variables.items())[-MOST_VARIABLES:]
        previews: dict[str, str] = {}
        try:
            with self._interrupts.time_limit(_SECONDS):
                for name, value in chosen:
                    previews[name] = _preview(value)
        except TookTooLong:
            previews.setdefault(next(name for name, _ in chosen if name not in previews), "…")
        return [
            {
                "name": name[:200],
                "type": type(value).__name__[:200],
                "size": _size(value),
                "preview": previews.get(name, "…"),
                "changed": before.get(name) != id(value),
            }
            for name, value in chosen
        ]


def _preview(value: Any) -> str:
    try:
        return Preview(PREVIEW_CHARS).of(value)
    except TookTooLong:
        raise
    except BaseException as error:  # noqa: BLE001 - repr() is the model's code
        return f"<repr failed: {type(error).__name__}>"


def _size(value: Any) -> int | None:
    if not isinstance(value, str | bytes | bytearray | list | tuple | dict | set | frozenset):
        return None
    return len(value)


def hash_of(variables: Mapping[str, Any]) -> str:
    """The same for the same names and values, in any process. Runs none of the model's code; bounded in time."""
    digest = _Digest()
    for name in sorted(variables):
        digest.add(name)
        digest.add(variables[name])
    return digest.hex()


class _Digest:
    """Walks plain data up to a bound; of other objects only the kind and the attributes count."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._nodes = _HASHED_NODES
        self._chars = _HASHED_CHARS
        self._open: set[int] = set()

    def hex(self) -> str:
        return self._hash.hexdigest()

    def add(self, value: Any) -> None:
        self._nodes -= 1
        kind = type(value).__name__
        self._hash.update(f"{kind}:".encode("utf-8", "replace"))
        if self._nodes < 0 or id(value) in self._open:
            return
        self._open.add(id(value))
        try:
            self._add_content(value)
        finally:
            self._open.discard(id(value))

    def _add_content(self, value: Any) -> None:
        if isinstance(value, str | bytes | bytearray):
            self._add_text(value)
        elif value is None or isinstance(value, bool | int | float | complex):
            self._hash.update(_number(value))
        elif isinstance(value, list | tuple):
            self._add_all(len(value), list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value))
        elif isinstance(value, dict):
            self._add_all(len(value), (part for pair in dict.items(value) for part in pair))
        elif isinstance(value, set | frozenset):
            self._add_set(value)
        elif isinstance(value, types.FunctionType):
            self._hash.update(value.__code__.co_code)
        elif isinstance(value, type):
            self._hash.update(value.__name__.encode("utf-8", "replace"))
        else:
            attributes = _attributes(value)
            self._add_all(len(attributes), (part for pair in attributes.items() for part in pair))

    def _add_all(self, count: int, parts: Any) -> None:
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
            digest = _Digest()
            digest._nodes, digest._chars = min(self._nodes, 100), min(self._chars, 10_000)
            digest.add(member)
            self._nodes -= 1
            members.append(digest.hex())
        self._hash.update("".join(sorted(members)).encode())

    def _add_text(self, value: str | bytes | bytearray) -> None:
        length = len(value)
        allowed = max(0, min(length, self._chars))
        self._chars -= allowed
        ends = (slice(None),) if allowed == length else (slice(allowed // 2), slice(length - allowed // 2, None))
        self._hash.update(f"{length}:".encode())
        for end in ends:
            part = str.__getitem__(value, end) if isinstance(value, str) else bytes(value[end])
            self._hash.update(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part)


def _attributes(value: Any) -> dict[str, Any]:
    """What an object holds, unless reading it would run code of its class."""
    if type(value).__getattribute__ is not object.__getattribute__:  # type: ignore[comparison-overlap]
        return {}
    attributes = getattr(value, "__dict__", None)
    return attributes if type(attributes) is dict else {}


def _number(value: Any) -> bytes:
    if isinstance(value, int) and value.bit_length() > 4096:
        return hashlib.blake2b(value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)).digest()
    return repr(value).encode("utf-8", "replace")

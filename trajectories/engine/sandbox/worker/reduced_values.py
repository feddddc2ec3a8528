"""Values of the reduced interpreter as the rest of the worker knows them, and its variables listed."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import pydantic_monty as monty

from . import digests
from .calls import LLMError
from .matches import Match
from .previews import Preview
from .texts import ContextText
from .variables import MOST_VARIABLES, PREVIEW_CHARS, Listed

_DEEPEST = 60


class Instance:
    """An object of a class that the model's code made."""

    def __init__(self, name: str, attributes: dict[str, Any]) -> None:
        self.name = name
        self.attributes = attributes

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={value!r}' for key, value in self.attributes.items())})"


class Look(NamedTuple):
    """One variable as the interpreter tells of it."""

    name: str
    type: str
    size: int | None
    copy: Any
    """The value, or of a large one its ends."""


def received(value: Any, texts: Sequence[ContextText], level: int = 0) -> Any:
    """A value that came out of the interpreter, with matches of grep as ours. Raises ValueError when it is too deep."""
    if level > _DEEPEST:
        raise ValueError("the value is nested too deeply")
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(received(item, texts, level + 1) for item in value)
    if isinstance(value, dict):
        return {key: received(item, texts, level + 1) for key, item in value.items()}
    if isinstance(value, monty.MontyClassProxy):
        return _match(value, texts) or Instance(value.name, received(value.attributes, texts, level + 1))
    return value


def sent(value: Any) -> Any:
    """An answer of ours as the interpreter can have it: failed items are RuntimeErrors there."""
    if isinstance(value, list):
        return [RuntimeError(failure(item)) if isinstance(item, LLMError) else item for item in value]
    return value


def failure(error: LLMError) -> str:
    """All there is to say of it: errors have no attributes in the interpreter."""
    return f"{error.message} ({error.kind})"


def _match(value: monty.MontyClassProxy, texts: Sequence[ContextText]) -> Match | None:
    if value.name != "Match":
        return None
    given = value.attributes
    document, start, end, line = (_whole(given.get(name)) for name in ("document", "start", "end", "line"))
    if not 0 <= document < len(texts) or not 0 <= start < end <= len(texts[document]):
        return None
    return Match(texts[document], start, end, line, 0, len(texts) > 1)


def _whole(value: Any) -> int:
    return value if type(value) is int else -1


def looks(value: Any, texts: Sequence[ContextText]) -> tuple[int, list[Look]]:
    """How many variables there are, and the newest of them. Raises ValueError when that is not what was told."""
    count, told = value
    made = []
    for name, kind, size, copy in told:
        whole = size if type(size) is int and 0 <= size < 1 << 62 else None
        made.append(Look(str(name), str(kind), whole, received(copy, texts)))
    return int(count), made


class Variables:
    """Lists the variables after each cell. Changed is what is new, or not the same as after the last cell."""

    def __init__(self) -> None:
        self._before: dict[str, str] = {}
        self._allowed = digests.Allowance(0, 0)

    @property
    def names(self) -> list[str]:
        return list(self._before)

    def after_cell(self, count: int, made: Sequence[Look]) -> Listed:
        before, allowed = self._before, digests.allowance(len(made))
        now = {look.name: digests.digest_of([look.type, look.size, look.copy], allowed) for look in made}
        comparable = allowed == self._allowed
        self._before, self._allowed = now, allowed
        listed = [described(look) for look in made[-MOST_VARIABLES:]]
        for one in listed:
            old = before.get(one["name"])
            one["changed"] = old is None or (comparable and old != now[one["name"]])
            one["name"] = one["name"][:200]
        return Listed(listed, digests.joined(now | {"": str(count)}))


def described(look: Look) -> dict[str, Any]:
    return {"name": look.name, "type": look.type[:200], "size": look.size, "preview": _preview(look)}


def _preview(look: Look) -> str:
    if isinstance(look.copy, str) and look.type != "str":  # what has no value outside is told in words
        return re.sub(r"^(<function '[^']*')$", r"\1>", look.copy)[:PREVIEW_CHARS]
    return Preview(PREVIEW_CHARS).of(look.copy)

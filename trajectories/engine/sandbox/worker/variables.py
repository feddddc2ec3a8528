"""What the model's code has made so far: a list with short previews, and what of it each cell changed."""

import types
from collections.abc import Mapping
from typing import Any, NamedTuple

from . import digests
from .digests import Allowance
from .interrupts import Interrupts, TookTooLong
from .previews import Preview

MOST_VARIABLES = 100
PREVIEW_CHARS = 200
_SECONDS = 0.3
_MOST_DIGESTED = 1_000
"""Of very many variables the newest are watched; of the others it is known how many there are."""


class Known(NamedTuple):
    """A variable as it was after the last cell."""

    identity: int
    digest: str


class Listed(NamedTuple):
    """The variables after a cell."""

    variables: list[dict[str, Any]]
    hash: str


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
        self._before: dict[str, Known] = {}
        self._allowed = Allowance(0, 0)

    def after_cell(self, variables: Mapping[str, Any]) -> Listed:
        """Changed is what is new, bound anew, or not the same inside as after the last cell."""
        recent = list(variables.items())[-_MOST_DIGESTED:]
        before, allowed = self._before, digests.allowance(len(recent))
        now = {name: Known(id(value), digests.digest_of(value, allowed)) for name, value in recent}
        comparable = allowed == self._allowed
        self._before, self._allowed = now, allowed
        listed = self.listed(variables)
        for one in listed:
            old, new = before.get(one["name"]), now[one["name"]]
            one["changed"] = old is None or (old != new if comparable else old.identity != new.identity)
            one["name"] = one["name"][:200]
        hashed = {name: known.digest for name, known in now.items()}
        return Listed(listed, digests.joined(hashed | {"": str(len(variables))}))

    def listed(self, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Newest last, at most 100 of them. Previews stop after a fraction of a second: repr() is anybody's code."""
        chosen = list(variables.items())[-MOST_VARIABLES:]
        looks: dict[str, tuple[int | None, str]] = {}
        try:
            with self._interrupts.time_limit(_SECONDS):
                for name, value in chosen:
                    looks[name] = (_size(value), _preview(value))
        except TookTooLong:
            pass  # the others are listed without
        return [
            {
                "name": name,
                "type": digests.kind_of(value)[:200],
                "size": looks.get(name, (None, ""))[0],
                "preview": looks.get(name, (None, "…"))[1],
            }
            for name, value in chosen
        ]


def _preview(value: Any) -> str:
    try:
        return Preview(PREVIEW_CHARS).of(value)
    except TookTooLong:
        raise
    except BaseException as error:  # noqa: BLE001 - repr() is the model's code
        return f"<repr failed: {digests.kind_of(error)}>"


def _size(value: Any) -> int | None:
    """len(), where it has one that makes sense."""
    if isinstance(value, type) or not hasattr(type(value), "__len__"):
        return None
    try:
        size = len(value)
    except TookTooLong:
        raise
    except BaseException:  # noqa: BLE001 - len() is the model's code
        return None
    return size if size < 1 << 62 else None

"""Gates: what stands between a cell's output, a reply or an answer and whoever would use it.

A gate is one file in this folder, known by the file's name. It has `TITLE` and `SAYS` for people, `PLACES` (what it can
judge: `cell`, `call`, `answer`; the first is meant where a policy does not say), `OPTIONS` (JSON Schemas by name) and
`make(options) -> Gate`. A gate that costs nothing has `FREE = True`.
"""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from trajectories.engine.errors import PolicyError
from trajectories.engine.gates._claim import ACCEPTED, Claim, Gate, Options, Verdict, abstained, refused
from trajectories.engine.policy import GateSpec

__all__ = [
    "ACCEPTED",
    "NAMES",
    "Claim",
    "Gate",
    "Options",
    "Verdict",
    "abstained",
    "check",
    "describe",
    "first_place",
    "is_free",
    "make",
    "refused",
]

NAMES: tuple[str, ...] = tuple(
    sorted(file.name for file in pkgutil.iter_modules(__path__) if not file.name.startswith("_"))
)


def check(spec: GateSpec) -> None:
    """Raises `PolicyError` for a gate that is not there, stands at the wrong place, or has wrong options."""
    module = _file(spec.gate)
    if spec.on not in module.PLACES:
        raise PolicyError(f"The gate {spec.gate} judges {' and '.join(module.PLACES)}, not {spec.on}.")
    shape = {"type": "object", "properties": module.OPTIONS, "additionalProperties": False}
    shape["required"] = [name for name, option in module.OPTIONS.items() if option.get("x-required")]
    try:
        Draft202012Validator(shape).validate(dict(spec.options))
    except ValidationError as error:
        where = f" `{error.path[0]}`" if error.path else ""
        raise PolicyError(f"The gate {spec.gate} does not take this{where}: {error.message[:200]}.") from error
    make(spec)


def make(spec: GateSpec) -> Gate:
    """Raises `PolicyError`."""
    gate: Gate = _file(spec.gate).make(spec.options)
    return gate


def first_place(name: str) -> str:
    """What it judges where a policy does not say. Raises `PolicyError`."""
    place: str = _file(name).PLACES[0]
    return place


def is_free(name: str) -> bool:
    """Whether it judges by rules alone, without asking a model."""
    return bool(getattr(_file(name), "FREE", False))


def describe(name: str) -> dict[str, Any]:
    """For people who choose: {name, title, says, places, options, free}."""
    module = _file(name)
    return {
        "name": name,
        "title": module.TITLE,
        "says": module.SAYS,
        "places": list(module.PLACES),
        "options": module.OPTIONS,
        "free": is_free(name),
    }


def _file(name: str) -> ModuleType:
    if name not in NAMES:
        raise PolicyError(f"There is no gate {name[:60]!r}. Use one of: {', '.join(NAMES)}.")
    return importlib.import_module(f"{__name__}.{name}")

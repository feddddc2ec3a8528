"""Prompt profiles: what a root model is told, as versioned data. Shipped ones are files of `profiles/`, in our own
words; an owner may write others, which are checked like them.

A profile is TOML: `name`, `version`, `title`, `system`, and the tables `calls`, `advice` and `messages`. With
`extends = "general"` it holds only what differs. Texts are templates: {name} is filled in, {{ and }} are braces, and a
backslash at the end of a line joins it with the next one.
"""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from trajectories.engine.errors import PolicyError

GENERAL = "general"
LARGEST = 100_000
"""Characters of a profile as TOML."""
FIELDS = ("name", "version", "title", "extends", "system", "calls", "advice", "messages")
SYSTEM_NAMES = frozenset({"calls", "advice", "shown_chars"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    name: str
    version: int
    title: str
    """What it is for, in a line."""
    system: str
    calls: Mapping[str, str]
    advice: Mapping[str, str]
    messages: Mapping[str, str]

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"

    def say(self, message: str, **values: Any) -> str:
        return self.messages[message].strip("\n").format(**values)


@cache
def profile_names() -> tuple[str, ...]:
    """The shipped ones."""
    folder = resources.files("trajectories.engine") / "profiles"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


@cache
def load_profile(name: str) -> Profile:
    """A shipped one. Raises `PolicyError`."""
    if name not in profile_names():
        raise PolicyError(f"There is no prompt profile {name[:60]!r}. Use one of: auto, {', '.join(profile_names())}.")
    return _made(_parsed(shipped_text(name)))


def shipped_text(name: str) -> str:
    """The file, for those who want to write their own after it."""
    return (resources.files("trajectories.engine") / "profiles" / f"{name}.toml").read_text("utf-8")


def read_profile(text: str, name: str, version: int) -> Profile:
    """An owner's. Name and version are given from outside. Raises `PolicyError` with what to change."""
    if len(text) > LARGEST:
        raise PolicyError(f"The profile has more than {LARGEST:,} characters.")
    return _made({"extends": GENERAL, **_parsed(text), "name": name, "version": version})


def _parsed(text: str) -> dict[str, Any]:
    try:
        parsed = tomllib.loads(text.replace("\\\n", ""))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(f"The profile is not TOML: {error}.") from error
    for field in parsed:
        if field not in FIELDS:
            raise PolicyError(f"A profile has no {field[:40]!r}. Use: {', '.join(FIELDS)}.")
    return parsed


def _made(parsed: dict[str, Any]) -> Profile:
    below = load_profile(str(parsed["extends"])) if "extends" in parsed else None
    tables = {table: _table(parsed, table, below) for table in ("calls", "advice", "messages")}
    system = parsed.get("system", below.system if below else None)
    if not isinstance(system, str) or not system.strip():
        raise PolicyError("A profile needs a text `system`.")
    _check_template("system", system, SYSTEM_NAMES)
    title, version = parsed.get("title", ""), parsed.get("version", 1)
    if not isinstance(title, str) or not isinstance(version, int):
        raise PolicyError("`title` of a profile is a text, `version` a whole number.")
    return Profile(name=parsed["name"], version=version, title=title[:200], system=system, **tables)


def _table(parsed: dict[str, Any], table: str, below: Profile | None) -> dict[str, str]:
    """Texts by name; those of the profile below where this one has none of its own."""
    own = parsed.get(table, {})
    if not isinstance(own, dict):
        raise PolicyError(f"`{table}` of a profile is a table of texts.")
    known: Mapping[str, str] | None = getattr(below, table) if below else None
    for name, text in own.items():
        if not isinstance(text, str) or (known is not None and name not in known):
            names = ", ".join(known or ())
            raise PolicyError(f"`{table}.{name}` of a profile is not known, or no text. Use: {names}.")
        allowed = names_in(known[name]) if known is not None else names_in(text)
        _check_template(f"{table}.{name}", text, allowed)
    return {**(known or {}), **own}


def names_in(template: str) -> frozenset[str]:
    """What a template has filled in. Raises `PolicyError` when it is none."""
    try:
        fields = [field for _text, field, _spec, _conversion in string.Formatter().parse(template) if field is not None]
    except ValueError as error:
        raise PolicyError(
            f"A text of the profile has a lone brace; write {{{{ and }}}} for braces ({error})."
        ) from error
    return frozenset(fields)


def _check_template(where: str, template: str, allowed: frozenset[str]) -> None:
    """Plain names only: no attribute, index or format of a value can be asked for."""
    for name in names_in(template):
        if name not in allowed:
            told = ", ".join(sorted(f"{{{each}}}" for each in allowed)) or "none"
            raise PolicyError(f"`{where}` of the profile fills in {{{name[:40]}}}; what can be filled in: {told}.")

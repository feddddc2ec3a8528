"""The shipped registry: what a model's name tells."""

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """An entry of the file."""

    patterns: tuple[str, ...]
    tier: str = ""
    profile: str = ""
    images: bool | None = None
    ignore: bool = False
    """No model to be asked: embeddings, pictures, speech."""


def shipped_of(model: str) -> Shipped | None:
    """The entry for a model, by its name alone; None when the file does not know it."""
    name = model.rpartition("/")[2].lower()
    return next((entry for entry in _entries() if any(fnmatchcase(name, each) for each in entry.patterns)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A well-known server of models."""

    root: str
    worker: str
    models: tuple[str, ...]


def host_of(base_url: str) -> Host | None:
    """What the file says of the server at this address."""
    return _hosts().get(urlsplit(base_url).hostname or "")


@cache
def _hosts() -> dict[str, Host]:
    return {name: Host(**{**entry, "models": tuple(entry["models"])}) for name, entry in _file()["hosts"].items()}


@cache
def _entries() -> tuple[Shipped, ...]:
    return tuple(_entry(entry) for entry in _file()["models"])


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads((resources.files("trajectories.registry") / "shipped.toml").read_text("utf-8"))


def _entry(entry: dict[str, Any]) -> Shipped:
    return Shipped(
        patterns=tuple(entry["match"]),
        tier=entry.get("tier", ""),
        profile=entry.get("profile", ""),
        images=entry.get("images"),
        ignore=entry.get("ignore", False),
    )

"""Servers that answer model calls, as one owner knows them: addresses and keys (encrypted at rest).

`offline` is always there and needs nothing. What the environment names (`OPENAI_API_KEY`, `OPENAI_BASE_URL`,
`ANTHROPIC_API_KEY`) becomes the connection `openai` or `anthropic` at each start and goes when the variables go.
"""

import asyncio
import logging
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from trajectories import engine, sealing
from trajectories.engine import lm
from trajectories.models import Connection

log = logging.getLogger(__name__)

OFFLINE = engine.Connection(name="offline", provider="offline")
OPENAI_URL = "https://api.openai.com/v1"
USUAL_URLS = {"openai": OPENAI_URL, "anthropic": "https://api.anthropic.com/v1"}
ENVIRONMENT = {"openai": ("OPENAI_API_KEY", "OPENAI_BASE_URL"), "anthropic": ("ANTHROPIC_API_KEY",)}
"""provider → the variables of its key and of its address, where there is one."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
MAX_URL = 500
MAX_KEY = 4_000
PURPOSE = "keys of model connections"


class WrongConnection(ValueError):
    """A connection cannot be kept as given. `str(error)` is one sentence that says what to change."""


class NameTaken(WrongConnection):
    """This owner has a connection of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to write into a connection; None leaves a field as it is."""

    name: str | None = None
    provider: str | None = None
    base_url: str | None = None
    api_key: str | None = None
    """Empty removes the key."""
    concurrency: int | None = None
    """0 removes the limit."""


# ------------------------------------------------------------------------------------------------- reading


def connections_of(owner: Any) -> dict[str, engine.Connection]:
    """By name, ready for the engine, keys in clear. `offline` is always among them."""
    rows = Connection.objects.visible_to(owner)
    return {OFFLINE.name: OFFLINE, **{row.name: as_engine(row) for row in rows}}


def address_of(connection: engine.Connection) -> str:
    """Where its calls go."""
    return connection.base_url or USUAL_URLS.get(connection.provider, "")


def as_engine(row: Connection) -> engine.Connection:
    return engine.Connection(
        name=row.name,
        provider=row.provider,
        base_url=row.base_url,
        api_key=_decrypted(row),
        concurrency=row.concurrency,
    )


# ------------------------------------------------------------------------------------------------- writing


def add(owner: Any, changes: Changes) -> Connection:
    """Raises `WrongConnection` when a field is wrong or the name is taken."""
    return change(Connection(owner=owner), changes)


def change(row: Connection, changes: Changes) -> Connection:
    """Writes what is given and saves. Raises `WrongConnection`."""
    if row.from_environment:
        raise WrongConnection(f"{row.name} comes from the environment; change OPENAI_API_KEY or OPENAI_BASE_URL there.")
    if changes.name is not None:
        row.name = _free_name(row, changes.name)
    if changes.provider is not None:
        row.provider = _provider(changes.provider)
    if changes.base_url is not None:
        row.base_url = _base_url(changes.base_url)
    if changes.api_key is not None:
        row.encrypted_key = encrypted(_key(changes.api_key))
    if changes.concurrency is not None:
        row.concurrency = changes.concurrency or None
    row.save()
    return row


def _free_name(row: Connection, name: str) -> str:
    if not NAME.fullmatch(name):
        raise WrongConnection(
            "The name of a connection has 1 to 40 small letters, digits, hyphens or underscores, such as my-server."
        )
    if name == OFFLINE.name:
        raise NameTaken("The connection offline is always there; choose another name.")
    if Connection.objects.visible_to(row.owner).filter(name=name).exclude(pk=row.pk).exists():
        raise NameTaken(f"There is already a connection called {name}; change it, or choose another name.")
    return name


def _provider(provider: str) -> str:
    known = [name for name in engine.PROVIDERS if name != OFFLINE.provider]
    if provider not in known:
        raise WrongConnection(f"There is no provider {provider[:40]!r}. Use one of: {', '.join(known)}.")
    return provider


def _base_url(url: str) -> str:
    """Empty means the provider's own address."""
    url = url.strip().rstrip("/")
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        parts = urlsplit("")
    if len(url) > MAX_URL or parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise WrongConnection("The base URL must be an http or https address, such as http://127.0.0.1:11434/v1.")
    if parts.username is not None or parts.password is not None:
        raise WrongConnection("Leave name and password out of the base URL; the key has a field of its own.")
    if parts.query or parts.fragment or " " in url:
        raise WrongConnection("The base URL ends with its path; leave out spaces and what follows a ? or #.")
    return url


def _key(key: str) -> str:
    key = key.strip()
    if len(key) > MAX_KEY or not key.isascii() or not (key.isprintable() or not key):
        raise WrongConnection("A key has at most 4,000 plain characters; copy it again.")
    return key


# ------------------------------------------------------------------------------------------------- keys at rest


def encrypted(key: str) -> bytes:
    return sealing.sealed(key, PURPOSE) if key else b""


def _decrypted(row: Connection) -> str:
    kept = bytes(row.encrypted_key)
    key = sealing.opened(kept, PURPOSE) if kept else ""
    if key is None:
        log.warning("The key of the connection %s was kept under another secret key; enter it again.", row.name)
    return key or ""


# ------------------------------------------------------------------------------------------------- environment


def adopt_environment(owner: Any) -> None:
    """Makes, refreshes or removes the connections that the environment names. Called at each start.

    Raises `WrongConnection` for a key or an address that cannot be used."""
    for provider, names in ENVIRONMENT.items():
        key, url = (os.environ.get(name, "") for name in (*names, "")[:2])
        try:
            _adopt(owner, provider, key, url)
        except WrongConnection as error:
            raise WrongConnection(f"{' or '.join(names)} cannot be used. {error}") from error


def _adopt(owner: Any, provider: str, key: str, url: str) -> None:
    """A connection called like its provider."""
    rows = Connection.objects.visible_to(owner).filter(name=provider)
    if not key and not url:
        rows.filter(from_environment=True).delete()
        return
    if rows.filter(from_environment=False).exists():
        log.warning("There is a connection called %s in the settings already; it stays as it is.", provider)
        return
    fields = {
        "provider": provider,
        "base_url": _base_url(url or USUAL_URLS[provider]),
        "encrypted_key": encrypted(_key(key)),
    }
    Connection.objects.update_or_create(owner=owner, name=provider, defaults={**fields, "from_environment": True})


# ------------------------------------------------------------------------------------------------- asking


async def list_models(connection: engine.Connection, *, seconds: float = 15) -> list[str]:
    """What the server offers. Raises `engine.ProviderError`, whose sentence says what is wrong with the connection."""
    try:
        async with asyncio.timeout(seconds), lm.HTTP() as http:
            return await lm.list_models(connection, http)
    except TimeoutError:
        raise engine.ProviderError(
            "timeout", f"The server of {connection.name} did not answer within {seconds:g} s; check its base URL."
        ) from None

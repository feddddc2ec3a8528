"""Clients of model servers. A provider is one file in this folder and is known by the file's name.

Each such file has `PROVIDER`, a line for people that says which servers it talks to; `connect(connection, http)`, which
gives an `LMClient`; and `async list_models(connection, http)`, which gives the names of the server's models and so
tells whether the connection works. Providers that speak HTTP also have `BASE_URL`, where they go when a connection
names no address. All of them raise `ProviderError`; none retries.
"""

import importlib
import pkgutil
from types import ModuleType

from trajectories.engine.errors import EngineError
from trajectories.engine.lm.http import HTTP
from trajectories.engine.types import Connection, LMClient

__all__ = ["HTTP", "PROVIDERS", "connect", "describe", "list_models"]

_SHARED = {"anthropic_wire", "failures", "http", "openai_wire", "sse"}
PROVIDERS: tuple[str, ...] = tuple(file.name for file in pkgutil.iter_modules(__path__) if file.name not in _SHARED)


def connect(connection: Connection, http: HTTP) -> LMClient:
    """A client for this connection. Nothing is sent yet."""
    client: LMClient = _provider(connection.provider).connect(connection, http)
    return client


async def list_models(connection: Connection, http: HTTP) -> list[str]:
    """Names of the models the server offers. Raises `ProviderError` when it cannot be asked."""
    names: list[str] = await _provider(connection.provider).list_models(connection, http)
    return names


def describe(provider: str) -> str:
    """The provider in a line, for people who choose one."""
    line: str = _provider(provider).PROVIDER
    return line


def _provider(name: str) -> ModuleType:
    if name not in PROVIDERS:
        raise EngineError(f"There is no model provider named {name!r}. Known are: {', '.join(PROVIDERS)}.")
    return importlib.import_module(f"{__name__}.{name}")

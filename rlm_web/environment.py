"""What the environment may say: every variable, its default and its check.

A wrong value stops the start with one sentence.
"""

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

SANDBOXES = ("auto", "process", "container", "modal", "monty")
LEVELS = ("none", "interpreter", "syscalls", "full", "container")
MODES = ("local", "team")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_NAME = re.compile(r"[\w][\w.:/@-]{0,254}", re.ASCII)
_HOST = re.compile(r"\*|\.?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    data_dir: Path
    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    """Empty: everything in one process."""
    allowed_hosts: tuple[str, ...]
    mode: str
    sandbox: str
    sandbox_min: str
    sandbox_image: str
    sandbox_runtime: str

    @property
    def embedded(self) -> bool:
        return not self.redis_url


def read_environment(base_dir: Path) -> Environment:
    data_dir = Path(os.environ.get("RLM_DATA_DIR") or base_dir / "var").expanduser().absolute()
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"RLM_DATA_DIR is {data_dir}, which cannot be made ({error.strerror}). Name a folder that can be written."
        ) from error
    mode = _one_of("RLM_MODE", MODES, "local")
    hosts = _hosts("RLM_ALLOWED_HOSTS")
    if mode == "team" and not hosts:
        raise ImproperlyConfigured("RLM_MODE is team, so RLM_ALLOWED_HOSTS must name the hosts it is reached by.")
    return Environment(
        data_dir=data_dir,
        secret_key=os.environ.get("RLM_SECRET_KEY") or _kept_secret(data_dir),
        database_url=_database_url("RLM_DATABASE_URL"),
        redis_url=_url("RLM_REDIS_URL", ("redis", "rediss", "unix")),
        allowed_hosts=(*LOOPBACK_HOSTS, *hosts),
        mode=mode,
        sandbox=_one_of("RLM_SANDBOX", SANDBOXES, "auto"),
        sandbox_min=_one_of("RLM_SANDBOX_MIN", LEVELS, "syscalls"),
        sandbox_image=_name("RLM_SANDBOX_IMAGE"),
        sandbox_runtime=_name("RLM_SANDBOX_RUNTIME"),
    )


def _one_of(name: str, allowed: tuple[str, ...], default: str) -> str:
    value = os.environ.get(name) or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}. Use one of: {', '.join(allowed)}.")
    return value


def _name(name: str) -> str:
    """Of an image or a runtime; empty if none is named."""
    value = os.environ.get(name, "")
    if value and not _NAME.fullmatch(value):
        raise ImproperlyConfigured(f"{name} is {value!r}, which cannot be the name of one.")
    return value


def _url(name: str, schemes: tuple[str, ...]) -> str:
    value = os.environ.get(name, "")
    if value and value.partition(":")[0] not in schemes:
        raise ImproperlyConfigured(f"{name} must be a URL that begins with one of: {', '.join(schemes)}.")
    return value


def _database_url(name: str) -> str:
    value = _url(name, ("sqlite", "postgres", "postgresql"))
    try:
        dj_database_url.parse(value or "sqlite://:memory:")
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} is no URL of a database. Write postgres://USER:PASSWORD@HOST/NAME, signs such as @ as %40."
        ) from error
    return value


def _hosts(name: str) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in os.environ.get(name, "").split(",") if host.strip())
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise ImproperlyConfigured(
                f"{name} has {host!r}, which is no host name. Write names alone, with commas between."
            )
    return hosts


def _kept_secret(data_dir: Path) -> str:
    """The installation's own key, made once, readable by its owner alone."""
    path = data_dir / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(key := secrets.token_urlsafe(50))
    return key

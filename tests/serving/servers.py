"""Postgres and Redis of a test's own, on free ports of this machine, gone when the test is."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

SECONDS = 30.0


class NotInstalled(Exception):
    """This machine has no such server."""


@contextmanager
def postgres() -> Iterator[str]:
    """A database's URL. Raises `NotInstalled`."""
    programs = _postgres_programs()
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    with tempfile.TemporaryDirectory(prefix="rlm-postgres-") as name:
        folder, port = Path(name), _free_port()
        if user:
            shutil.chown(folder, user)
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-U", "rlm", "--auth=trust", "--no-sync"],
            check=True,
            capture_output=True,
            user=user,
            cwd=folder,
        )
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-F"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user,
            cwd=folder,
        )
        url = f"postgres://rlm@127.0.0.1:{port}/postgres"
        try:
            _wait(lambda: psycopg.connect(url).close(), psycopg.OperationalError)
            yield url
        finally:
            server.terminate()
            server.wait(SECONDS)


@contextmanager
def redis_server() -> Iterator[str]:
    """Its URL. Raises `NotInstalled`."""
    program = shutil.which("redis-server")
    if program is None:
        raise NotInstalled("redis-server is not installed")
    with tempfile.TemporaryDirectory(prefix="rlm-redis-") as folder:
        port = _free_port()
        server = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        url = f"redis://127.0.0.1:{port}/0"
        try:
            _wait(lambda: _ping(url), redis.ConnectionError)
            yield url
        finally:
            server.terminate()
            server.wait(SECONDS)


def _ping(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.ping()


def _postgres_programs() -> Path:
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/bin")]
    for place in places:
        if (place / "initdb").exists():
            return place
    raise NotInstalled("the Postgres server is not installed")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(look: "object", error: type[Exception]) -> None:
    """Until a server that has just been started answers; servers tell nobody."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            look()  # type: ignore[operator]
        except error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return

"""What has to be there before anything answers: tables, static files, the owner's account, its connections."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser as User
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from trajectories import accounts, connections, registry
from trajectories.engine import sandbox

MIGRATING = 0x726C6D
"""Key of the lock that keeps two starting processes from migrating at once (Postgres)."""
IGNORED = ["CVS", ".*", "*~", "widgetbundle.js", "datasets", "templates"]
"""Not served: what lies beside plotly's script in its package, and what Django leaves out by itself."""


def prepare(*, static_files: bool = True) -> User:
    """Everything, quickly where there is nothing to do. Returns the owner of a local installation.

    Raises `CommandError` with one sentence for settings that only now turn out to be wrong."""
    refuse_impossible_sandbox()
    try:
        make_tables()
    except OperationalError as error:
        raise CommandError(f"The database cannot be used: {_first_line(error)}. Check RLM_DATABASE_URL.") from error
    if static_files:
        collect_static_files()
    owner = accounts.owner_account()
    try:
        connections.adopt_environment(owner)
    except connections.WrongConnection as error:
        raise CommandError(str(error)) from error
    for name, known in connections.connections_of(owner).items():
        registry.fill_known_host(owner, name, connections.address_of(known))
    registry.refill_shipped()
    return owner


def refuse_impossible_sandbox() -> None:
    """What no run could have stops the start, not each run."""
    options = sandbox.Options(**settings.SANDBOX_OPTIONS)
    refusal = sandbox.refusal(settings.SANDBOX, settings.SANDBOX_MIN, options)
    if refusal is not None:
        raise CommandError(refusal)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def make_tables() -> None:
    if not _lacks_tables():
        return
    with _alone():
        if _lacks_tables():
            call_command("migrate", verbosity=0, interactive=False)


def _lacks_tables() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextmanager
def _alone() -> Iterator[None]:
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATING])


def collect_static_files() -> None:
    """Into the data folder, under names with a hash; only when one of them changed."""
    stamp, now = Path(settings.STATIC_ROOT) / ".stamp", _state_of_static_files()
    if stamp.exists() and stamp.read_text() == now:
        return
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=IGNORED)
    stamp.write_text(now)


def _state_of_static_files() -> str:
    digest = hashlib.sha256(settings.VERSION.encode())
    for finder in get_finders():
        for name, storage in finder.list(IGNORED):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()

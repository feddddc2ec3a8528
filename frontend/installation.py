"""What this installation is, for its settings page: no secrets, no paths outside the data folder."""

import os
import platform
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import django
from django.conf import settings
from django.db import connection

from trajectories import tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    version: str
    sandbox: str
    """The isolation that runs really get, or a word that says it is not known yet."""
    sandbox_findings: tuple[str, ...]
    """What holds of it, and why not more does."""
    sandbox_minimum: str
    worker: str
    mode: str
    database: str
    data_dir: Path
    parts: tuple[tuple[str, int], ...]
    """(folder or file in the data folder, bytes), largest first."""
    python: str
    django: str

    @property
    def bytes(self) -> int:
        return sum(size for _name, size in self.parts)


def describe(data_dir: Path) -> Installation:
    return Installation(
        version=settings.VERSION,
        sandbox=tasks.sandbox_word(),
        sandbox_findings=tuple(tasks.sandbox_findings()),
        sandbox_minimum=settings.SANDBOX_MIN,
        worker=tasks.worker_word(),
        mode=settings.MODE,
        database=_database(),
        data_dir=data_dir,
        parts=tuple(sorted(_parts(data_dir), key=lambda part: -part[1])),
        python=platform.python_version(),
        django=django.get_version(),
    )


def _database() -> str:
    if connection.vendor == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    return connection.display_name


def _parts(folder: Path) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield f"{entry.name}/", _bytes_in(entry.path)
            else:
                yield entry.name, entry.stat(follow_symlinks=False).st_size


def _bytes_in(folder: str) -> int:
    """Of all files below it; one that goes while we look counts nothing."""
    total = 0
    for path, _folders, files in os.walk(folder):
        for name in files:
            try:
                total += os.stat(os.path.join(path, name), follow_symlinks=False).st_size  # noqa: PTH116, PTH118
            except FileNotFoundError:
                continue
    return total

"""Folders for files on their way: private, on the disk of the store, gone afterwards."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

FORGOTTEN_AFTER = 24 * 3600
"""Seconds after which a folder belongs to a process that was killed."""


@contextmanager
def working_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=_root()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_forgotten() -> None:
    """Clears away what killed processes left behind."""
    for folder in _root().iterdir():
        if folder.stat().st_mtime < time.time() - FORGOTTEN_AFTER:
            shutil.rmtree(folder, ignore_errors=True)


def _root() -> Path:
    root = Path(settings.DATA_DIR) / "work"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root

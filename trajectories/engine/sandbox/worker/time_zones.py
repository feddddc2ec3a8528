"""The database of time zones, held in memory for `zoneinfo`, which looks for it in files."""

import io
import os
import sys
import zoneinfo
from typing import Any

_FIRST_BYTES = b"TZif"
_files: dict[str, bytes] = {}


def take_along() -> None:
    """From the first folder of the system that has it. Without one there is what `zoneinfo` does without one."""
    for folder in zoneinfo.TZPATH:
        _read(folder)
        if _files:
            break
    if not _files:
        return
    common: Any = sys.modules["zoneinfo._common"]
    common.load_tzdata = _load
    zoneinfo.available_timezones = lambda: set(_files)
    zoneinfo.reset_tzpath(())


def _read(folder: str) -> None:
    same: dict[bytes, bytes] = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("posix", "right")]
        for file in files:
            data = _zone(f"{place}/{file}")
            if data is not None:
                _files[os.path.relpath(f"{place}/{file}", folder)] = same.setdefault(data, data)


def _zone(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            data = file.read()
    except OSError:
        return None
    return data if data.startswith(_FIRST_BYTES) else None


def _load(key: str) -> io.BytesIO:
    if key not in _files:
        raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}")
    return io.BytesIO(_files[key])

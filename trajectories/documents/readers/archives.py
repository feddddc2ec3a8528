"""ZIP files (ODF and Office documents are ZIP files too), opened with suspicion."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .output import Allowance, Output, Unreadable

MOST_RATIO = 200
SMALL = 64 << 20
"""Bytes unpacked below which the ratio does not matter."""
DAMAGED = "This file is damaged or not what its name says. Open it where it was made and save it again."
BOMB = "This file unpacks to far more than an honest file does. It was not opened."
_BLOCK = 1 << 20


@contextmanager
def open_archive(source: Path, output: Output) -> Iterator[zipfile.ZipFile]:
    """A ZIP file whose table of contents stays within what may be unpacked. Raises `Unreadable`."""
    try:
        with zipfile.ZipFile(source) as archive:
            _check(archive.infolist(), source.stat().st_size, output.allowance)
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, LookupError) as error:
        raise Unreadable(DAMAGED) from error


def check_archive(source: Path, output: Output) -> None:
    """The same for libraries that open the file themselves."""
    with open_archive(source, output):
        pass


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Writes one member to a file; never more than the table of contents promised."""
    left = member.file_size
    with archive.open(member) as packed, target.open("wb") as file:
        while block := packed.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise Unreadable(BOMB)
            file.write(block)


def read_member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return archive.open(name)
    except (KeyError, RuntimeError) as error:
        raise Unreadable(DAMAGED) from error


def _check(members: list[zipfile.ZipInfo], packed: int, allowance: Allowance) -> None:
    unpacked = sum(member.file_size for member in members)
    allowance.files -= len(members)
    allowance.bytes -= unpacked
    if allowance.files < 0:
        raise Unreadable("This archive has more than 10,000 files. Split it into smaller archives.")
    if unpacked > SMALL and unpacked > MOST_RATIO * packed:
        raise Unreadable(BOMB)
    if allowance.bytes < 0:
        raise Unreadable("This archive unpacks to more than 2 GB. Split it into smaller archives.")

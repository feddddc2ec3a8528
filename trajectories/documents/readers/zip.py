"""ZIP archives: every file inside that can be read, in order, each a part under a line with its path."""

import posixpath
import zipfile
from pathlib import Path

from .archives import open_archive, unpack
from .inner import read_inner
from .output import Output, Unreadable

LABEL = "ZIP archives of these"
MEDIA_TYPES = {".zip": "application/zip"}

_ENCRYPTED = 1
_CLUTTER = ("__MACOSX/", ".git/", ".DS_Store", "Thumbs.db", "desktop.ini")


def read(source: Path, output: Output) -> None:
    with open_archive(source, output) as archive:
        locked = 0
        for number, member in enumerate(archive.infolist()):
            if member.is_dir() or any(part in member.filename for part in _CLUTTER):
                continue
            if member.flag_bits & _ENCRYPTED:
                locked += 1
                continue
            path = output.path.with_name(f"member-{output.archives}-{number}")
            unpack(archive, member, path)
            read_inner(path, shown_path(member), output)
    if locked and output.blank:
        raise Unreadable("This archive is protected by a password. Unpack it and upload its files.")
    if output.blank:
        raise Unreadable("No file in this archive can be read. " + "".join(output.warnings[:1]))
    if locked:
        output.warn(f"{locked} files are protected by a password and were left out.")


def shown_path(member: zipfile.ZipInfo) -> str:
    """A path to show; nothing is ever written to it. No way up, no root, nothing invisible."""
    parts = posixpath.normpath(member.filename.replace("\\", "/")).split("/")
    kept = [part for part in parts if part not in ("", ".", "..")]
    return "".join(letter if letter.isprintable() else "�" for letter in "/".join(kept))[:255] or "unnamed"

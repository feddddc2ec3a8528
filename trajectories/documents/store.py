"""Where the bytes lie: every file once, under the SHA-256 of its content, through Django's storage API.

Originals are `blobs/ab/…`, texts (UTF-8) `texts/ab/…` with an index of their characters beside them. A storage without
paths of this machine (S3 and its like) works too: what is read is then copied to `cache/` in the data folder first.
"""

import codecs
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import connection, transaction

from trajectories import engine
from trajectories.models import Document

BLOCK = 1 << 20
INDEX = ".index"


class MovableFile(File):
    """A file that a storage on this machine may move instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a text in UTF-8 comes to."""

    sha256: str
    chars: int
    decoded_bytes: int
    """As a Python str, which takes 1, 2 or 4 bytes for every character."""

    def columns(self) -> dict[str, Any]:
        """What the row of a document says of its text."""
        return {
            "text_sha256": self.sha256,
            "chars": self.chars,
            "tokens": engine.estimate_tokens(self.chars),
            "decoded_bytes": self.decoded_bytes,
        }


def blob_key(sha256: str) -> str:
    return f"blobs/{sha256[:2]}/{sha256}"


def text_key(sha256: str) -> str:
    return f"texts/{sha256[:2]}/{sha256}"


# ---------------------------------------------------------------------------------------------- putting in


def put(path: Path, key: str) -> None:
    """Moves a file into the store; when its content is there already, the file is just removed."""
    storage = _storage()
    if not storage.exists(key):
        with path.open("rb") as file:
            kept = storage.save(key, MovableFile(file, name=str(path)))
        if kept != key:  # another process put the same content there in the meantime
            storage.delete(kept)
    path.unlink(missing_ok=True)


def put_text(path: Path, measure: Measure) -> None:
    """Moves a text into the store, with the index that `engine.TextFile` reads it by."""
    index = path.with_name(path.name + INDEX)
    engine.write_index(path, index)
    key = text_key(measure.sha256)
    put(path, key)
    put(index, key + INDEX)


def copy_in(source: Path, copy: Path) -> tuple[str, int]:
    """Copies a file piece by piece; returns the SHA-256 and the size of what was copied."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as reader, copy.open("wb") as writer:
        while block := reader.read(BLOCK):
            digest.update(block)
            size += writer.write(block)
    return digest.hexdigest(), size


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def measure(path: Path) -> Measure:
    """Reads a text once. Raises ValueError when it is not UTF-8."""
    digest, chars, width = hashlib.sha256(), 0, 1
    decode = codecs.getincrementaldecoder("utf-8")().decode
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            text = decode(block)
            chars += len(text)
            width = max(width, _width(text))
    decode(b"", True)
    return Measure(sha256=digest.hexdigest(), chars=chars, decoded_bytes=chars * width)


def _width(text: str) -> int:
    """Bytes a character of this text takes in memory: 1 up to U+00FF, 2 up to U+FFFF, else 4."""
    if text.isascii():
        return 1
    if len(text.encode("utf-16-le")) > 2 * len(text):
        return 4
    return 2 if len(text.encode("latin-1", "ignore")) < len(text) else 1


# ---------------------------------------------------------------------------------------------- getting out


def local_path(key: str) -> Path:
    """Where this machine can read it. Raises `engine.DocumentError` when it is gone."""
    try:
        path = Path(_storage().path(key))
    except NotImplementedError:
        return _cached(key)
    if not path.exists():
        raise engine.DocumentError("The file of this document is gone. Upload it again.")
    return path


def open_text(document: Document) -> engine.TextFile:
    """Raises `engine.DocumentError` when there is no text: not read yet, unreadable, or gone."""
    if document.status == Document.Status.PROCESSING:
        raise engine.DocumentError(f"“{document.name}” is still being read. Wait until it is ready.")
    if document.status == Document.Status.FAILED:
        raise engine.DocumentError(document.message or f"“{document.name}” could not be read. Upload it again.")
    return engine.TextFile.open(local_path(text_key(document.text_sha256)))


def _cached(key: str) -> Path:
    path = Path(settings.DATA_DIR) / "cache" / key
    if path.exists():
        return path
    storage = _storage()
    if not storage.exists(key):
        raise engine.DocumentError("The file of this document is gone. Upload it again.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with storage.open(key) as remote, tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as copy:
        shutil.copyfileobj(remote, copy, BLOCK)
    return Path(copy.name).replace(path)


# ---------------------------------------------------------------------------------------------- taking out


def remove_unused(*sha256s: str) -> None:
    """Deletes the files of these hashes that no document refers to any more. Within `holding` of each of them."""
    for sha256 in filter(None, sha256s):
        if not Document.objects.filter(sha256=sha256).exists():
            _remove(blob_key(sha256))
        if not Document.objects.filter(text_sha256=sha256).exists():
            _remove(text_key(sha256))
            _remove(text_key(sha256) + INDEX)


@contextmanager
def holding(*sha256s: str) -> Iterator[None]:
    """A transaction in which nobody else keeps or removes a file of these hashes.

    SQLite's transactions exclude one another anyway; PostgreSQL gets a lock for each hash."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                for sha256 in sorted(filter(None, set(sha256s))):
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(sha256[:15], 16)])
        yield


def _remove(key: str) -> None:
    _storage().delete(key)
    (Path(settings.DATA_DIR) / "cache" / key).unlink(missing_ok=True)


def _storage() -> Storage:
    return storages["documents"]

"""Files on their way in: chunk after chunk, to be taken up again after any break.

The row's `offset` is the truth and only moves when the bytes before it are on the disk; whatever lies behind it in the
file (of a chunk that broke off) is cut away by the next chunk. A lock on the file lets one chunk in at a time.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from django.conf import settings
from django.utils import timezone

from trajectories.documents import keeping, store
from trajectories.documents.names import clean_name
from trajectories.models import Document, Upload

PIECE = 256 << 10
"""Bytes held in memory at once."""
KEPT_DAYS = 7


class Readable(Protocol):
    def read(self, size: int) -> bytes: ...


class UploadError(Exception):
    """A chunk or an end that cannot be accepted. `str(error)` is one sentence; `offset` is where the upload stands."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class WrongOffset(UploadError):
    """The bytes offered do not follow on those that are here."""


class TooLong(UploadError):
    """More bytes than a chunk, or than the file, may have."""


class WrongContent(UploadError):
    """The bytes are not those that were announced."""


def begin(owner: Any, name: str, size: int, sha256: str = "") -> Upload:
    return Upload.objects.create(owner=owner, name=clean_name(name), size=size, sha256=sha256.lower())


def append(upload: Upload, offset: int, body: Readable) -> int:
    """Writes one chunk at `offset`, in pieces; returns where the upload stands then. Raises `UploadError`."""
    with _alone(upload) as file:
        if offset != upload.offset:
            raise WrongOffset(f"This upload stands at byte {upload.offset}. Go on from there.", upload.offset)
        file.truncate(offset)
        file.seek(offset)
        written = _write(file, body, upload)
        os.fsync(file.fileno())
        Upload.objects.filter(pk=upload.pk).update(offset=offset + written)
    return offset + written


def complete(upload: Upload) -> Document:
    """Ends an upload: checks size and hash, moves the file into the store, begins reading. Raises `UploadError`."""
    with _alone(upload):
        if upload.offset < upload.size:
            missing = upload.size - upload.offset
            raise WrongOffset(f"{missing} bytes are missing. Send them, then complete the upload.", upload.offset)
        path = _path(upload)
        sha256 = store.sha256_of(path)
        if upload.sha256 not in ("", sha256):
            Upload.objects.filter(pk=upload.pk).update(offset=0)
            raise WrongContent("What arrived does not have the announced SHA-256. Send the file again from byte 0.", 0)
        return keeping.keep_file(upload.owner, upload.name, path, sha256, upload.size, upload)


def standing(upload: Upload) -> int:
    """The offset to go on from: what the row says, unless the file has been lost."""
    path = _path(upload)
    return min(upload.offset, path.stat().st_size if path.exists() else 0)


def remove(upload: Upload) -> None:
    _path(upload).unlink(missing_ok=True)
    upload.delete()


def remove_forgotten() -> None:
    """Uploads that nobody went on with for a week."""
    for upload in Upload.objects.filter(created_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)):
        remove(upload)


def _write(file: BinaryIO, body: Readable, upload: Upload) -> int:
    most = min(settings.CHUNK_BYTES, upload.size - upload.offset)
    written = 0
    while piece := body.read(PIECE):
        if written + len(piece) > most:
            raise TooLong(_too_long(upload, most), upload.offset)
        written += file.write(piece)
    file.flush()
    return written


def _too_long(upload: Upload, most: int) -> str:
    if most < settings.CHUNK_BYTES:
        return f"This upload was announced with {upload.size} bytes, so only {most} more fit. Send no more than those."
    return f"A chunk may have at most {most} bytes. Send smaller ones."


@contextmanager
def _alone(upload: Upload) -> Iterator[BinaryIO]:
    """The file of an upload, locked against other chunks; `upload` is fresh from the database then.

    Raises `Upload.DoesNotExist` when it was completed or removed in the meantime."""
    handle = os.open(_path(upload), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            upload.refresh_from_db()
        except Upload.DoesNotExist:
            _path(upload).unlink(missing_ok=True)
            raise
        upload.offset = standing(upload)
        yield file


def _path(upload: Upload) -> Path:
    folder = Path(settings.UPLOAD_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / upload.pk

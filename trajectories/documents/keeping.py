"""Documents of an owner: putting files and texts among them, taking them away again."""

from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from trajectories import engine
from trajectories.documents import extraction, store
from trajectories.documents.names import clean_name
from trajectories.documents.readers import clean_text, media_type_of
from trajectories.documents.work import working_folder
from trajectories.models import RESTORABLE, Document, Upload

NO_TEXT = "This text is empty. Write or paste something first."


def find_same(owner: Any, sha256: str, name: str | None = None) -> Document | None:
    """The owner's document with this content (and this name), if there is one that could be read."""
    same = Document.objects.visible_to(owner).listed().filter(sha256=sha256)
    same = same.exclude(status=Document.Status.FAILED)
    return (same.filter(name=name) if name else same).first()


def keep_file(owner: Any, name: str, path: Path, sha256: str, size: int, upload: Upload | None = None) -> Document:
    """Moves a file into the store and begins reading it. The same content under the same name is kept once.

    `upload` is what the file came in by; it ends in the same transaction."""
    with store.holding(sha256):
        document = find_same(owner, sha256, name)
        if document is None:
            document = Document.objects.create(
                owner=owner, name=name, sha256=sha256, bytes=size, media_type=media_type_of(name)
            )
        store.put(path, store.blob_key(sha256))
        if upload is not None:
            upload.delete()
    if document.status == Document.Status.PROCESSING:
        kept = document
        transaction.on_commit(lambda: extraction.begin_extraction(kept))
    return document


def add_file(owner: Any, name: str, path: Path) -> Document:
    """Takes a copy of a file of this machine; it is read in the background (`wait_ready`)."""
    with working_folder() as folder:
        copy = folder / "copy"
        sha256, size = store.copy_in(path, copy)
        return keep_file(owner, clean_name(name), copy, sha256, size)


def add_text(owner: Any, name: str, text: str) -> Document:
    """Keeps a text that is there already; it is ready at once. Raises `engine.DocumentError` when it is empty."""
    text = clean_text(text)
    if not text.strip():
        raise engine.DocumentError(NO_TEXT)
    with working_folder() as folder:
        original, path = folder / "original", folder / "text"
        for each in (original, path):
            each.write_bytes(text.encode())
        return _keep_text(owner, clean_name(name), original, path)


def _keep_text(owner: Any, name: str, original: Path, path: Path) -> Document:
    """A text is its own original: it lies in the store as both."""
    measure, size = store.measure(path), path.stat().st_size
    with store.holding(measure.sha256):
        document = find_same(owner, measure.sha256, name)
        if document is not None and document.status == Document.Status.READY:
            return document
        store.put(original, store.blob_key(measure.sha256))
        store.put_text(path, measure)
        return Document.objects.create(
            owner=owner,
            name=name,
            sha256=measure.sha256,
            bytes=size,
            media_type=media_type_of(name) or "text/plain",
            status=Document.Status.READY,
            **measure.columns(),
        )


def discard(document: Document) -> None:
    """Deletes a document so that it can be brought back for a while (`restore`); then it is removed."""
    Document.objects.filter(pk=document.pk).update(deleted_at=timezone.now())


def restore(document: Document) -> None:
    Document.objects.filter(pk=document.pk).update(deleted_at=None)


def remove(document: Document) -> None:
    """Deletes a document and its files for good. One that a run used is kept for that run, out of sight."""
    with store.holding(document.sha256, document.text_sha256):
        try:
            document.delete()
        except ProtectedError:
            Document.objects.filter(pk=document.pk).update(deleted_at=timezone.now() - RESTORABLE)
            return
        store.remove_unused(document.sha256, document.text_sha256)


def remove_unused() -> None:
    """Removes documents that nobody can bring back any more and no run needs."""
    for document in Document.objects.filter(deleted_at__lte=timezone.now() - RESTORABLE, runs=None):
        remove(document)

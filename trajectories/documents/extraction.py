"""Reading files in the background: two threads, each with one reading process at a time.

What is to be read is known by its row (`processing`), so nothing is lost when the server stops in between:
`resume_extractions` takes up at the next start what is left."""

import logging
import queue
import threading
import time

from django.db import DatabaseError, connection

from trajectories import engine
from trajectories.documents import store
from trajectories.documents.reading import BROKE_OFF, Reading, read_file
from trajectories.documents.work import working_folder
from trajectories.models import Document, DocumentQuerySet

THREADS = 2
LOOK_SECONDS = 0.5
"""How often a document is looked at that another process may be reading."""

log = logging.getLogger(__name__)

_waiting: "queue.SimpleQueue[str]" = queue.SimpleQueue()
_under_way: set[str] = set()
_changed = threading.Condition()
"""Guards `_under_way` and `_threads`; notified whenever a document has been read."""
_threads: list[threading.Thread] = []


def begin_extraction(document: Document) -> None:
    """Has a document read in the background; a second call while that goes on does nothing."""
    with _changed:
        if document.pk in _under_way:
            return
        _under_way.add(document.pk)
        _waiting.put(document.pk)
        if len(_threads) < min(THREADS, len(_under_way)):
            thread = threading.Thread(target=_work, name=f"reading-{len(_threads) + 1}", daemon=True)
            _threads.append(thread)
            thread.start()


def resume_extractions() -> None:
    """At the start of a server: takes up the documents that were being read when the last one ended."""
    for document in Document.objects.filter(status=Document.Status.PROCESSING):
        begin_extraction(document)


def wait_ready(document: Document, timeout: float) -> Document:
    """Returns it fresh from the database, ready or failed. Raises `TimeoutError` when it is still being read."""
    deadline = time.monotonic() + timeout
    while True:
        document.refresh_from_db()
        if document.status != Document.Status.PROCESSING:
            return document
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"“{document.name}” is still being read after {timeout:.0f} seconds.")
        with _changed:
            _changed.wait(min(left, LOOK_SECONDS))


def extract(document_id: str) -> None:
    """Reads a document here and now. Whatever goes wrong is written into its row."""
    document = Document.objects.filter(pk=document_id, status=Document.Status.PROCESSING).first()
    if document is None:
        return
    with working_folder() as folder:
        try:
            reading = read_file(store.local_path(store.blob_key(document.sha256)), document.name, folder)
            _keep(document, reading, store.measure(reading.text))
        except engine.DocumentError as error:
            _fail(document, str(error))
        except ValueError:  # the reader wrote something that is not UTF-8
            _fail(document, BROKE_OFF)
        except DatabaseError:  # the row still says `processing`: the next start takes it up
            raise
        except Exception:
            log.exception("Document %s could not be read.", document.pk)
            _fail(document, "Something went wrong on the server; its log says what. Upload this file again later.")


def _keep(document: Document, reading: Reading, measure: store.Measure) -> None:
    with store.holding(measure.sha256):
        kept = _unread(document).update(
            status=Document.Status.READY,
            media_type=reading.media_type or document.media_type,
            warnings=reading.warnings,
            parts=reading.parts,
            message="",
            **measure.columns(),
        )
        if kept:
            store.put_text(reading.text, measure)


def _fail(document: Document, message: str) -> None:
    _unread(document).update(status=Document.Status.FAILED, message=message[:500])


def _unread(document: Document) -> DocumentQuerySet:
    """The row, unless it was deleted, or read by another process, in the meantime."""
    return Document.objects.filter(pk=document.pk, status=Document.Status.PROCESSING)


def _work() -> None:
    while True:
        document_id = _waiting.get()
        try:
            extract(document_id)
        except Exception:
            log.exception("Document %s could not be read.", document_id)
        finally:
            connection.close()
            with _changed:
                _under_way.discard(document_id)
                _changed.notify_all()

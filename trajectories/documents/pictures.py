"""The pictures of documents (pages of PDFs, picture files), drawn in a process of its own when a model sees one."""

import threading
from collections import OrderedDict
from pathlib import Path

from trajectories import engine
from trajectories.documents import store
from trajectories.documents.reading import run_reader
from trajectories.documents.work import working_folder
from trajectories.models import Document

CHILD = Path(__file__).parent / "readers" / "picture_child.py"
MEMORY_BYTES = 1 << 30
SECONDS = 30
MOST_BYTES = 8 << 20
MOST_CACHED = 64 << 20
JPEG = b"\xff\xd8\xff"

_cache: OrderedDict[tuple[str, int], bytes] = OrderedDict()
_lock = threading.Lock()
"""Guards the cache: pictures are drawn in several threads."""


class Pictures:
    """Of one document, for the engine."""

    def __init__(self, document: Document) -> None:
        self._document = document
        is_pdf = document.media_type == "application/pdf"
        pages = [part["name"] for part in document.parts] if is_pdf else []
        self.names: tuple[str, ...] = tuple(pages) if is_pdf else ("Picture",)

    def read(self, number: int) -> tuple[str, bytes]:
        """(media type, bytes). Blocks. Raises `engine.DocumentError`."""
        key = (self._document.sha256, number)
        with _lock:
            known = _cache.get(key)
        data = known or _drawn(self._document, number)
        with _lock:
            _cache[key] = data
            while sum(map(len, _cache.values())) > MOST_CACHED:
                _cache.popitem(last=False)
        return "image/jpeg", data


def pictures_of(document: Document) -> Pictures | None:
    """None for a document without any."""
    if document.media_type == "application/pdf" or document.media_type.startswith("image/"):
        return Pictures(document)
    return None


def _drawn(document: Document, number: int) -> bytes:
    source = store.local_path(store.blob_key(document.sha256))
    if not source.exists():
        raise engine.DocumentError(f"The file of “{document.name}” is gone. Upload it again.")
    with working_folder() as folder:
        run_reader(CHILD, [str(source), str(folder), str(number)], folder, memory=MEMORY_BYTES, seconds=SECONDS)
        drawn = folder / "picture"
        if not drawn.is_file() or drawn.is_symlink() or drawn.stat().st_size > MOST_BYTES:
            raise engine.DocumentError(f"Picture {number} of “{document.name}” cannot be drawn: the file is damaged.")
        data = drawn.read_bytes()
    if not data.startswith(JPEG):
        raise engine.DocumentError(f"Picture {number} of “{document.name}” cannot be drawn: the file is damaged.")
    return data

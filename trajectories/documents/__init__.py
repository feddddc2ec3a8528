"""Documents: files on their way in, the store they lie in, and the text that is read from them.

    upload (uploads.py) → store (store.py) → reading in a child process (reading.py → readers/) → text in the store

`extraction.py` has it done in the background, `keeping.py` keeps the rows. This is the front door.
"""

from trajectories.documents import uploads, work
from trajectories.documents.extraction import begin_extraction, wait_ready
from trajectories.documents.extraction import resume_extractions as _resume
from trajectories.documents.finding import Found, find
from trajectories.documents.keeping import add_file, add_text, discard, find_same, remove, remove_unused, restore
from trajectories.documents.names import clean_name
from trajectories.documents.pictures import pictures_of
from trajectories.documents.samples import Sample, add_sample, samples
from trajectories.documents.store import open_text

__all__ = [
    "Found",
    "Sample",
    "add_file",
    "add_sample",
    "add_text",
    "begin_extraction",
    "clean_name",
    "discard",
    "find",
    "find_same",
    "open_text",
    "pictures_of",
    "remove",
    "remove_unused",
    "restore",
    "resume_extractions",
    "samples",
    "uploads",
    "wait_ready",
]


def resume_extractions() -> None:
    """At the start of a server: goes on where the last one was ended, and clears away what it left lying about."""
    work.remove_forgotten()
    uploads.remove_forgotten()
    remove_unused()
    _resume()

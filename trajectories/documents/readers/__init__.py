"""Readers: one file for each format, found by its name. A reader turns a file into text.

This package runs in a child process of its own that knows nothing of Django (`child.py` begins there); the server only
asks it for names. A reader's module says

    LABEL       how users call the format
    MEDIA_TYPES extension → media type, for the extensions it answers to
    read(source, output)   writes the text; raises `Unreadable` with a sentence for the user

and imports its library inside `read`, so that reading a plain text does not load those of all other formats.
"""

import importlib
import pkgutil
from pathlib import Path, PurePosixPath
from types import ModuleType

from .output import Unreadable, clean_text

__all__ = ["Unreadable", "clean_text", "media_type_of", "readable_kinds", "reader_of"]

_NOT_READERS = {
    "archives",
    "child",
    "choosing",
    "confinement",
    "encodings",
    "inner",
    "output",
    "pdf_layout",
    "pdf_lines",
    "picture_child",
}


def all_readers() -> dict[str, ModuleType]:
    """Extension → module, from the files in this folder."""
    names = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in sorted(names) if name not in _NOT_READERS]
    return {extension: module for module in modules for extension in module.MEDIA_TYPES}


READERS = all_readers()


def reader_of(extension: str) -> ModuleType | None:
    return READERS.get(extension)


def media_type_of(name: str) -> str:
    """What the name promises; empty when it promises nothing known."""
    extension = extension_of(name)
    reader = READERS.get(extension)
    return str(reader.MEDIA_TYPES[extension]) if reader else ""


def extension_of(name: str) -> str:
    return PurePosixPath(name.lower()).suffix


def readable_kinds() -> str:
    """The formats that can be read, as a sentence lists them."""
    labels = sorted({reader.LABEL for reader in READERS.values()}, key=str.lower)
    return f"{', '.join(labels[:-1])} and {labels[-1]}"

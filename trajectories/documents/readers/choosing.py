"""Which reader reads a file: what its first bytes say goes before its name."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from . import extension_of, readable_kinds, reader_of
from .encodings import looks_binary
from .output import Output, Unreadable

_HEAD = 64 << 10
_OFFICE = (("word/", ".docx"), ("ppt/", ".pptx"), ("xl/", ".xlsx"))
_BY_MEDIA_TYPE = {
    b"application/epub+zip": ".epub",
    b"application/vnd.oasis.opendocument.text": ".odt",
    b"application/vnd.oasis.opendocument.presentation": ".odp",
    b"application/vnd.oasis.opendocument.spreadsheet": ".ods",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = (b"<!doctype html", b"<html")


def read_any(source: Path, name: str, output: Output) -> str:
    """Reads a file of any kind into `output`; returns its media type. Raises `Unreadable`."""
    with source.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise Unreadable("This file is empty.")
    extension = _extension(source, name, head)
    reader = reader_of(extension)
    if reader is None:
        raise Unreadable(_unknown(name))
    reader.read(source, output)
    return str(reader.MEDIA_TYPES[extension])


def _extension(source: Path, name: str, head: bytes) -> str:
    """The extension that the content deserves; empty when nothing here reads it."""
    named = extension_of(name)
    if b"%PDF-" in head[:1024]:
        return ".pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _of_zip(source)
    if head.startswith(_OLE):
        return _of_ole(named)
    if reader_of(named) is not None and not (_reads_text(named) and looks_binary(head)):
        return named
    if looks_binary(head):
        return ""
    return ".html" if head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_HTML) else ".txt"


def _reads_text(extension: str) -> bool:
    reader = reader_of(extension)
    return reader is reader_of(".txt") or reader is reader_of(".html")


def _of_zip(source: Path) -> str:
    try:
        with zipfile.ZipFile(source) as archive:
            names = archive.namelist()
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                return _BY_MEDIA_TYPE.get(archive.read("mimetype").strip(), ".zip")
            return _of_office(names)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
        return ".zip"


def _of_office(names: Sequence[str]) -> str:
    if "[Content_Types].xml" not in names:
        return ".zip"
    return next((kind for folder, kind in _OFFICE if any(name.startswith(folder) for name in names)), ".zip")


def _of_ole(named: str) -> str:
    """Office files of before 2007, and protected ones of today."""
    if named == ".xls":
        return named
    if named in (".docx", ".pptx", ".xlsx"):
        raise Unreadable("This file is protected by a password. Remove the password and upload it again.")
    raise Unreadable("This is a file of an old kind of Office. Save it as DOCX, PPTX, XLSX or PDF and upload that.")


def _unknown(name: str) -> str:
    kind = extension_of(name).removeprefix(".").upper()[:12]
    what = f"{kind} files cannot be read here" if kind.isalnum() else "This kind of file cannot be read here"
    return f"{what}. These can: {readable_kinds()}."

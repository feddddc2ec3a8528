"""Electronic books: the chapters in the order of reading. Chapters are parts, named by their headings.

(The library for the format is under the AGPL; what is needed of it is here.)"""

import posixpath
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from .archives import DAMAGED, open_archive, read_member
from .html import visible_text
from .output import Output, Unreadable

LABEL = "EPUB"
MEDIA_TYPES = {".epub": "application/epub+zip"}

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")


def read(source: Path, output: Output) -> None:
    with open_archive(source, output) as archive:
        chapters = _chapters(archive)
        if _ENCRYPTION in archive.namelist() and any(name in _encrypted(archive) for name in chapters):
            raise Unreadable("This book is protected against copying (DRM), so its text cannot be read.")
        for number, name in enumerate(chapters, 1):
            _read_chapter(archive, name, number, output)


def _read_chapter(archive: zipfile.ZipFile, name: str, number: int, output: Output) -> None:
    if name not in archive.namelist():
        output.warn(f"The chapter “{posixpath.basename(name)}” is missing from the file.")
        return
    with read_member(archive, name) as file:
        text = visible_text(file.read().decode("utf-8", "replace"))
    if text.strip():
        with output.part(_heading(text) or f"Chapter {number}"):
            output.write(text)
        output.write("\n")


def _heading(text: str) -> str:
    first = text.lstrip().split("\n", 1)[0].lstrip("# ").strip()
    return first if len(first) <= 120 else ""


def _chapters(archive: zipfile.ZipFile) -> list[str]:
    """Names of the members in the order of the book's spine."""
    rootfile = _xml(archive, _CONTAINER).find(".//{*}rootfile")
    if rootfile is None:
        raise Unreadable(DAMAGED)
    package_name = rootfile.get("full-path", "")
    package = _xml(archive, package_name)
    folder = posixpath.dirname(package_name)
    items = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in package.iterfind(".//{*}manifest/{*}item")
        if item.get("media-type") in _PAGES
    }
    spine = [item.get("idref") for item in package.iterfind(".//{*}spine/{*}itemref")]
    return [items[name] for name in dict.fromkeys(spine) if name in items]


def _encrypted(archive: zipfile.ZipFile) -> set[str]:
    references = _xml(archive, _ENCRYPTION).iterfind(".//{*}CipherReference")
    return {unquote(reference.get("URI", "")) for reference in references}


def _xml(archive: zipfile.ZipFile, name: str) -> Any:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        with read_member(archive, name) as file:
            return etree.parse(file, parser).getroot()
    except etree.XMLSyntaxError as error:
        raise Unreadable(DAMAGED) from error

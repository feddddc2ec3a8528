"""OpenDocument texts and presentations: headings as lines with #, lists with -, tables with |."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .archives import DAMAGED, open_archive, read_member
from .output import Output, Unreadable

LABEL = "OpenDocument"
MEDIA_TYPES = {
    ".odt": "application/vnd.oasis.opendocument.text",
    ".odp": "application/vnd.oasis.opendocument.presentation",
}

_DROPPED = {"tracked-changes", "annotation", "sequence-decls", "forms", "note-citation"}
_SPACES = {"tab": "\t", "line-break": "\n"}


def read(source: Path, output: Output) -> None:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    with open_archive(source, output) as archive, read_member(archive, "content.xml") as file:
        try:
            root = etree.parse(file, parser).getroot()
        except etree.XMLSyntaxError as error:
            raise Unreadable(DAMAGED) from error
        for block in _blocks(root.find("{*}body")):
            output.write(block)


def _blocks(node: Any) -> Iterator[str]:
    for child in [] if node is None else node:
        tag = _tag(child)
        if tag == "h":
            level = next((value for name, value in child.attrib.items() if name.endswith("outline-level")), "1")
            yield f"\n{'#' * (int(level) if level.isdecimal() and len(level) == 1 else 1)} {_words(child)}\n\n"
        elif tag == "p" and (words := _words(child)).strip():
            yield f"- {words}\n" if _tag(node) == "list-item" else f"{words}\n\n"
        elif tag == "table-row":
            yield " | ".join(" ".join(_words(cell).split()) for cell in child) + "\n"
        elif tag not in _DROPPED:
            yield from _blocks(child)


def _words(node: Any) -> str:
    pieces = [node.text or ""]
    for child in node:
        tag = _tag(child)
        if tag == "s":
            count = next(iter(child.attrib.values()), "1")
            pieces.append(" " * (min(int(count), 100) if count.isdecimal() and len(count) < 4 else 1))
        elif tag not in _DROPPED:
            pieces.append(_SPACES.get(tag, "") + _words(child) + (" " if tag == "p" else ""))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _tag(node: Any) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""

"""Word documents: paragraphs, headings (lines with #), lists (-) and tables (|), in their order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from .archives import DAMAGED, check_archive
from .output import Output, Unreadable

LABEL = "DOCX"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
MEDIA_TYPES = {
    ".docx": f"{_WORD}.document",
    ".docm": "application/vnd.ms-word.document.macroEnabled",
    ".dotx": f"{_WORD}.template",
}


def read(source: Path, output: Output) -> None:
    check_archive(source, output)
    for text in _blocks(_opened(source)):
        output.write(text)


def _opened(source: Path) -> Any:
    from docx.opc.part import PartFactory
    from docx.package import Package
    from docx.parts.document import DocumentPart
    from lxml import etree

    for media_type in MEDIA_TYPES.values():  # docx.Document refuses templates and files with macros
        PartFactory.part_type_for[f"{media_type}.main+xml"] = DocumentPart
    try:
        return Package.open(str(source)).main_document_part.document
    except (KeyError, ValueError, AttributeError, ParseError, etree.XMLSyntaxError) as error:
        raise Unreadable(DAMAGED) from error


def _blocks(document: Any) -> Iterator[str]:
    from docx.table import Table

    for block in document.iter_inner_content():
        if isinstance(block, Table):
            yield from _rows(block)
            yield "\n"
        elif block.text.strip():
            yield _marked(block)


def _marked(paragraph: Any) -> str:
    text = paragraph.text.strip("\n")
    style = str(paragraph.style.name if paragraph.style is not None else "")
    if style == "Title":
        return f"# {text}\n\n"
    if style.startswith("Heading "):
        level = style.removeprefix("Heading ")
        return f"\n{'#' * (int(level) if level.isdecimal() and len(level) == 1 else 1)} {text}\n\n"
    if style.startswith("List") or paragraph._p.pPr is not None and paragraph._p.pPr.numPr is not None:
        return f"- {text}\n"
    return f"{text}\n\n"


def _rows(table: Any) -> Iterator[str]:
    for row in table.rows:
        cells: list[Any] = []
        for cell in row.cells:  # a cell that spans columns is listed once for each
            if not cells or cell._tc is not cells[-1]._tc:
                cells.append(cell)
        yield " | ".join(" ".join(cell.text.split()) for cell in cells) + "\n"

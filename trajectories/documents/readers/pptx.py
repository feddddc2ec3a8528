"""Presentations: slide after slide, titles as headings, tables, then the notes. Slides are parts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .archives import DAMAGED, check_archive
from .output import Output, Unreadable

LABEL = "PPTX"
_POWERPOINT = "application/vnd.openxmlformats-officedocument.presentationml"
MEDIA_TYPES = {
    ".pptx": f"{_POWERPOINT}.presentation",
    ".ppsx": f"{_POWERPOINT}.slideshow",
    ".pptm": "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
}


def read(source: Path, output: Output) -> None:
    check_archive(source, output)
    empty = []
    for number, slide in enumerate(_slides(source), 1):
        before = output.chars
        with output.part(f"Slide {number}"):
            output.write(_text_of(slide))
        if output.chars == before:
            empty.append(number)
        else:
            output.write("\n")
    for number in empty[:20]:
        output.warn(f"Slide {number} has no text.")


def _slides(source: Path) -> list[Any]:
    from lxml import etree
    from pptx.package import Package

    try:
        package = Package.open(str(source))  # pptx.Presentation refuses shows
        return list(package.main_document_part.presentation.slides)
    except (KeyError, ValueError, AttributeError, etree.XMLSyntaxError) as error:
        raise Unreadable(DAMAGED) from error


def _text_of(slide: Any) -> str:
    title = slide.shapes.title
    lines = [f"# {' '.join(title.text_frame.text.split())}\n"] if title is not None and title.text_frame.text else []
    for shape in _shapes(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            lines.extend(_lines(shape))
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None and frame.text.strip():
        lines.append(f"\nNotes: {frame.text.strip()}")
    return "\n".join(line.replace("\v", "\n") for line in lines) + "\n" if lines else ""


def _shapes(shapes: Any) -> Iterator[Any]:
    """With those inside of groups."""
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _lines(shape: Any) -> Iterator[str]:
    if shape.has_text_frame:
        for paragraph in shape.text_frame.paragraphs:
            if text := paragraph.text.strip():
                yield f"{'  ' * paragraph.level}- {text}" if shape.is_placeholder else text
    elif getattr(shape, "has_table", False):
        for row in shape.table.rows:
            yield " | ".join(" ".join(cell.text.split()) for cell in row.cells)

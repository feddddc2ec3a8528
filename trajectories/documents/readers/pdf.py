"""PDF, page by page. A form feed stands before every page but the first; pages are parts."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from .output import Output, Unreadable
from .pdf_layout import Layout, learn, spread, text_of
from .pdf_lines import lines_of

LABEL = "PDF"
MEDIA_TYPES = {".pdf": "application/pdf"}

_PASSWORD = "This PDF is protected by a password. Remove the password and upload it again."
_DAMAGED = "This file is not a PDF, or it is damaged. Open it in a viewer and save it again."
_MOST_NAMED = 8
_MOST_LEARNT_FROM = 12
_MOST_TITLES = 20_000
_LONGEST_TITLE = 300
_FULL_LINE = 40


def read(source: Path, output: Output) -> None:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        raise Unreadable(_PASSWORD if "password" in str(error).lower() else _DAMAGED) from error
    layout = _layout_of(document)
    empty, broken, before = [], [], ""
    for number in range(1, len(document) + 1):
        try:
            text = text_of(lines_of(document, number - 1), number - 1, layout)
        except pypdfium2.PdfiumError:
            broken.append(number)
            text = ""
        if number > 1:
            output.write(_page_break(before, text))
        before = text
        if number in broken[-1:]:
            continue
        if not text.strip():
            empty.append(number)
        with output.part(f"Page {number}"):
            output.write(text.rstrip() + "\n")
    _report(output, empty, "no text")
    _report(output, broken, "an error and could not be read")


def _page_break(before: str, after: str) -> str:
    """No blank line where a sentence goes on; a heading begins its line."""
    last = before.rstrip().rpartition("\n")[2]
    goes_on = len(last) > _FULL_LINE and (last[-1].isalnum() or last[-1] == ",") and after[:1].islower()
    return "\f" if goes_on else "\n\f\n" if after.startswith("#") else "\n\f"


def _layout_of(document: Any) -> Layout:
    import pypdfium2

    pages = []
    for index in spread(len(document), _MOST_LEARNT_FROM):
        try:
            pages.append((index, lines_of(document, index)))
        except pypdfium2.PdfiumError:
            continue
    return learn(pages, _titles(document), len(document))


def _titles(document: Any) -> dict[int, list[tuple[str, int]]]:
    """Of the outline, by index of the page, with their levels from 1."""
    titles: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for bookmark in islice(document.get_toc(), _MOST_TITLES):
        destination = bookmark.get_dest()
        index = destination.get_index() if destination else None
        if index is not None and (title := bookmark.get_title()[:_LONGEST_TITLE].strip()):
            titles[index].append((title, bookmark.level + 1))
    return titles


def _report(output: Output, pages: list[int], what: str) -> None:
    if len(pages) == 1:
        output.warn(f"Page {pages[0]} has {what}.")
    elif pages:
        output.warn(f"{len(pages)} pages have {what}: {_ranges(pages)}.")


def _ranges(pages: Iterable[int]) -> str:
    """[3, 4, 5, 12] → “3–5, 12”."""
    runs = [[number for _, number in run] for _, run in groupby(enumerate(pages), lambda pair: pair[1] - pair[0])]
    named = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    return ", ".join(named[:_MOST_NAMED]) + (" and others" if len(named) > _MOST_NAMED else "")

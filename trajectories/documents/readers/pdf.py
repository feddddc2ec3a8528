"""PDF, page by page. A form feed stands before every page but the first; pages are parts."""

import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from .output import Output, Unreadable

LABEL = "PDF"
MEDIA_TYPES = {".pdf": "application/pdf"}

_HYPHEN_AT_LINE_END = re.compile("[\x02\ufffe]\r?\n?")
_PASSWORD = "This PDF is protected by a password. Remove the password and upload it again."
_DAMAGED = "This file is not a PDF, or it is damaged. Open it in a viewer and save it again."
_MOST_NAMED = 8


def read(source: Path, output: Output) -> None:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        raise Unreadable(_PASSWORD if "password" in str(error).lower() else _DAMAGED) from error
    empty, broken = [], []
    for number in range(1, len(document) + 1):
        if number > 1:
            output.write("\n\f")
        try:
            text = _text_of(document, number - 1)
        except pypdfium2.PdfiumError:
            broken.append(number)
            continue
        if not text.strip():
            empty.append(number)
        with output.part(f"Page {number}"):
            output.write(text)
    _report(output, empty, "no text")
    _report(output, broken, "an error and could not be read")


def _text_of(document: "pypdfium2.PdfDocument", index: int) -> str:  # type: ignore[name-defined]  # noqa: F821
    page = document[index]
    try:
        textpage = page.get_textpage()
        try:
            return _HYPHEN_AT_LINE_END.sub("", str(textpage.get_text_range())).rstrip() + "\n"
        finally:
            textpage.close()
    finally:
        page.close()


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

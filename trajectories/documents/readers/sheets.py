"""Spreadsheets: every sheet as lines of cells with tabs between them. Sheets are parts."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from .archives import DAMAGED, check_archive
from .output import Output, Unreadable

LABEL = "XLSX"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml"
MEDIA_TYPES = {
    ".xlsx": f"{_EXCEL}.sheet",
    ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
    ".xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.12",
    ".xls": "application/vnd.ms-excel",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}


def read(source: Path, output: Output) -> None:
    import python_calamine

    with source.open("rb") as file:
        if file.read(2) == b"PK":
            check_archive(source, output)
    try:
        with python_calamine.CalamineWorkbook.from_path(str(source)) as book:
            for name in book.sheet_names:
                _read_sheet(book.get_sheet_by_name(name), name, output)
    except python_calamine.PasswordError as error:
        raise Unreadable("This workbook is protected by a password. Remove it and upload the file again.") from error
    except python_calamine.CalamineError as error:
        raise Unreadable(DAMAGED) from error


def _read_sheet(sheet: Any, name: str, output: Output) -> None:
    before, empty = output.mark(), True
    output.write(f"# {name}\n\n")
    with output.part(name):
        for row in sheet.iter_rows():
            line = "\t".join(map(_shown, row)).rstrip("\t")
            output.write(line + "\n")
            empty = empty and not line
    output.write("\n")
    if empty:
        output.cut(before)
        output.warn(f"The sheet “{name}” is empty.")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time | timedelta):
        return str(value)
    return " ".join(str(value).split())

"""The process that reads one file: `child.py SOURCE NAME FOLDER MEMORY SECONDS FILE_BYTES`.

It writes FOLDER/text (UTF-8) and FOLDER/result.json, `{media_type, warnings, parts}` or `{error}`. Whoever started it
trusts neither: the file may have taken this process over."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

NO_TEXT = "There is no text in this file. If it shows pictures of pages, run text recognition (OCR) over it first."
TOO_MUCH_MEMORY = "This file needs more memory than a reader may have. Split it, or save its text as plain text."


def main(arguments: list[str]) -> None:
    source, name, folder = Path(arguments[0]), arguments[1], Path(arguments[2])
    memory, seconds, file_bytes = map(int, arguments[3:6])
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

    from readers.confinement import confine

    confine(source, folder, memory=memory, seconds=seconds, file_bytes=file_bytes)
    (folder / "result.json").write_text(json.dumps(read(source, name, folder)))


def read(source: Path, name: str, folder: Path) -> dict[str, object]:
    from readers.choosing import read_any
    from readers.output import Output, Unreadable

    try:
        with Output(folder / "text") as output:
            media_type = read_any(source, name, output)
    except Unreadable as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": TOO_MUCH_MEMORY}
    if output.blank:
        return {"error": NO_TEXT}
    parts = [asdict(part) for part in output.parts]
    return {"media_type": media_type, "warnings": output.warnings, "parts": parts}


if __name__ == "__main__":
    main(sys.argv[1:])

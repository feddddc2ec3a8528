"""The process that draws one picture of a file: `picture_child.py SOURCE FOLDER NUMBER MEMORY SECONDS FILE_BYTES`.

It writes FOLDER/picture, a JPEG no larger than a model looks at: page NUMBER of a PDF, or the picture of a file.
Whoever started it trusts it no more than the file."""

import sys
from pathlib import Path
from typing import Any

LONGEST_SIDE = 1_568
"""Pixels; larger pictures are made smaller by the providers anyway."""
MOST_PIXELS = 100_000_000
QUALITY = 85


def main(arguments: list[str]) -> None:
    source, folder, number = Path(arguments[0]), Path(arguments[1]), int(arguments[2])
    memory, seconds, file_bytes = map(int, arguments[3:6])
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

    from readers.confinement import confine

    confine(source, folder, memory=memory, seconds=seconds, file_bytes=file_bytes)
    picture = _page(source, number) if source.open("rb").read(5) == b"%PDF-" else _picture(source)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    picture.convert("RGB").save(folder / "picture", "JPEG", quality=QUALITY)


def _page(source: Path, number: int) -> Any:
    import pypdfium2

    page = pypdfium2.PdfDocument(source)[number]
    longest = max(page.get_size())
    return page.render(scale=min(4.0, LONGEST_SIDE / max(1.0, longest))).to_pil()


def _picture(source: Path) -> Any:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    picture = Image.open(source)
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    return picture


if __name__ == "__main__":
    main(sys.argv[1:])

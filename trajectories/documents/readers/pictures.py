"""Picture files. They have no text of their own; models that take images can be asked about them."""

from pathlib import Path

from .output import Output, Unreadable

LABEL = "pictures"
MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


def read(source: Path, output: Output) -> None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(source) as picture:
            width, height = picture.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise Unreadable("This file is not a picture, or it is damaged. Save it again.") from error
    with output.part("Picture"):
        output.write(f"[A picture of {width:,} × {height:,} pixels, without text of its own]\n")
    output.warn("A picture has no text. Ask a model that takes images about it: llm_call(prompt, images=[images[0]]).")

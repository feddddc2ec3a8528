"""Files inside of other files: each becomes a part under a line with its name, or a warning why not."""

from pathlib import Path

from .output import Output, Unreadable

DEEPEST = 3
"""Archives within archives."""


def read_inner(path: Path, name: str, output: Output) -> None:
    """Reads an unpacked file into `output` and removes it."""
    from .choosing import read_any  # which knows all readers, those of archives too

    output.archives += 1
    before = output.mark()
    try:
        if output.archives > DEEPEST:
            raise Unreadable(f"Archives are opened {DEEPEST} levels deep, not deeper.")
        output.write(f"===== {name} =====\n\n")
        with output.part(name):
            read_any(path, name, output)
        output.write("\n\n")
    except Unreadable as error:
        output.cut(before)
        output.warn(f"{name} was left out. {error}")
    finally:
        output.archives -= 1
        path.unlink(missing_ok=True)

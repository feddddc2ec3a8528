"""What a file may be called here: the names that come from outside are hostile."""

import re
import unicodedata
from pathlib import PurePosixPath

LONGEST = 255
UNNAMED = "untitled"

_SPACES = re.compile(r"\s+")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that show nothing or turn the text around them: controls, formats, surrogates, separators."""


def clean_name(name: str) -> str:
    """A name to show and keep: no folders, nothing invisible, at most 255 characters, the extension kept."""
    shown = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    shown = shown.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = _SPACES.sub(" ", shown)
    shown = "".join(letter for letter in shown if unicodedata.category(letter) not in _INVISIBLE).strip()
    if not shown.strip(". "):
        return UNNAMED
    return _shortened(shown)


def _shortened(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    ending = PurePosixPath(name).suffix[:20]
    return name[: LONGEST - 1 - len(ending)].rstrip() + "…" + ending

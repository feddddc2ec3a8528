"""Joins ES modules into one script, for a page that cannot load files: each module becomes a function that is called
once, before all that need it. No more of the language is understood than our own modules use; what is not, is said.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

IMPORT = re.compile(r"^import\s+(?:(?P<names>\{[^}]*\})\s+from\s+)?'(?P<path>\.{1,2}/[^']+)';[^\n]*$", re.MULTILINE)
EXPORT = re.compile(
    r"^export\s+(?P<what>(?:async\s+)?function\*?|class|const)\s+(?P<name>[A-Za-z_$][\w$]*)", re.MULTILINE
)
STRANGE = re.compile(r"^(?:import\b|export\b)[^\n]*|\bimport\s*\(|\bimport\.meta\b", re.MULTILINE)
MARKUP = re.compile(r"</script|<!--", re.IGNORECASE)
"""Would end the script, or begin a comment in it, where it stands in a page."""
COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
"""Good enough for a look at what is left: types in comments import too."""
RENAMED = re.compile(r"\s+as\s+")


class BundleError(Exception):
    """A module uses something that cannot be joined."""


def bundle(folder: Path, entry: str) -> str:
    """The script that does what `<script type="module" src="ENTRY">` would. Raises `BundleError`."""
    texts: dict[str, str] = {}
    order = list(_in_order(folder, PurePosixPath(entry), texts, ()))
    names = {path: f"m{number}" for number, path in enumerate(order)}
    functions = [_function(path, texts[path], names) for path in order]
    return "'use strict';\n" + "\n".join(functions) + "\n"


def _in_order(folder: Path, path: PurePosixPath, texts: dict[str, str], above: tuple[str, ...]) -> Iterator[str]:
    """A module after all that it needs, each once."""
    key = str(path)
    if key in above:
        raise BundleError(f"{' → '.join(above)} → {key} is a circle of imports.")
    if key in texts:
        return
    texts[key] = text = (folder / path).read_text("utf-8")
    for found in IMPORT.finditer(text):
        yield from _in_order(folder, _resolved(path, found["path"]), texts, (*above, key))
    yield key


def _resolved(path: PurePosixPath, target: str) -> PurePosixPath:
    parts: list[str] = []
    for part in (path.parent / target).parts:
        if part == "..":
            if not parts:
                raise BundleError(f"{path} imports {target!r}, which lies outside.")
            parts.pop()
        elif part != ".":
            parts.append(part)
    return PurePosixPath(*parts)


def _function(path: str, text: str, names: dict[str, str]) -> str:
    exported = [found["name"] for found in EXPORT.finditer(text)]

    def importing(found: re.Match[str]) -> str:
        if not found["names"]:
            return ""
        target = names[str(_resolved(PurePosixPath(path), found["path"]))]
        return f"const {RENAMED.sub(': ', found['names'])} = {target};"

    body = EXPORT.sub(r"\g<what> \g<name>", IMPORT.sub(importing, text))
    strange = STRANGE.search(COMMENT.sub("", body)) or MARKUP.search(body)
    if strange:
        raise BundleError(f"{path}: {strange[0].strip()[:80]!r} cannot be joined into one script.")
    given = f"return {{ {', '.join(exported)} }};" if exported else ""
    return f"// {path}\nconst {names[path]} = (() => {{\n{body.strip()}\n{given}\n}})();"

"""Python as it is compared: two cells are the same code when their syntax trees are, whatever their layout."""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

LONGEST_PARSED = 60_000
"""Characters; longer code is compared line by line."""
MOST_PARSED = 1_500
"""Cells of one comparison; what is beyond is compared line by line."""
MOST_PIECES = 400
WORD = re.compile(r"\w{2,}")

Fetch = Callable[[Iterable[str]], Mapping[str, str]]
"""Hashes → texts; those that are gone are left out."""


@dataclass(frozen=True, slots=True)
class Code:
    normal: str
    """Equal for two cells that differ in layout and comments only. Names, strings and numbers stay as they are."""
    pieces: frozenset[str]
    """Lines and words of it: the more two cells share, the more alike they are."""


def normal_code(source: str, *, parse: bool = True) -> Code:
    normal = _unparsed(source) if parse and len(source) <= LONGEST_PARSED else None
    if normal is None:
        normal = "\n".join(" ".join(line.split()) for line in source.splitlines() if line.strip())
    lines = normal.splitlines()[:MOST_PIECES]
    words = WORD.findall(normal[: MOST_PIECES * 40])[:MOST_PIECES]
    return Code(normal, frozenset([*(line.strip() for line in lines), *words]))


def _unparsed(source: str) -> str | None:
    """None where it is no Python that can be parsed; the model's code is hostile."""
    try:
        return ast.unparse(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class Codes:
    """The code of a comparison's cells by hash, each fetched and parsed once."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._known: dict[str, Code] = {}
        self._sources: dict[str, str] = {}

    def load(self, shas: Iterable[str]) -> None:
        """Fetches many at once."""
        missing = [sha for sha in dict.fromkeys(shas) if sha not in self._sources]
        if missing:
            self._sources |= dict.fromkeys(missing, "") | dict(self._fetch(missing))

    def source(self, sha: str) -> str:
        """As it was written; empty where it is gone."""
        self.load([sha])
        return self._sources[sha]

    def __getitem__(self, sha: str) -> Code:
        if sha not in self._known:
            self._known[sha] = normal_code(self.source(sha), parse=len(self._known) < MOST_PARSED)
        return self._known[sha]

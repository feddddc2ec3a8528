"""What a text must contain, as an expression that takes time in proportion to the text, whatever it is.

RE2 knows neither look-arounds nor back-references, and so no expression can make it hang. It compares UTF-8 without
regard to case, reads memory as it lies there, and lets other threads run meanwhile.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from trajectories.search.query import Says, WrongQuery

LONGEST = 200
"""Characters of one text to look for."""
MOST_LOOKED_AT = 16 << 20
"""Bytes of one text that a regular expression looks at."""
MEMORY = 8 << 20
"""Bytes that one expression may take."""
_WHITE = r"[\s\p{Z}]+"

Span = tuple[int, int]
"""In bytes."""


@dataclass(frozen=True, slots=True)
class Pattern:
    says: Says
    compiled: Any

    @property
    def is_words(self) -> bool:
        """No regular expression: what it finds depends on nothing around it."""
        return not self.says.is_expression

    def first(self, text: bytes) -> Span | None:
        """Where a text has it first."""
        return self.next(text if self.is_words else text[:MOST_LOOKED_AT], 0)

    def next(self, text: bytes, at: int) -> Span | None:
        match = self.compiled.search(text, at)
        return None if match is None else match.span()


@lru_cache(256)
def pattern(says: Says) -> Pattern:
    """Raises `WrongQuery` for an expression that is none, or is too long."""
    if len(says.text) > LONGEST:
        raise WrongQuery(f"A text to look for may have at most {LONGEST} characters; shorten “{says.text[:20]}…”.")
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MEMORY
    source = f"(?m){says.text}" if says.is_expression else words(says.text)
    try:
        compiled = re2.compile(source.encode("utf-8", "replace").decode(), options)
    except re2.error as error:
        raise WrongQuery(_refusal(says.text, error)) from None
    if compiled.search(b"") is not None:
        raise WrongQuery(f"The expression /{says.text[:60]}/ fits any text; say what must be there.")
    return Pattern(says, compiled)


def words(text: str) -> str:
    """Words with any white space between them."""
    return _WHITE.join(re2.escape(word) for word in text.split())


def _refusal(text: str, error: Exception) -> str:
    reason = error.args[0] if error.args else b""
    said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    said = said.replace("(?m)", "").rstrip(": ")
    if re.search(r"perl operator|invalid escape sequence: \\\d", said):
        said = "look-arounds and back-references are not known here"
    elif "too large" in said or "repetition size" in said:
        said = "it repeats too much"
    return f"The expression /{text[:60]}/ cannot be used ({said[:100]}); correct it, or put the text in quotes."

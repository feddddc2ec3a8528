"""A hit as it is shown: where it stands in its text, and the words around it."""

from dataclasses import dataclass

BEFORE, AFTER = 48, 120
"""Characters shown on each side."""
LONGEST_HIT = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    start: int
    end: int
    """In characters of the text."""
    before: str
    hit: str
    after: str
    """On one line; an ellipsis where more follows."""


def snippet(text: bytes, span: tuple[int, int]) -> Snippet:
    """`span`: bytes of the hit in this text in UTF-8. Costs no more for a long text than counting its letters."""
    start, end = span
    before, hit, after = text[max(0, start - 4 * BEFORE - 4) : start], text[start:end], text[end : end + 4 * AFTER + 4]
    at = chars(text[:start])
    length = chars(hit)
    left = before.decode("utf-8", "ignore")
    right = after.decode("utf-8", "ignore")
    shown = hit.decode("utf-8", "replace")
    return Snippet(
        start=at,
        end=at + length,
        before=("…" if at > BEFORE else "") + one_line(left[-BEFORE:]),
        hit=one_line(shown[:LONGEST_HIT]) + ("…" if length > LONGEST_HIT else ""),
        after=one_line(right[:AFTER]) + ("…" if len(right) > AFTER else ""),
    )


def chars(text: bytes) -> int:
    return len(text) if text.isascii() else len(text.decode("utf-8", "replace"))


def one_line(text: str) -> str:
    return "".join(" " if sign.isspace() or not sign.isprintable() else sign for sign in text)

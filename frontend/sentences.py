"""Where the sentences of a text begin and end. Rules, not a model: the same text always gives the same sentences.

A full stop ends a sentence only where what follows looks like a beginning, so abbreviations, initials and numbers stay
whole. When in doubt two sentences stay one: a mark that is too wide says less that is wrong than one on half a thought.
"""

import re
from collections.abc import Iterator

STOPS = ".!?…"
"""End a sentence when white space and a beginning follow."""
WIDE_STOPS = "。！？｡؟।۔"
"""End a sentence wherever they stand: no space follows them, or they mean nothing else."""
CLOSERS = "\"'”’»›)]}」』）】〉》"
"""Belong to the sentence whose stop they follow."""
NEVER_LAST = frozenset(
    "mr mrs ms dr prof st sr vs eg ie e.g i.e cf approx viz incl excl dept lt sgt rev al z.b d.h u.a bzw vgl evtl ggf "
    "ca".split()
)
"""Abbreviations after which a sentence goes on, whatever follows."""
BEFORE_NUMBERS = frozenset("no nos nr fig figs eq eqs sec ch vol p pp pg art abb abs bd par".split())
"""Words that are abbreviations where a number follows."""
LONGEST_WORD = 40

_STOP = re.compile(
    rf"(?<![{re.escape(STOPS)}])[{re.escape(STOPS)}]++[{re.escape(CLOSERS)}]*+(?=\s|$)"
    rf"|[{WIDE_STOPS}]++[{re.escape(CLOSERS)}]*+"
)
_BRACKETS = re.compile(r"\s*[(（]([^()（）]*)[)）]")
_LAST_WORD = re.compile(r"[^\s(\[“\"'«]*$")
_INITIAL = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
"""“J”, “U.S”: letters each followed by a full stop."""


def sentences(text: str) -> list[tuple[int, int]]:
    """[start, end) of each, without the white space around it. What has neither letter nor digit is none."""
    found = []
    start = 0
    for end in _ends(text):
        piece = text[start:end]
        if any(sign.isalnum() for sign in piece):
            begin = start + len(piece) - len(piece.lstrip())
            found.append((begin, begin + len(piece.strip())))
        start = end
    return found


def _ends(text: str) -> Iterator[int]:
    start = 0
    for stop in _STOP.finditer(text):
        wide = text[stop.start()] in WIDE_STOPS
        if wide or _ends_here(text, start, stop):
            yield stop.end()
            start = stop.end()
    if start < len(text):
        yield len(text)


def _is_remark(text: str, at: int) -> bool:
    """Whether brackets follow that hold no sentence of their own: they belong to the sentence before."""
    found = _BRACKETS.match(text, at, at + 10 * LONGEST_WORD)
    return found is not None and not found[1].rstrip().endswith(tuple(STOPS + WIDE_STOPS))


def _ends_here(text: str, start: int, stop: re.Match[str]) -> bool:
    """Whether this stop ends the sentence that began at `start`."""
    following = text[stop.end() : stop.end() + LONGEST_WORD].lstrip()[:1]
    if following.islower() or _is_remark(text, stop.end()):
        return False
    if stop[0][0] != "." or stop[0].startswith(".."):
        return True
    opening = max(start, stop.start() - LONGEST_WORD)
    found = _LAST_WORD.search(text, opening, stop.start())
    word = found[0].lower() if found else ""
    if word in NEVER_LAST or (word in BEFORE_NUMBERS and following.isdigit()):
        return False
    if word.isdecimal():  # “1.” opens a sentence, “in 1790.” ends one
        return bool(text[opening : stop.start() - len(word)].strip())
    return not (_INITIAL.fullmatch(word) and following)

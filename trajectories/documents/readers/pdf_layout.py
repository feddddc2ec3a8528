"""From lines of a PDF page to text: headings get #, paragraphs a blank line between them, running titles go.

What is usual in a document (size of its letters, distance of its lines, what stands above and below every page) is
learnt from a few of its pages; what its outline calls a section is a heading. Where a page does not say how it is set,
its lines follow one another as they came.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from .pdf_lines import Line

FEWEST_PAGES = 4
"""A line that stands on fewer is not called a running title."""
MOST_HEADING_LINES = 3
"""Of a heading that is guessed."""
MOST_TITLE_LINES = 6
BOLD = 600
DEEPEST = 6

_NUMBER = re.compile(
    r"^\s*(?:(?:chapter|section|appendix|part)\s+)?(\d+(?:\.\d+)*|[A-Z](?:\.\d+)+|[A-Z]\.)[.:)]?(?=\s|$)", re.IGNORECASE
)
_NOT_LETTERS = re.compile(r"[\W_]+")
_PAGE_NUMBER = re.compile(r"^(\d{1,5}|[ivxl]{1,8})(?=\s|$)|(?<!\S)(\d{1,5}|[ivxl]{1,8})$", re.IGNORECASE)
_BULLET = re.compile(r"^[•‣◦▪●○■–—-]\s")
_ENDS_SENTENCE = re.compile(r"[.!?:;…。][\"”’»)\]\d]*$")
_ENDS_LIKE_TEXT = re.compile(r"[.,;:]$")
_MARKED = re.compile(r"#{1,6}\s")
"""What would look like a heading at the start of a line: comments in code."""
_LEADERS = re.compile(r"(?:\. ?){4,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a document is set."""

    size: float = 0.0
    """Of most letters."""
    weight: int = 0
    spacing: float = 1.2
    """Usual distance of lines, in sizes of their letters."""
    running: frozenset[int] = frozenset()
    """Heights, in whole points, at which most pages have their first or last line."""
    repeated: frozenset[str] = frozenset()
    """What stands there on many pages, without its digits."""
    first_number: int | None = None
    """What is printed as the number of the first page, or would be if it had one; None: pages have no numbers."""
    titles: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    """By index of the page: titles of the outline, and their levels from 1."""
    outlined: bool = False
    """The outline says so much that headings are not guessed."""


def learn(pages: Sequence[tuple[int, Sequence[Line]]], titles: dict[int, list[tuple[str, int]]], count: int) -> Layout:
    """From some pages (with their indexes), the outline's titles and the number of pages."""
    styles: Counter[tuple[float, int]] = Counter()
    distances: Counter[float] = Counter()
    for _, lines in pages:
        for line, after in zip_longest(lines, lines[1:]):
            styles[line.size, line.weight] += len(line.text) if line.size else 0
            if after and line.size and after.size == line.size and 0.9 < (line.y - after.y) / line.size < 3:
                distances[round((line.y - after.y) / line.size, 1)] += 1
    size, weight = styles.most_common(1)[0][0] if styles else (0.0, 0)
    running, repeated, first_number = _running_titles(pages) if count >= FEWEST_PAGES else (set(), set(), None)
    return Layout(
        size=size,
        weight=weight,
        spacing=distances.most_common(1)[0][0] if distances else 1.2,
        running=frozenset(running),
        repeated=frozenset(repeated),
        first_number=first_number,
        titles=titles,
        outlined=sum(map(len, titles.values())) >= max(3, count / 4),
    )


def text_of(lines: Sequence[Line], index: int, layout: Layout) -> str:
    """The text of the page of this index."""
    lines = [line for line in lines if line.text]
    kept = [line for line in lines if not _is_running_title(line, index, layout)] or lines
    return _Page(kept, index, layout).text()


# ---- what stands above and below the text of every page


def _running_titles(pages: Sequence[tuple[int, Sequence[Line]]]) -> tuple[set[int], set[str], int | None]:
    heights: Counter[int] = Counter()
    wordings: Counter[str] = Counter()
    firsts: Counter[int] = Counter()
    full = [(index, lines) for index, lines in pages if len(lines) > 2 and all(line.size for line in lines)]
    for index, lines in full:
        outer = {round(max(line.y for line in lines)), round(min(line.y for line in lines))}
        heights.update(outer)
        edges = [line.text for line in lines if round(line.y) in outer]
        wordings.update({_NOT_LETTERS.sub(" ", re.sub(r"\d", "", text)).strip() for text in edges})
        firsts.update({number - index for text in edges for number in _page_numbers(text)})
    enough = max(FEWEST_PAGES - 1, 0.3 * len(full))
    running = {height for height, times in heights.items() if times >= max(enough, 0.6 * len(full))}
    first, times = firsts.most_common(1)[0] if firsts else (0, 0)
    repeated = {wording for wording, often in wordings.items() if wording and often >= enough}
    return running, repeated, first if times >= max(enough, 0.5 * len(full)) else None


def _page_numbers(text: str) -> list[int]:
    return [int(word) for word in _edge_words(text) if word.isdigit()]


def _is_running_title(line: Line, index: int, layout: Layout) -> bool:
    """Only when it stands where they do, and says what they say or has the page's number."""
    if not line.size or not any(abs(line.y - height) <= 1 for height in layout.running) or len(line.text) > 150:
        return False
    if _NOT_LETTERS.sub(" ", re.sub(r"\d", "", line.text)).strip() in layout.repeated:
        return True
    if layout.first_number is None:
        return False
    number = index + layout.first_number
    is_roman = number < 1 and any(not digits.isdigit() for digits in _edge_words(line.text))
    return number in _page_numbers(line.text) or is_roman


def _edge_words(text: str) -> list[str]:
    return [word for match in _PAGE_NUMBER.finditer(text) for word in match.groups() if word]


# ---- headings


def _joined(lines: Sequence[Line]) -> str:
    return "".join(line.text + ("" if line.goes_on else " ") for line in lines).strip()


def _plain(text: str) -> str:
    return _NOT_LETTERS.sub("", text).casefold()


def _bare(text: str) -> str:
    """Without the number before it."""
    return _plain(_NUMBER.sub("", text))


def _headings(lines: Sequence[Line], index: int, layout: Layout) -> dict[int, tuple[int, int]]:
    """First line of a heading → number of its lines, and its level."""
    found: dict[int, tuple[int, int]] = {}
    for title, level in layout.titles.get(index, ()):
        places = [(start, count) for start in range(len(lines)) if (count := _lines_of_title(lines, start, title))]
        free = [place for place in places if place[0] not in found]
        if free:
            start, count = max(free, key=lambda place: (lines[place[0]].size, lines[place[0]].weight, -place[0]))
            found[start] = count, min(level, DEEPEST)
    return found if layout.outlined else {**_guessed_headings(lines, layout), **found}


def _lines_of_title(lines: Sequence[Line], start: int, title: str) -> int:
    """How many lines from this one on are the title, number or not; 0 when they are not."""
    wanted = {_plain(title), _bare(title)} - {""}
    for count in range(1, MOST_TITLE_LINES + 1):
        if start + count > len(lines):
            break
        text = _joined(lines[start : start + count])
        if {_plain(text), _bare(text)} & wanted:
            return count
        if not any(plain.startswith(_bare(text)) for plain in wanted):
            break
    return 0


def _guessed_headings(lines: Sequence[Line], layout: Layout) -> dict[int, tuple[int, int]]:
    """By their letters: larger than the text, or bold and apart from it or numbered."""
    found: dict[int, tuple[int, int]] = {}
    at = 0
    while at < len(lines):
        end = at + 1
        while end < len(lines) and _same_letters(lines[end - 1], lines[end]) and not _begins(lines, end, layout):
            end += 1
        if end - at <= MOST_HEADING_LINES and (level := _guessed_level(lines, at, end, layout)):
            found[at] = end - at, level
        at = end
    return found


def _same_letters(line: Line, other: Line) -> bool:
    return abs(line.size - other.size) < 1 and (line.weight >= BOLD) == (other.weight >= BOLD)


def _guessed_level(lines: Sequence[Line], at: int, end: int, layout: Layout) -> int:
    """0 for what is no heading."""
    text, line = _joined(lines[at:end]), lines[at]
    if not layout.size or not line.size or len(text) > 150 or len(text.split()) > 20:
        return 0
    if not any(letter.isalpha() for letter in text) or _ENDS_LIKE_TEXT.search(text) or _LEADERS.search(text):
        return 0
    ratio, number = line.size / layout.size, _NUMBER.match(text)
    is_bold = line.weight >= layout.weight + 100 and line.weight >= BOLD and ratio > 0.95
    is_apart = (at == 0 or _begins(lines, at, layout)) and end < len(lines) and _gap_is_wide(lines, end, layout)
    if ratio < 1.12 and not (is_bold and (number or is_apart)):
        return 0
    if number and not text.isdigit():
        return min(number[1].strip(".").count(".") + 1, DEEPEST)
    return 1 if ratio > 1.7 else 2 if ratio > 1.3 else 3 if ratio >= 1.12 else 4


# ---- paragraphs


def _begins(lines: Sequence[Line], at: int, layout: Layout) -> bool:
    """Whether a new paragraph begins with this line, which is not the first."""
    before, line = lines[at - 1], lines[at]
    if before.goes_on or not before.size or not line.size:
        return False
    if line.noted or abs(before.size - line.size) > 0.12 * max(before.size, line.size):
        return True
    down = (before.y - line.y) / max(before.size, line.size)
    if abs(down) < 0.3:
        return False
    if down < 0:  # the next column
        return bool(_ENDS_SENTENCE.search(before.text)) or not line.text[0].islower()
    return _gap_is_wide(lines, at, layout) or _is_first_of_indented(lines, at)


def _gap_is_wide(lines: Sequence[Line], at: int, layout: Layout) -> bool:
    before, line = lines[at - 1], lines[at]
    return before.y - line.y > 1.27 * layout.spacing * max(before.size, line.size)


def _is_first_of_indented(lines: Sequence[Line], at: int) -> bool:
    """A first line that stands further in than the lines before and after it."""
    before, line = lines[at - 1], lines[at]
    after = lines[at + 1] if at + 1 < len(lines) else None
    if not 0.7 * line.size < line.x - before.x < 4 * line.size or _BULLET.match(before.text):
        return False
    goes_back = after is not None and abs(after.x - before.x) < 1.5 and after.y < line.y
    return goes_back and bool(_ENDS_SENTENCE.search(before.text))


@dataclass(slots=True)
class _Page:
    lines: Sequence[Line]
    index: int
    layout: Layout

    def text(self) -> str:
        headings = _headings(self.lines, self.index, self.layout)
        pieces: list[str] = []
        at, after_heading, term = 0, False, None
        while at < len(self.lines):
            if at in headings:
                count, level = headings[at]
                title = _joined(self.lines[at : at + count])
                pieces += [*_blank_line(pieces), "#" * level, " ", title, "\n"]
                at, after_heading, term = at + count, True, None
                continue
            if at and (after_heading or _begins(self.lines, at, self.layout)):
                pieces += _blank_line(pieces)
            term = None if after_heading else self._term_above(at, term)
            line = self.lines[at]
            is_indented = term is not None or _MARKED.match(line.text)
            pieces += ["    " if is_indented else "", line.text, "" if line.goes_on else "\n"]
            at, after_heading = at + 1, False
        return "".join(pieces)

    def _term_above(self, at: int, term: float | None) -> float | None:
        """Where the definition stands in to which this line belongs; None when it belongs to none."""
        line = self.lines[at]
        if term is not None and line.size and line.x > term - 1:
            return term
        before = self.lines[at - 1] if at else None
        if before is None or not before.size or not line.size or before.goes_on or _BULLET.match(before.text):
            return None
        after = self.lines[at + 1] if at + 1 < len(self.lines) else None
        is_apart = before.weight != line.weight or (after is not None and abs(after.x - line.x) < 1)
        is_below = 0 < before.y - line.y < 2 * self.layout.spacing * line.size
        is_deeper = 1.2 * line.size < line.x - before.x < 8 * line.size
        return line.x if len(before.text) < 70 and is_apart and is_below and is_deeper else None


def _blank_line(pieces: Sequence[str]) -> list[str]:
    """What is missing for one, below these pieces."""
    return [] if not pieces else ["\n"] if pieces[-1] == "\n" else ["\n\n"]


def spread(count: int, most: int) -> Iterable[int]:
    """Indexes of at most so many pages from all over the document, in pairs: left and right pages differ."""
    if count <= most:
        return range(count)
    pairs = most // 2
    starts: defaultdict[int, None] = defaultdict(None)
    for number in range(pairs):
        start = (count - 2) * (2 * number + 1) // (2 * pairs)
        starts[start], starts[start + 1] = None, None
    return list(starts)

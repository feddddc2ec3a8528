"""A text as sentences with exact offsets, and what each of them is: prose, list item, table row, term or heading.

Made for real documents: hard-wrapped lines, numbered and underlined headings, lists with lead-ins, definition lists,
tables, tables of contents. `text[sentence.start:sentence.end]` is the sentence; nothing is changed or moved.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["prose", "item", "row", "term", "heading", "contents", "run_in"]
"""`term`: the line above its indented definition. `contents`: a line of a table of contents. `run_in`: a heading at
the start of a paragraph ("Overview. The …")."""

LONGEST = 700
"""Characters of a sentence; a longer one is cut at a semicolon, a colon or a line's end."""
UNDERLINES = '#*=-^"~+'
"""Characters that underline headings, highest level first."""

_ABBREVIATIONS = frozenset(
    """mr mrs ms dr prof st no nos vol vs etc e.g i.e eg ie cf fig figs sec ch art inc ltd co corp jr sr gen col lt capt
    sgt rev hon approx dept est ed eds al pp p op cit jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k u.n a.m
    p.m ph.d""".split()
)
_UNDERLINE = re.compile(r"^\s*([=\-~*^\"#+])\1{2,}\s*$")
_NUMBERED = re.compile(
    r"^\s{0,3}((?:Chapter|Section|Appendix|Part)\s+[\dA-Z]+\b|(?:\d{1,3}|[A-Z])(?:\.\d{1,3})*\.?)\s+(\S.{0,90})$"
)
_MARKDOWN = re.compile(r"^\s{0,3}(#{1,6})\s+(\S.*)")
_BULLET = re.compile(r"^(\s*)(?:[-*•‣◦·–+]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)])\s+(?=\S)")
_ROW = re.compile(r"\S {3,}\S.* {3,}\S|^[+|│┌└├][-=+│┌└├─┬┼┴|]|\|.*\||\t.*\t")
_BOUNDARY = re.compile(
    r"(?<!\.\.\.)[.!?…][\"”’')\]]*(?:\[\d+\])*(?=\s+[\"“‘'(\[*]*[A-Z0-9À-Ž])"  # end, quotes, references, then a capital
    r"|[.!?][\"”’')\]]*(?:\[\d+\])+(?=[A-Z])"  # end.[12]Next, as in dumps of web pages
    r"|[。！？]"
    r"|(?<=[a-z)\]][.!?])(?=[A-Z][a-z])"
    r"|(?<=[a-z][.!?][\"”])(?=[A-Z][a-z])"
)
_LAST_WORD = re.compile(r"\S+$")
_INITIALS = re.compile(r"[a-z](\.[a-z])*")
_NUMBER = re.compile(r"[\d.]+")
_DOT_LEADERS = re.compile(r"(\. ?){4,}\s*\d*$")
_SPEAKS = re.compile(
    r"\b(the|an?|this|these|it|they|he|she|is|are|was|were|must|should|may|can|do|does|see|not|you|we|i|has|have|had|will)\b",
    re.IGNORECASE,
)
"""Words that stand in sentences, but hardly in headings."""


@dataclass(slots=True)
class Sentence:
    start: int
    end: int
    kind: Kind
    section: int
    """Index into `Segments.sections`."""
    lead: int
    """Index of the sentence that introduces this one (`The fields are:`, or its term), or -1."""
    paragraph: int
    """Sentences of one paragraph, item or row share this number."""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    level: int
    parent: int
    """Index of the section around it; the first section (0) is the text before any heading and its own parent."""


@dataclass(frozen=True, slots=True)
class Segments:
    sentences: list[Sentence]
    sections: list[Section]

    def path(self, section: int) -> list[str]:
        """Titles from the outermost section to this one."""
        titles: list[str] = []
        while section:
            titles.append(self.sections[section].title)
            section = self.sections[section].parent
        return titles[::-1]


def segment(text: str, above: str = "") -> Segments:
    """`above`: the title of the section in which the text begins, when it is a piece of a larger one."""
    segments = _Segmenter(text, above).run()
    _mark_contents(text, segments)
    _mark_run_in_headings(text, segments.sentences)
    return segments


@dataclass(slots=True)
class _Segmenter:
    """Reads line by line: each is a heading, a row, or begins a block of prose or an item."""

    text: str
    above: str
    lines: list[tuple[int, str]] = field(default_factory=list)
    """Offset and line."""
    sentences: list[Sentence] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    open_sections: list[int] = field(default_factory=lambda: [0])
    paragraph: int = 0
    lead: int = -1

    def run(self) -> Segments:
        self.sections.append(Section("", 0, 0))
        if self.above:
            self.sections.append(Section(self.above, _level_of(self.above), 0))
            self.open_sections.append(1)
        offset = 0
        for line in self.text.split("\n"):
            self.lines.append((offset, line))
            offset += len(line) + 1
        at = 0
        while at < len(self.lines):
            at = self._take(at)
        return Segments(self.sentences, self.sections)

    def _take(self, at: int) -> int:
        """Takes what begins at this line; gives the number of the next line."""
        offset, line = self.lines[at]
        stripped = line.strip()
        if not stripped or _UNDERLINE.match(line):
            return at + 1
        if markdown := _MARKDOWN.match(line.rstrip()):
            return self._heading(at, markdown[2], len(markdown[1]), lines=1)
        if self._is_underlined(at):
            return self._heading(at, stripped, self._underlined_level(at), lines=2)
        if (level := self._plain_heading_level(at)) is not None:
            return self._heading(at, stripped, level, lines=1)
        if _ROW.search(line):
            if re.search(r"\w", line):
                start = offset + len(line) - len(line.lstrip())
                self._add(start, offset + len(line.rstrip()), "row", self.lead)
            return at + 1
        return self._block(at)

    def _heading(self, at: int, title: str, level: int, lines: int) -> int:
        offset, line = self.lines[at]
        self.paragraph += 1
        while len(self.open_sections) > 1 and self.sections[self.open_sections[-1]].level >= level:
            self.open_sections.pop()
        self.sections.append(Section(title, level, self.open_sections[-1]))
        self.open_sections.append(len(self.sections) - 1)
        self._add(offset + len(line) - len(line.lstrip()), offset + len(line.rstrip()), "heading", -1)
        self.lead = -1
        return at + lines

    def _is_underlined(self, at: int) -> bool:
        title, below = self.lines[at][1].strip(), self._line(at + 1)
        if not _UNDERLINE.match(below) or len(title) >= 100:
            return False
        return abs(len(below.strip()) - len(title)) <= max(2, len(title) // 3)

    def _underlined_level(self, at: int) -> int:
        if _NUMBERED.match(self.lines[at][1]):
            return _level_of(self.lines[at][1])
        return 1 + UNDERLINES.index(self._line(at + 1).strip()[0])

    def _plain_heading_level(self, at: int) -> int | None:
        """Of a line alone between blank ones that looks like a heading: numbered, or in capitals."""
        line = self.lines[at][1]
        stripped = line.strip()
        if self._line(at - 1).strip() or self._line(at + 1).strip():
            return None
        if len(stripped) >= 90 or stripped.endswith((".", ":", ",", ";")) or len(stripped.split()) > 14:
            return None
        numbered = _NUMBERED.match(line)
        if numbered:
            number, title = numbered[1].strip("."), numbered[2]
            looks_titled = (title[0].isupper() or number[0].isdigit()) and not _BULLET.match(line)
            if looks_titled or "." in number:
                return _level_of(line)
        is_shouted = stripped.isupper() and len(stripped.split()) <= 8 and line[0] == stripped[0]
        return 2 if is_shouted and any(letter.isalpha() for letter in stripped) else None

    def _block(self, at: int) -> int:
        """A paragraph, a term or an item with its continuation lines."""
        offset, line = self.lines[at]
        bullet = _BULLET.match(line)
        indent = len(line) - len(line.lstrip())
        end = self._end_of_block(at, indent, is_item=bool(bullet))
        last_offset, last_line = self.lines[end - 1]
        self.paragraph += 1
        start = offset + (bullet.end() if bullet else indent)
        spans = split_sentences(self.text, start, last_offset + len(last_line))
        kind: Kind = "item" if bullet else "prose"
        if not bullet and end == at + 1 and self._is_term(line.strip(), end):
            kind = "term"
        lead = self.lead if bullet or indent > 0 else -1
        for span in spans:
            self._add(*span, kind, lead)
        self._set_lead(kind, indent, end, spans)
        return end

    def _end_of_block(self, at: int, indent: int, *, is_item: bool) -> int:
        first = self.lines[at][1].strip()
        end = at + 1
        while end < len(self.lines):
            line = self.lines[end][1]
            if not line.strip() or _BULLET.match(line) or _UNDERLINE.match(line) or self._is_underlined(end):
                break
            inner = len(line) - len(line.lstrip())
            if not is_item and inner == 0 < indent:
                break
            if not is_item and end == at + 1 and inner >= indent + 2 and len(first) < 70:
                break  # a term, its definition below it
            end += 1
        return end

    def _is_term(self, line: str, end: int) -> bool:
        return len(line) < 70 and bool(self._line(end).strip()) and not line.endswith(".")

    def _set_lead(self, kind: Kind, indent: int, end: int, spans: list[tuple[int, int]]) -> None:
        """A block that introduces what follows is the lead of it, until flush prose begins again."""
        if kind == "item" or not spans:
            return
        begins_list = bool(_BULLET.match(self._line(end))) and indent == 0
        begins_list = begins_list or (not self._line(end).strip() and bool(_BULLET.match(self._line(end + 1))))
        if self.text[spans[-1][1] - 1] == ":" or kind == "term" or begins_list:
            self.lead = len(self.sentences) - 1
        elif indent == 0:
            self.lead = -1

    def _line(self, at: int) -> str:
        return self.lines[at][1] if 0 <= at < len(self.lines) else ""

    def _add(self, start: int, end: int, kind: Kind, lead: int) -> None:
        self.sentences.append(Sentence(start, end, kind, self.open_sections[-1], lead, self.paragraph))


def _level_of(title: str) -> int:
    """By its number: `4.2.1 Title` is of level 3; a title without a number is taken for a top one."""
    numbered = _NUMBERED.match(title)
    return numbered[1].strip(".").count(".") + 1 if numbered else 1


def split_sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of the sentences in text[start:end], without space around them."""
    spans = []
    begin = start
    for match in _BOUNDARY.finditer(text, start, end):
        if match.end() > begin and not _is_abbreviation(text, begin, match):
            spans.append((begin, match.end()))
            begin = match.end()
    spans.append((begin, end))
    return [piece for span in spans for piece in _cut(text, *_trimmed(text, *span))]


def _is_abbreviation(text: str, begin: int, match: re.Match[str]) -> bool:
    at = match.start()
    if text[at : at + 1] != ".":
        return False
    found = _LAST_WORD.search(text[max(begin, at - 20) : at])
    word = found[0].strip('("“[').lower() if found else ""
    if word in _ABBREVIATIONS or _INITIALS.fullmatch(word):
        return True
    return bool(_NUMBER.fullmatch(word)) and match.end() - begin < 12


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The span, in pieces when it is longer than a sentence should be."""
    pieces = []
    while end - start > LONGEST:
        after = _cutting_point(text, start)
        pieces.append(_trimmed(text, start, after))
        start, end = _trimmed(text, after, end)
    return [piece for piece in (*pieces, (start, end)) if piece[0] < piece[1]]


def _cutting_point(text: str, start: int) -> int:
    strong = max(text.rfind(mark, start + 200, start + 650) for mark in ("; ", ": ", "\n"))
    if strong >= 0:
        return strong + 1
    for mark in (", ", " "):
        weak = text.rfind(mark, start + 300, start + 650)
        if weak >= 0:
            return weak + 1
    return start + 600


def _plain(title: str) -> str:
    return re.sub(r"[\W_]+", " ", re.sub(r"\.{3,}.*$", "", title)).strip().lower()


def _unnumbered(title: str) -> str:
    return re.sub(r"^[\d ]+", "", title)


def _mark_contents(text: str, segments: Segments) -> None:
    """Short lines that repeat a heading, or end in dot leaders, belong to a table of contents."""
    titles = {_plain(section.title) for section in segments.sections if section.title}
    bare = {_unnumbered(title) for title in titles}
    for sentence in segments.sentences:
        if sentence.kind == "heading" or sentence.end - sentence.start >= 110:
            continue
        line = text[sentence.start : sentence.end]
        plain = _plain(line)
        is_numbered_item = sentence.kind == "item" and re.match(r"^\d+(\.\d+)*\.?\s", line)
        repeats = plain in titles or (is_numbered_item and _unnumbered(plain) in bare)
        if repeats or _DOT_LEADERS.search(line):
            sentence.kind = "contents"


def _mark_run_in_headings(text: str, sentences: list[Sentence]) -> None:
    for number, sentence in enumerate(sentences[:-1]):
        line = text[sentence.start : sentence.end]
        if sentence.kind != "prose" or sentence.lead >= 0 or len(line) >= 60 or not line.endswith("."):
            continue
        begins = number == 0 or sentences[number - 1].paragraph != sentence.paragraph
        goes_on = sentences[number + 1].paragraph == sentence.paragraph
        if begins and goes_on and line[0].isupper() and len(line.split()) <= 3 and not _SPEAKS.search(line):
            sentence.kind = "run_in"

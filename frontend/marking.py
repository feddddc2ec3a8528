"""Marks in the tokens of an answer's Markdown which sentences rest on no recorded source.

What counts: sentences of paragraphs and list items, and each row of a table as one. Headings (a line of nothing but a
few bold words stands for one), code and lines that only announce a list, a table or a block (they end in a colon) say
nothing by themselves and do not count.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import islice

from markdown_it.token import Token

from frontend.sentences import STOPS, WIDE_STOPS, sentences
from frontend.sourcing import Sources

MOST_SENTENCES = 1_000
"""Further ones are not looked at and not counted."""
LONGEST_HEADING = 80
WORDS = "No recorded source"
BREAKS = ("softbreak", "hardbreak")
ANNOUNCED = ("bullet_list_open", "ordered_list_open", "table_open", "blockquote_open", "fence", "code_block")


def cite_token(number: int, address: str) -> Token:
    """The link to a source, joined to the word before it, so that no line begins with it."""
    link = (
        f'\u2060<a class="cite" href="{escape(address)}" data-cite="{number}" aria-label="Source {number}">{number}</a>'
    )
    return Token("html_inline", "", 0, content=link, meta={"source": number})


@dataclass(slots=True)
class _Block:
    """The words of one inline token."""

    inline: Token
    text: str = ""
    """What the reader sees of it."""
    shape: str = ""
    """The same with letters for code, so that no full stop in code ends a sentence."""
    cites: list[int] = field(default_factory=list)
    """Where in the text a citation stands."""

    @classmethod
    def of(cls, inline: Token) -> "_Block":
        texts, shapes, cites, at = [], [], [], 0
        for child in inline.children or []:
            texts.append(words := _words(child))
            shapes.append("x" * len(words) if child.type == "code_inline" else words)
            at += len(words)
            if child.meta.get("source"):
                cites.append(at)
        return cls(inline, "".join(texts), "".join(shapes), cites)


def _words(child: Token) -> str:
    if child.type in ("text", "code_inline"):
        return child.content
    return "\n" if child.type in BREAKS else ""


@dataclass(slots=True)
class Marking:
    """Goes once over the tokens of one answer."""

    sources: Sources
    sentences: int = 0
    unsourced: int = 0

    def mark(self, tokens: Sequence[Token]) -> None:
        """Wraps what has no source in `<span class="nosrc">`, unless nothing has one: then there is nothing to tell
        apart."""
        found: list[list[tuple[_Block, int, int]]] = []
        for unit in _units(tokens):
            for pieces, cited in _statements(unit):
                if self.sentences == MOST_SENTENCES:
                    break
                self.sentences += 1
                words = " ".join(block.text[start:end] for block, start, end in pieces)
                if self.sources.ground(words, cited=cited) == "none":
                    found.append(pieces)
        self.unsourced = len(found)
        if self.unsourced < self.sentences:
            _wrap(found)


def _units(tokens: Sequence[Token]) -> Iterator[list[_Block]]:
    """A paragraph each, or the cells of a row of a table."""
    row: list[_Block] | None = None
    inside: list[str] = []
    for index, token in enumerate(tokens):
        if token.nesting:
            inside = [*inside, token.type] if token.nesting > 0 else inside[:-1]
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield row
            row = None
        elif token.type == "inline" and inside[-1:] == ["td_open"] and row is not None:
            row.append(_Block.of(token))
        elif token.type == "inline" and inside[-1:] == ["paragraph_open"]:
            block = _Block.of(token)
            if not (_is_heading(block) or _announces(block, tokens[index + 2 : index + 3])):
                yield [block]


def _is_heading(block: _Block) -> bool:
    """Whether the paragraph is a few bold words and nothing else, as models write headings; one that ends as a sentence
    does says something."""
    if block.text.rstrip().endswith(tuple(STOPS + WIDE_STOPS)):
        return False
    children = [child for child in block.inline.children or [] if child.type != "text" or child.content.strip()]
    types = [child.type for child in children]
    bold = (
        len(types) > 2 and types[0] == "strong_open" and types[-1] == "strong_close" and types.count("strong_open") == 1
    )
    return bold and len(block.text) <= LONGEST_HEADING and not block.cites


def _announces(block: _Block, following: Sequence[Token]) -> bool:
    """Whether it only leads over to the list, table or block behind it."""
    leads = block.text.rstrip().endswith((":", "："))
    return leads and not block.cites and bool(following) and following[0].type in ANNOUNCED


def _statements(unit: list[_Block]) -> Iterator[tuple[list[tuple[_Block, int, int]], bool]]:
    """The pieces of text that make a statement, and whether it carries a citation."""
    if len(unit) == 1:
        (block,) = unit
        spans = sentences(block.shape)
        starts = [start for start, _ in spans]
        cited = {max(0, bisect_left(starts, place) - 1) for place in block.cites}  # it stands in it or behind it
        for number, (start, end) in enumerate(spans):
            yield [(block, start, end)], number in cited
    elif any(sign.isalnum() for block in unit for sign in block.text):
        yield [(block, 0, len(block.text)) for block in unit if block.text.strip()], any(block.cites for block in unit)


# ------------------------------------------------------------------------------------------------ wrapping


def _wrap(found: Sequence[Sequence[tuple[_Block, int, int]]]) -> None:
    spans: dict[int, tuple[_Block, list[tuple[int, int]]]] = {}
    for pieces in found:
        for block, start, end in pieces:
            spans.setdefault(id(block), (block, []))[1].append((start, end))
    for block, wanted in spans.values():
        block.inline.children = list(_wrapped(block.inline.children or [], wanted))


def _wrapped(children: Sequence[Token], wanted: Sequence[tuple[int, int]]) -> Iterator[Token]:
    """Each run of words on its own, so that no mark crosses the border of bold or linked words."""
    at, first = 0, 0
    for child in children:
        after = at + len(_words(child))
        while first < len(wanted) and wanted[first][1] <= at:
            first += 1
        if child.type not in ("text", "code_inline") or first == len(wanted) or wanted[first][0] >= after:
            yield child
        elif child.type == "code_inline":
            yield from _marked(child, is_last=wanted[first][1] <= after)
        else:
            yield from _cut(child.content, at, islice(wanted, first, None))
        at = after


def _cut(words: str, at: int, wanted: Iterable[tuple[int, int]]) -> Iterator[Token]:
    """Words that stand `at` a place of their block, with what is wanted of them marked."""
    done = 0
    for start, end in wanted:
        if start >= at + len(words):
            break
        begin, stop = max(done, start - at), min(len(words), end - at)
        yield _text(words[done:begin])
        yield from _marked(_text(words[begin:stop]), is_last=end <= at + len(words))
        done = stop
    yield _text(words[done:])


def _marked(child: Token, *, is_last: bool) -> Iterator[Token]:
    """Where a sentence ends, what the mark means is said, for those who do not see it."""
    yield Token("html_inline", "", 0, content=f'<span class="nosrc" title="{WORDS}">')
    yield child
    said = f'<span class="sr"> ({WORDS.lower()})</span>' if is_last else ""
    yield Token("html_inline", "", 0, content=f"{said}</span>")


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)

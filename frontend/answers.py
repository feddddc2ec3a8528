"""An answer as HTML: Markdown from a model, so hostile. No HTML of its own, no pictures; cleaned again at the end.

`[n]`, `[1, 2]` and `[1–3]` become links to the sources of these numbers when there are such. Sentences that rest on no
recorded source are marked; `sourcing.py` decides which.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from frontend.marking import Marking, cite_token
from frontend.sourcing import SHORTEST_QUOTE, Sources

CITATION = re.compile(r"[\[【]\^?(\d{1,3}(?:\s*[,;–-]\s*\d{1,3}){0,19})[\]】]")
TAGS = set("p br hr h3 h4 h5 h6 strong em s code pre blockquote ul ol li table thead tbody tr th td a span".split())
ATTRIBUTES = {
    "a": {"href", "class", "data-cite", "aria-label"},
    "ol": {"start"},
    "td": {"class"},
    "th": {"class"},
    "span": {"class", "title"},
}
OUTSIDE = ("http://", "https://")
CLOSING = "”\"’'»)"
SINGLE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")
"""Where a document's line was wrapped, inside a paragraph."""
MOST_MARKDOWN = 200_000
"""Characters; a longer answer is shown as plain text, so that no answer keeps the page waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the page shows of an answer."""

    html: SafeString
    sentences: int = 0
    unsourced: int = 0
    """Sentences without a recorded source; they are marked unless all are."""

    @property
    def sourced(self) -> int:
        return self.sentences - self.unsourced


def render_answer(answer: str, quotes: Sequence[str], addresses: Sequence[str]) -> Answer:
    """`quotes[n - 1]` is the text of source n and `addresses[n - 1]` where it can be read."""
    if len(answer) > MOST_MARKDOWN:
        return Answer(html=mark_safe(f"<pre>{escape(answer)}</pre>"))
    marking = Marking(Sources(quotes))
    html = _html(with_marks(answer, quotes), addresses, marking)
    return Answer(html=html, sentences=marking.sentences, unsourced=marking.unsourced)


def answer_html(answer: str, addresses: Sequence[str]) -> SafeString:
    """Without a look at its sentences. `addresses[n - 1]` is where source n can be read."""
    return _html(answer, addresses, None)


def with_marks(answer: str, quotes: Sequence[str]) -> str:
    """An answer that names no source by number, with `[n]` behind the words it takes from source n as they stand.

    The line breaks of the document's own lay-out are not kept in them."""
    if any(_numbers(found[1], len(quotes)) for found in CITATION.finditer(answer)):
        return answer
    for number, quote in enumerate(quotes, start=1):
        at = answer.find(quote) if len(quote) >= SHORTEST_QUOTE else -1
        if at >= 0:
            rest = answer[at + len(quote) :]
            closing = rest[: len(rest) - len(rest.lstrip(CLOSING))]
            flowing = SINGLE_BREAK.sub(" ", quote)
            answer = f"{answer[:at]}{flowing}{closing} [{number}]{rest[len(closing) :]}"
    return answer


def _html(answer: str, addresses: Sequence[str], marking: Marking | None) -> SafeString:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})
    parser.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    parser.add_render_rule("image", _picture)
    parser.validateLink = lambda url: url.startswith(OUTSIDE)  # type: ignore[method-assign]
    parser.core.ruler.push("citations", lambda state: _cite(state, addresses))
    if marking is not None:
        parser.core.ruler.push("sentences", lambda state: marking.mark(state.tokens))
    parser.core.ruler.push("looks", _fit_the_page)
    cleaned = nh3.clean(
        parser.render(answer),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(cleaned)


def _picture(renderer: RendererProtocol, tokens: Sequence[Token], index: int, *_: Any) -> str:
    """A picture would tell its server who reads this; its words stand for it."""
    return f"[picture: {escape(tokens[index].content or 'without words')}]"


def _cite(state: StateCore, addresses: Sequence[str]) -> None:
    """Marks such as [2] in running text become links; in code and inside links they stay text."""
    for block in state.tokens:
        if block.type != "inline" or not block.children:
            continue
        cited: list[Token] = []
        inside_link = 0
        for token in block.children:
            inside_link += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            cited += [token] if token.type != "text" or inside_link else _split(token, addresses)
        block.children = cited


def _split(token: Token, addresses: Sequence[str]) -> list[Token]:
    parts: list[Token] = []
    at = 0
    for found in CITATION.finditer(token.content):
        numbers = _numbers(found[1], len(addresses))
        if not numbers:
            continue
        parts.append(Token("text", "", 0, content=token.content[at : found.start()].rstrip(" ")))
        parts += [cite_token(number, addresses[number - 1]) for number in numbers]
        at = found.end()
    return [*parts, Token("text", "", 0, content=token.content[at:])]


def _numbers(marks: str, most: int) -> list[int]:
    """“1, 3–5” → 1, 3, 4, 5; nothing when one of them is no source's number."""
    numbers: list[int] = []
    for part in re.split(r"\s*[,;]\s*", marks):
        first, *rest = [int(number) for number in re.split(r"\s*[–-]\s*", part)]
        last = rest[-1] if rest else first
        if not 1 <= first <= last <= most:
            return []
        numbers += range(first, last + 1)
    return list(dict.fromkeys(numbers))


def _fit_the_page(state: StateCore) -> None:
    """Headings below the page's own; columns of numbers by class, since styles in tags are not allowed."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        elif token.type in ("th_open", "td_open"):
            right = "right" in str(token.attrs.pop("style", ""))
            token.attrs |= {"class": "num"} if right else {}

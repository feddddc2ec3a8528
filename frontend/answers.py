"""An answer as HTML: Markdown from a model, so hostile. No HTML of its own, no pictures; cleaned again at the end.

`[n]` becomes a link to source n when there is one.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

CITATION = re.compile(r"\[(\d{1,3})\]")
TAGS = set("p br hr h3 h4 h5 h6 strong em s code pre blockquote ul ol li table thead tbody tr th td a".split())
ATTRIBUTES = {"a": {"href", "class", "data-cite", "aria-label"}, "ol": {"start"}, "td": {"class"}, "th": {"class"}}
OUTSIDE = ("http://", "https://")
CLOSING = "”\"’'»)"
SINGLE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")
"""Where a document's line was wrapped, inside a paragraph."""
SHORTEST_QUOTE = 12
"""Characters from which a quotation in an answer is taken for one of a source."""


def answer_html(answer: str, addresses: Sequence[str]) -> SafeString:
    """`addresses[n - 1]` is where source n can be read."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})
    parser.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    parser.add_render_rule("image", _picture)
    parser.validateLink = lambda url: url.startswith(OUTSIDE)  # type: ignore[method-assign]
    parser.core.ruler.push("citations", lambda state: _cite(state, addresses))
    parser.core.ruler.push("looks", _fit_the_page)
    cleaned = nh3.clean(
        parser.render(answer),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(cleaned)


def with_marks(answer: str, quotes: Sequence[str]) -> str:
    """An answer that names no source by number, with `[n]` behind the words it takes from source n as they stand.

    The line breaks of the document's own lay-out are not kept in them."""
    if any(int(found[1]) <= len(quotes) for found in CITATION.finditer(answer)):
        return answer
    for number, quote in enumerate(quotes, start=1):
        at = answer.find(quote) if len(quote) >= SHORTEST_QUOTE else -1
        if at >= 0:
            rest = answer[at + len(quote) :]
            closing = rest[: len(rest) - len(rest.lstrip(CLOSING))]
            flowing = SINGLE_BREAK.sub(" ", quote)
            answer = f"{answer[:at]}{flowing}{closing} [{number}]{rest[len(closing) :]}"
    return answer


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
        number = int(found[1])
        if not 1 <= number <= len(addresses):
            continue
        parts.append(Token("text", "", 0, content=token.content[at : found.start()].rstrip(" ")))
        parts.append(Token("html_inline", "", 0, content=_mark(number, addresses[number - 1])))
        at = found.end()
    return [*parts, Token("text", "", 0, content=token.content[at:])]


def _mark(number: int, address: str) -> str:
    """Joined to the word before it, so that no line begins with it."""
    return (
        f'\u2060<a class="cite" href="{escape(address)}" data-cite="{number}" aria-label="Source {number}">{number}</a>'
    )


def _fit_the_page(state: StateCore) -> None:
    """Headings below the page's own; columns of numbers by class, since styles in tags are not allowed."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        elif token.type in ("th_open", "td_open"):
            right = "right" in str(token.attrs.pop("style", ""))
            token.attrs |= {"class": "num"} if right else {}

"""HTML: the text a reader of the page sees. Headings become lines with #, lists lines with -, tables rows with |."""

import re
from pathlib import Path
from typing import Any

from .output import Output
from .plain import decoded

LABEL = "HTML"
_XHTML = "application/xhtml+xml"
MEDIA_TYPES = {".html": "text/html", ".htm": "text/html", ".xhtml": _XHTML, ".xht": _XHTML}

_DROPPED = {"script", "style", "template", "noscript", "svg", "math", "iframe", "object", "canvas", "head", "select"}
_BLOCKS = set(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form header hr html main nav p section summary table tbody tfoot thead h1 h2 h3 h4 h5 h6 pre".split()
)
_LISTS = {"ul", "ol", "menu"}
_TIGHT = {"li", "tr", "dt", "dd", "caption"}
_HEADING = re.compile(r"h([1-6])$")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_WHITE = re.compile(r"[ \t\n\r\f]+")
_BLANK_LINES = re.compile(r"\n{3,}")


def read(source: Path, output: Output) -> None:
    output.write(visible_text(decoded(source, _declared_encoding(source))))


def visible_text(markup: str) -> str:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(markup)
    page = _Page()
    title = tree.css_first("head > title")
    heading = _WHITE.sub(" ", title.text()).strip() if title else ""
    if tree.body is not None:
        _walk(tree.body, page)
    text = page.text()
    if heading and heading not in text[: len(heading) + 200]:
        text = f"{heading}\n\n{text}"
    return text


def _declared_encoding(source: Path) -> str:
    with source.open("rb") as file:
        found = _DECLARED.search(file.read(4096))
    return found.group(1).decode("ascii", "ignore") if found else ""


class _Page:
    """Text put together piece by piece; white space as a browser would show it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._newlines = 2
        """Line ends since the last word."""
        self._space = False
        self._glued = False
        """A mark (“- ”) stands before, which the next words follow at once."""
        self.preformatted = 0
        self.cells = 0
        self.lists = 0

    def words(self, text: str) -> None:
        if self.preformatted:
            self._preformatted_words(text)
            return
        words = _WHITE.sub(" ", text)
        if not words.strip(" "):
            self._space = self._space or bool(words)
            return
        if (self._space or words[0] == " ") and not self._newlines and not self._glued:
            self._pieces.append(" ")
        self._pieces.append(words.strip(" "))
        self._space, self._newlines, self._glued = words[-1] == " ", 0, False

    def _preformatted_words(self, text: str) -> None:
        self._pieces.append(text)
        words = text.rstrip("\n")
        self._newlines = len(text) - len(words) + (0 if words else self._newlines)
        self._glued = False

    def begin_lines(self, wanted: int) -> None:
        """At least this many line ends before what follows, unless that belongs to a mark."""
        if not self._glued:
            self.end_lines(wanted)

    def end_lines(self, wanted: int) -> None:
        if wanted > self._newlines:
            self._pieces.append("\n" * (wanted - self._newlines))
            self._newlines = wanted
        self._space = self._glued = False

    def mark(self, mark: str) -> None:
        self._pieces.append(mark)
        self._newlines, self._space, self._glued = 0, False, True

    def text(self) -> str:
        return _BLANK_LINES.sub("\n\n", "".join(self._pieces)).strip("\n") + "\n"


def _walk(root: Any, page: _Page) -> None:
    """Depth first without recursion: pages nest as deep as they like."""
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            _leave(node.tag, page)
            continue
        if node.tag == "-text":
            page.words(node.text(deep=False) or "")
            continue
        if node.tag.startswith(("-", "_", "!")) or node.tag in _DROPPED or _is_hidden(node):
            continue
        _enter(node.tag, page)
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(list(node.iter(include_text=True))))


def _is_hidden(node: Any) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or bool(_HIDDEN.search(attributes.get("style") or ""))


def _enter(tag: str, page: _Page) -> None:
    if tag in _TIGHT:
        page.begin_lines(1)
    elif tag in _BLOCKS:
        page.begin_lines(2)
    elif tag in _LISTS:
        page.begin_lines(1 if page.lists else 2)
        page.lists += 1
    if heading := _HEADING.match(tag):
        page.mark("#" * int(heading.group(1)) + " ")
    elif tag == "li":
        page.mark("  " * (page.lists - 1) + "- ")
    elif tag == "tr":
        page.cells = 0
    elif tag in ("td", "th"):
        if page.cells:
            page.mark(" | ")
        page.cells += 1
    elif tag == "pre":
        page.preformatted += 1
    elif tag == "br":
        page.end_lines(1)


def _leave(tag: str, page: _Page) -> None:
    if tag == "pre":
        page.preformatted -= 1
    if tag in _TIGHT:
        page.end_lines(1)
    elif tag in _BLOCKS:
        page.end_lines(2)
    elif tag in _LISTS:
        page.lists -= 1
        page.end_lines(1 if page.lists else 2)

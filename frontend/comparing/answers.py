"""Answers side by side: each as its page shows it, with the words marked that differ from the baseline's."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from itertools import groupby

from django.utils.safestring import SafeString, mark_safe

from frontend.answers import MOST_MARKDOWN, answer_html, with_marks
from frontend.place import Place
from trajectories.comparison.answers import SAYS_PARAGRAPHS
from trajectories.comparison.difference import MOST_WORDS, WORDS, changes
from trajectories.models import Run


@dataclass(frozen=True, slots=True)
class _Piece:
    """Of an answer's HTML: a tag as it stands, or a text."""

    tag: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    html: list[SafeString | None]
    """By column, the baseline's first; None: no answer."""
    same: bool
    """Whether all have the same words."""
    note: str


def marked_answers(runs: Sequence[Run], places: Sequence[Place]) -> Marked:
    """The baseline first. With two runs what the other has not is marked in it, with more it is left plain."""
    pieces = [_pieces(run, place) for run, place in zip(runs, places, strict=True)]
    by_words = _few_enough(pieces)
    tokens = [[token for piece in each for token in _tokens(piece, by_words)] for each in pieces]
    stretches = [changes(tokens[0], each) for each in tokens[1:]]
    changed = [{at for _, _, first, last in each for at in range(first, last)} for each in stretches]
    gone = {at for first, last, _, _ in stretches[0] for at in range(first, last)} if len(runs) == 2 else set()
    marks = [("del", gone), *(("ins", each) for each in changed)]
    return Marked(
        html=[
            None if run.answer is None else _joined(each, by_words, *mark)
            for run, each, mark in zip(runs, pieces, marks, strict=True)
        ],
        same=not any(stretches),
        note="" if by_words else SAYS_PARAGRAPHS,
    )


def _pieces(run: Run, place: Place) -> list[_Piece]:
    answer = run.answer or ""
    if len(answer) > MOST_MARKDOWN:
        return [_Piece(tag="<pre>"), *_by_line(answer), _Piece(tag="</pre>")]
    known = {document.id for document in run.documents.all()}
    sources = [source for source in run.sources if source["document"] in known]
    addresses = [
        place.document(source["document"], source["start"], source["end"]) or f"{place.answer}#source-{number}"
        for number, source in enumerate(sources, 1)
    ]
    reader = _Reader()
    reader.feed(answer_html(with_marks(answer, [source.get("text", "") for source in sources]), addresses))
    reader.close()
    return reader.pieces


def _by_line(text: str) -> list[_Piece]:
    return [_Piece(text=line) for line in text.splitlines(keepends=True)]


class _Reader(HTMLParser):
    """Takes cleaned HTML apart into tags and texts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[_Piece] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pieces.append(_Piece(tag=self.get_starttag_text() or f"<{tag}>"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.pieces.append(_Piece(tag=f"</{tag}>"))

    def handle_data(self, data: str) -> None:
        self.pieces.append(_Piece(text=data))


def _few_enough(pieces: Sequence[Sequence[_Piece]]) -> bool:
    words = [sum(len(WORDS.findall(piece.text)) for piece in each) for each in pieces]
    return max(words[0] + each for each in words[1:]) <= MOST_WORDS


def _tokens(piece: _Piece, by_words: bool) -> list[str]:
    """Words, or of long answers the text between two tags; a tag has none."""
    if piece.tag:
        return []
    return WORDS.findall(piece.text) if by_words else [piece.text]


def _joined(pieces: Sequence[_Piece], by_words: bool, mark: str, changed: set[int]) -> SafeString:
    """The HTML again, with marks around the tokens that changed."""
    html: list[str] = []
    at = 0
    for piece in pieces:
        tokens = _tokens(piece, by_words)
        if piece.tag:
            html.append(piece.tag)
        elif not piece.text.strip():
            html.append(escape(piece.text))
        else:
            html.append(_marked(tokens, [at + index in changed for index in range(len(tokens))], mark))
        at += len(tokens)
    return mark_safe("".join(html))


def _marked(tokens: Sequence[str], changed: Sequence[bool], mark: str) -> str:
    html = []
    for is_changed, run in groupby(zip(changed, tokens, strict=True), lambda pair: pair[0]):
        text = escape("".join(token for _, token in run))
        html.append(f"<{mark}>{text}</{mark}>" if is_changed and text.strip() else text)
    return "".join(html)

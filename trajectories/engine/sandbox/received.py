"""Turning checked frames of a REPL into the engine's nouns: calls, and what a cell did.

A prompt comes as own words and places in the documents; the text at those places is read here, from the documents
themselves, so each `Quote` is true whatever the child says.
"""

from collections.abc import Sequence
from typing import Any, Literal, cast, get_args

from trajectories.engine.sandbox import wire
from trajectories.engine.sandbox.wire import Frame, Violation
from trajectories.engine.types import (
    CallItem,
    CellError,
    Document,
    Ending,
    Execution,
    HostCall,
    Quote,
    QuotingText,
    Read,
    ReadHow,
    ReplSettings,
    Span,
    Variable,
)

MOST_ITEMS = 10_000
MOST_PICTURES = 20
"""Of one prompt."""
CALL_CHARS = 256 << 20
PROMPT_CHARS = 8 << 20
ANSWER_CHARS = 1 << 20
MOST_READS = 500
MOST_SOURCES = 200
MOST_VARIABLES = 100
_MOST_PARTS = 2_000
_MOST_PARTS_OF_CALL = 500_000
_MOST_PIECES = 2_000
_NAME_CHARS = 200
_NOTE_CHARS = 1_000
_MOST_NOTES = 5
_SCHEMA_CHARS = 1 << 17
_MOST_CONTEXTS = 10_000
_BIGGEST = 1 << 62


class CallInParts:
    """A call whose frames are still coming in."""

    def __init__(self, frame: Frame, documents: Sequence[Document]) -> None:
        self._documents = documents
        self.number = wire.whole(frame.get("id"), 1, _BIGGEST)
        self._count = wire.whole(frame.get("count"), 1, MOST_ITEMS)
        if frame.get("op") not in ("llm", "rlm", "tool"):
            raise Violation("a call of an unknown kind")
        self._op: Literal["llm", "rlm", "tool"] = frame["op"]
        self._batch = wire.flag(frame.get("batch"))
        self._role = wire.text(frame.get("role"), _NAME_CHARS)
        self._model = wire.optional_text(frame.get("model"), _NAME_CHARS)
        self._schema = wire.plain_json(frame.get("schema"), _SCHEMA_CHARS)
        self._line = None if frame.get("line") is None else wire.whole(frame["line"], 1, 10_000_000)
        self._pieces: list[str] = []
        self._items: list[Any] = []
        self._pictures: list[tuple[int, ...]] = []
        """Of each item."""
        self._chars = 0
        self._parts_left = _MOST_PARTS_OF_CALL

    def add_piece(self, frame: Frame) -> None:
        """Long own words, referred to by number in the items that follow."""
        if len(self._pieces) >= _MOST_PIECES:
            raise Violation("too many pieces of text")
        self._pieces.append(wire.text(frame.get("text"), PROMPT_CHARS))
        self._charge(len(self._pieces[-1]))

    def add_items(self, frame: Frame) -> bool:
        """True when the call is whole."""
        more = wire.items(frame.get("items"), self._count - len(self._items))
        if not more:
            raise Violation("a frame without items")
        for item in more:
            self._items.append(self._checked(item))
        return len(self._items) == self._count

    @property
    def quoted_chars(self) -> int:
        """How much must be read from the documents to put the call together."""
        prompts = [prompt for prompt, _, _ in self._items]
        contexts = [parts for _, given, _ in self._items for parts in given or () if len(parts) > 1]
        return sum(part[2] - part[1] for text in prompts + contexts for part in text if isinstance(part, tuple))

    def call(self) -> HostCall:
        """Reads the quoted pieces: for large calls not on the event loop. Raises `DocumentError`."""
        items = [
            CallItem(
                prompt=self._text(prompt),
                context=None if contexts is None else tuple(self._context(parts) for parts in contexts),
                context_is_list=is_list,
                pictures=pictures,
            )
            for (prompt, contexts, is_list), pictures in zip(self._items, self._pictures, strict=True)
        ]
        return HostCall(
            op=self._op,
            items=tuple(items),
            batch=self._batch,
            role=self._role,
            model=self._model,
            schema=self._schema,
            line=self._line,
        )

    def _checked(self, item: Any) -> tuple[list[Any], list[list[Any]] | None, bool]:
        *first, shown = item if isinstance(item, list) and len(item) == 4 else (*wire.items(item, 3), [])
        prompt, contexts, is_list = _three(first)
        most = sum(len(document.pictures.names) for document in self._documents if document.pictures)
        numbers = wire.items(shown, MOST_PICTURES)
        self._pictures.append(tuple(wire.whole(number, 0, most - 1) for number in numbers))
        texts = None if contexts is None else [self._given(one) for one in wire.items(contexts, _MOST_CONTEXTS)]
        return self._parts(prompt, PROMPT_CHARS), texts, wire.flag(is_list)

    def _given(self, parts: Any) -> list[Any]:
        """A context. One exact piece of a document is not read, so it may have any length."""
        if isinstance(parts, list) and len(parts) == 1 and isinstance(parts[0], list):
            self._count_parts(1)
            return [_span(parts[0], self._documents)]
        return self._parts(parts)

    def _parts(self, parts: Any, longest: int = CALL_CHARS) -> list[Any]:
        """Own words as text, pieces of documents as (document, start, end)."""
        checked: list[Any] = []
        chars = 0
        self._count_parts(len(wire.items(parts, _MOST_PARTS)))
        for part in parts:
            if isinstance(part, str):
                self._charge(len(part))
                checked.append(wire.clean(part))
                chars += len(part)
            elif isinstance(part, list):
                span = _span(part, self._documents)
                self._charge(span[2] - span[1])
                checked.append(span)
                chars += span[2] - span[1]
            else:
                checked.append(self._pieces[wire.whole(part, 0, len(self._pieces) - 1)])
                chars += len(checked[-1])
        if chars > longest:
            raise Violation("a prompt that is too long")
        return checked

    def _count_parts(self, count: int) -> None:
        self._parts_left -= count
        if self._parts_left < 0:
            raise Violation("a call in too many parts")

    def _charge(self, chars: int) -> None:
        self._chars += chars
        if self._chars > CALL_CHARS + PROMPT_CHARS:
            raise Violation("a call that is too large")

    def _context(self, parts: list[Any]) -> QuotingText | Span:
        """One exact piece stays where it is: it may be most of a large document."""
        if len(parts) == 1 and isinstance(parts[0], tuple):
            document, start, end = parts[0]
            return Span(document=document, start=start, end=end)
        return self._text(parts)

    def _text(self, parts: list[Any]) -> QuotingText:
        words: list[str] = []
        quotes: list[Quote] = []
        at = 0
        for part in parts:
            if isinstance(part, tuple):
                document, start, end = part
                piece = self._documents[document].text.read(start, end)
                quotes.append(Quote(at=at, length=len(piece), document=document, start=start))
            else:
                piece = part
            words.append(piece)
            at += len(piece)
        return QuotingText(text="".join(words), quotes=tuple(quotes))


def images_of(documents: Sequence[Document]) -> list[dict[str, Any]]:
    """What code knows of the pictures: [{number, document, name}], in the order of the documents."""
    images: list[dict[str, Any]] = []
    for index, document in enumerate(documents):
        for name in document.pictures.names if document.pictures else ():
            images.append({"number": len(images), "document": index, "name": name})
    return images


def execution(frame: Frame, documents: Sequence[Document], settings: ReplSettings, seconds: float) -> Execution:
    """What a cell did. Raises `Violation`."""
    room = settings.stdout_chars + 1_000
    return Execution(
        stdout=wire.text(frame.get("out"), room),
        stdout_chars=wire.whole(frame.get("out_chars"), 0, _BIGGEST),
        truncated=wire.flag(frame.get("truncated")),
        error=_error(frame.get("error")),
        ending=_ending(frame.get("ending"), documents),
        variables=tuple(_variable(one) for one in wire.items(frame.get("variables"), MOST_VARIABLES)),
        variables_hash=wire.text(frame.get("hash"), 64),
        reads=tuple(_read(one, documents) for one in wire.items(frame.get("reads"), MOST_READS)),
        notes=tuple(wire.text(note, _NOTE_CHARS) for note in wire.items(frame.get("notes"), _MOST_NOTES)),
        seconds=seconds,
    )


def _error(value: Any) -> CellError | None:
    if value is None:
        return None
    error = wire.mapping(value)
    return CellError(
        kind=wire.text(error.get("kind"), _NAME_CHARS),
        message=wire.text(error.get("message"), 10_000),
        traceback=wire.text(error.get("traceback"), 20_000),
    )


def _ending(value: Any, documents: Sequence[Document]) -> Ending | None:
    if value is None:
        return None
    ending = wire.mapping(value)
    if ending.get("how") not in ("answer", "answer_variable"):
        raise Violation("an ending of an unknown kind")
    spans = [_span(source, documents) for source in wire.items(ending.get("sources"), MOST_SOURCES)]
    return Ending(
        how=cast(Literal["answer", "answer_variable"], ending["how"]),
        answer=wire.plain_json(ending.get("answer"), 2 * ANSWER_CHARS),
        variable=wire.optional_text(ending.get("variable"), 1_000),
        sources=tuple(Span(document=document, start=start, end=end) for document, start, end in spans),
    )


def _variable(value: Any) -> Variable:
    one = wire.mapping(value)
    return Variable(
        name=wire.text(one.get("name"), _NAME_CHARS),
        type=wire.text(one.get("type"), _NAME_CHARS),
        size=None if one.get("size") is None else wire.whole(one["size"], 0, _BIGGEST),
        preview=wire.text(one.get("preview"), _NAME_CHARS),
        changed=wire.flag(one.get("changed")),
    )


def _read(value: Any, documents: Sequence[Document]) -> Read:
    if not isinstance(value, list) or len(value) != 4 or value[3] not in get_args(ReadHow):
        raise Violation("a read that makes no sense")
    document, start, end = _span(value[:3], documents)
    return Read(document=document, start=start, end=end, how=cast(ReadHow, value[3]))


def _span(value: Any, documents: Sequence[Document]) -> tuple[int, int, int]:
    """A piece that lies within its document and is not empty."""
    document, start, end = _three(value)
    wire.whole(document, 0, len(documents) - 1)
    wire.whole(end, 1, documents[document].text.chars)
    return document, wire.whole(start, 0, end - 1), end


def _three(value: Any) -> tuple[Any, Any, Any]:
    if not isinstance(value, list) or len(value) != 3:
        raise Violation("three values were expected")
    return value[0], value[1], value[2]

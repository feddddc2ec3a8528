"""Texts, each kept once under the SHA-256 of its UTF-8.

A text made of pieces of documents (a prompt with a chunk in it) is kept as its own words and where the pieces stand,
so the record of a full pass over a context stays far smaller than the context.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson
from django.conf import settings
from django.utils.module_loading import import_string

from trajectories import engine
from trajectories.engine.events import TextValue
from trajectories.models import Document, Payload

HEAD = 160
"""Characters of a text that travel with its reference."""
COMPRESSED_FROM = 400
SHORTEST_QUOTE = 64
"""A shorter piece of a document costs less as words than as a place."""
PER_QUERY = 500


class PayloadMissing(Exception):
    """A text of the record cannot be read any more."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A stretch of a document inside a kept text."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of `Payload`."""

    sha256: bytes
    codec: int
    data: bytes


# ------------------------------------------------------------------------------------------------- writing


class Packer:
    """Turns the texts of one run's events into references, and into rows for those not known to be kept."""

    def __init__(self, document_ids: Sequence[str], is_kept: Callable[[bytes], bool]) -> None:
        self._document_ids = document_ids
        self._is_kept = is_kept

    def pack(self, texts: Mapping[str, TextValue], rows: dict[bytes, Kept]) -> dict[str, Any]:
        """References by name; adds rows by digest."""
        return {name: self._value(value, rows) for name, value in texts.items()}

    def _value(self, value: TextValue, rows: dict[bytes, Kept]) -> dict[str, Any]:
        if isinstance(value, str):
            return self._text(value, (), rows)
        if isinstance(value, engine.QuotingText):
            return self._text(value.text, value.quotes, rows)
        return {"messages": [self._message(message, rows) for message in value]}

    def _message(self, message: engine.Message, rows: dict[bytes, Kept]) -> dict[str, Any]:
        kept = {"role": message.role, **self._text(message.content, message.quotes, rows)}
        if message.pictures:
            kept["images"] = [
                {"document": self._document_ids[picture.document], "number": picture.number}
                for picture in message.pictures
            ]
        return kept

    def _text(self, text: str, quotes: Sequence[engine.Quote], rows: dict[bytes, Kept]) -> dict[str, Any]:
        text, raw = utf8(text)
        digest = hashlib.sha256(raw).digest()
        if digest not in rows and not self._is_kept(digest):
            rows[digest] = Kept(digest, *self._encoded(text, raw, quotes))
        return {"sha": digest.hex(), "chars": len(text), "head": text[:HEAD].replace("\0", "�")}

    def _encoded(self, text: str, raw: bytes, quotes: Sequence[engine.Quote]) -> tuple[int, bytes]:
        pieces = self._pieces(text, quotes)
        if len(pieces) > 1 or not isinstance(pieces[0], str):
            return int(Payload.Codec.QUOTING), zlib.compress(orjson.dumps(pieces), 1)
        if len(raw) > COMPRESSED_FROM:
            return int(Payload.Codec.ZLIB), zlib.compress(raw, 1)
        return int(Payload.Codec.PLAIN), raw

    def _pieces(self, text: str, quotes: Sequence[engine.Quote]) -> list[str | list[Any]]:
        """Own words and [document id, start, end] in turn."""
        pieces: list[str | list[Any]] = []
        done = 0
        for quote in sorted(quotes, key=lambda quote: quote.at):
            if quote.length < SHORTEST_QUOTE or quote.at < done or quote.at + quote.length > len(text):
                continue
            if quote.at > done:
                pieces.append(text[done : quote.at])
            pieces.append([self._document_ids[quote.document], quote.start, quote.start + quote.length])
            done = quote.at + quote.length
        if done < len(text) or not pieces:
            pieces.append(text[done:])
        return pieces


def utf8(text: str) -> tuple[str, bytes]:
    """The text and its bytes; halves of surrogate pairs, which have no bytes, become question marks."""
    try:
        return text, text.encode()
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "replace")
        return raw.decode(), raw


# ------------------------------------------------------------------------------------------------- reading


def payload_text(sha: str) -> str:
    """The text with this hash (hexadecimal). Raises `PayloadMissing`."""
    return _texts([sha])[sha]


def kept_texts(shas: Iterable[str]) -> dict[str, str]:
    """By hash; those that are gone are left out."""
    wanted = list(dict.fromkeys(shas))
    try:
        return _texts(wanted)
    except PayloadMissing:
        if len(wanted) == 1:
            return {}
        half = len(wanted) // 2
        return {**kept_texts(wanted[:half]), **kept_texts(wanted[half:])}


def read_texts(references: Mapping[str, Any]) -> dict[str, Any]:
    """A node's texts by name: a text each, for `request` the list of {role, content}. Raises `PayloadMissing`."""
    texts = _texts(set(_hashes(references)))
    return {name: _filled(reference, texts) for name, reference in references.items()}


def read_pieces(digests: Iterable[bytes]) -> Iterator[tuple[bytes, list[bytes | Quoted]]]:
    """Each kept text with its digest, as its own words in UTF-8 and what it quotes, without opening a document.

    Those that are gone are left out."""
    for wanted in _parts(digests, PER_QUERY):
        rows = Payload.objects.filter(sha256__in=wanted).values_list("sha256", "codec", "data")
        for digest, codec, data in rows.iterator(chunk_size=PER_QUERY):
            yield bytes(digest), _pieces(codec, data)


def _parts(values: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    values = iter(values)
    while part := list(islice(values, size)):
        yield part


def _pieces(codec: int, data: bytes) -> list[bytes | Quoted]:
    if codec == Payload.Codec.PLAIN:
        return [bytes(data)]
    if codec == Payload.Codec.ZLIB:
        return [zlib.decompress(data)]
    pieces = orjson.loads(zlib.decompress(data))
    return [piece.encode() if isinstance(piece, str) else Quoted(*piece) for piece in pieces]


def _hashes(references: Mapping[str, Any]) -> Iterable[str]:
    for reference in references.values():
        for one in reference.get("messages", [reference]):
            yield one["sha"]


def _filled(reference: Mapping[str, Any], texts: Mapping[str, str]) -> Any:
    if "messages" not in reference:
        return texts[reference["sha"]]
    return [
        {"role": message["role"], "content": texts[message["sha"]]}
        | ({"images": message["images"]} if "images" in message else {})
        for message in reference["messages"]
    ]


def _texts(hashes: Iterable[str]) -> dict[str, str]:
    wanted = [bytes.fromhex(sha) for sha in hashes]
    texts: dict[str, str] = {}
    for first in range(0, len(wanted), PER_QUERY):
        rows = Payload.objects.filter(sha256__in=wanted[first : first + PER_QUERY])
        texts.update((bytes(row.sha256).hex(), _decoded(row)) for row in rows)
    for digest in wanted:
        if digest.hex() not in texts:
            raise PayloadMissing(f"The text {digest.hex()} of this record is missing.")
    return texts


def _decoded(row: Payload) -> str:
    data = bytes(row.data)
    if row.codec == Payload.Codec.PLAIN:
        return data.decode()
    if row.codec == Payload.Codec.ZLIB:
        return zlib.decompress(data).decode()
    text = _joined(orjson.loads(zlib.decompress(data)))
    if hashlib.sha256(text.encode()).digest() != bytes(row.sha256):
        raise PayloadMissing("A text of this record quotes a document that has changed.")
    return text


def _joined(pieces: Sequence[str | list[Any]]) -> str:
    ids = {piece[0] for piece in pieces if not isinstance(piece, str)}
    documents = Document.objects.in_bulk(ids)
    if ids - documents.keys():
        raise PayloadMissing("A text of this record quotes a document that has been deleted.")
    open_text = import_string(settings.OPEN_TEXT)  # this floor of the house does not know where documents lie
    opened = {id_: open_text(document) for id_, document in documents.items()}
    return "".join(piece if isinstance(piece, str) else opened[piece[0]].read(*piece[1:]) for piece in pieces)

"""Which encoding a plain text is in: UTF-8, then the marks of UTF-16 and UTF-32, then Windows-1252, then a guess."""

import codecs
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1 << 20
_SAMPLE = 256 << 10

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TEXT_CONTROLS = bytes([8, 9, 10, 12, 13, 26, 27])
_CONTROLS = bytes(set(range(32)) - set(_TEXT_CONTROLS))
_HIGH = bytes(range(128, 256))
_UNDEFINED_IN_1252 = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    name: str
    mark: int = 0
    """Bytes of the mark at the beginning."""
    damaged: bool = False
    """Some bytes do not fit; they become U+FFFD."""
    guessed: bool = False


def find_encoding(source: Path, declared: str = "") -> Encoding:
    """`declared` is what the file says of itself (HTML); it goes before every guess, but not before UTF-8."""
    with source.open("rb") as file:
        head = file.read(_SAMPLE)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name=name, mark=len(mark))
    if name := _utf16_without_mark(head):
        return Encoding(name=name, guessed=True)
    fault = _first_fault(source)
    if fault is None:
        return Encoding(name="utf-8")
    sample = _around(source, fault)
    if _mostly_utf8(sample):
        return Encoding(name="utf-8", damaged=True)
    if declared and _is_known(declared):
        return Encoding(name=declared)
    if _is_western(sample):
        return Encoding(name="cp1252", guessed=True)
    return Encoding(name=_guess(sample), guessed=True)


def looks_binary(head: bytes) -> bool:
    """Whether the beginning of a file cannot be text of any encoding."""
    if not head or any(head.startswith(mark) for mark, _ in _MARKS) or _utf16_without_mark(head):
        return False
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > len(head) // 20 + 1


def _utf16_without_mark(head: bytes) -> str:
    """Western text in UTF-16 has a zero in every other byte, on the same side."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    pairs = len(head) // 2
    if pairs < 4:
        return ""
    if odd > 0.7 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * pairs and odd < 0.05 * pairs else ""


def _first_fault(source: Path) -> int | None:
    """Where the file stops being UTF-8; None when it never does."""
    decoder, position = codecs.getincrementaldecoder("utf-8")(), 0
    with source.open("rb") as file:
        while True:
            block = file.read(BLOCK)
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return position - pending + error.start
            if not block:
                return None
            position += len(block)


def _around(source: Path, position: int) -> bytes:
    with source.open("rb") as file:
        file.seek(max(0, position - _SAMPLE))
        return file.read(2 * _SAMPLE)


def _mostly_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = len(text) - wrong - (len(sample) - len(sample.translate(None, bytes(range(128)))))
    return right > 10 * wrong


def _is_western(sample: bytes) -> bool:
    """Letters beyond ASCII are the exception in the languages that Windows-1252 is made for."""
    high = len(sample) - len(sample.translate(None, _HIGH))
    undefined = len(sample) - len(sample.translate(None, _UNDEFINED_IN_1252))
    letters = sum(map(str.isalpha, sample.decode("latin-1")))
    return undefined == 0 and high <= 0.3 * max(letters, 10)


def _guess(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample[: 64 << 10]).best()
    return best.encoding if best else "cp1252"


def _is_known(name: str) -> bool:
    try:
        codecs.lookup(name)
        "".encode(name)
    except (LookupError, UnicodeError):
        return False
    return True

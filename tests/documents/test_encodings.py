"""Plain texts in any encoding come out as the same text."""

from collections.abc import Callable

import pytest

from trajectories.documents.reading import Reading, ReadingError

Read = Callable[[str, bytes], tuple[str, Reading]]

GERMAN = "Die Größe der Häuser – „schön“.\nZweite Zeile.\n"
RUSSIAN = "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.\n" * 5
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n" * 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_western_text_is_read(read: Read, encoding: str) -> None:
    assert read("text.txt", GERMAN.encode(encoding))[0] == GERMAN


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_known_by_its_zeros(read: Read, encoding: str) -> None:
    assert read("text.txt", GERMAN.encode(encoding))[0] == GERMAN


@pytest.mark.parametrize(("text", "encoding"), [(RUSSIAN, "cp1251"), (JAPANESE, "shift_jis"), (JAPANESE, "euc_jp")])
def test_other_scripts_are_guessed_and_the_guess_is_told(read: Read, text: str, encoding: str) -> None:
    got, reading = read("text.txt", text.encode(encoding))
    assert got == text
    assert reading.warnings[0].startswith("It is not UTF-8 and was read as ")


def test_a_few_wrong_bytes_do_not_spoil_utf8(read: Read) -> None:
    text, reading = read("log.txt", ("Größe und Höhe, überall.\n" * 50).encode() + b"broken: \xff\n")
    assert text.endswith("broken: \ufffd\n") and text.startswith("Größe")
    assert reading.warnings == ["Some of its bytes are not UTF-8 and were replaced by “\ufffd”."]


def test_a_wrong_byte_far_behind_is_found(read: Read) -> None:
    text, _ = read("log.txt", b"plain ascii line\n" * 200_000 + "Größe".encode("latin-1"))
    assert text.endswith("line\nGröße")


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_become_newlines(read: Read, newline: str) -> None:
    assert read("text.txt", f"one{newline}two{newline}{newline}three".encode())[0] == "one\ntwo\n\nthree"


def test_a_line_end_between_two_blocks_is_one(read: Read) -> None:
    text, _ = read("text.txt", b"x" * ((1 << 20) - 1) + b"\r\ny")
    assert text.endswith("x\ny") and text.count("\n") == 1


def test_nul_and_half_surrogates_are_replaced(read: Read) -> None:
    text, reading = read("text.txt", b"a\0b and then some more text follows here, long enough")
    assert text.startswith("a b and") and reading.warnings == ["Characters NUL were replaced by spaces."]
    halves = "\ufeffx".encode("utf-16-le") + b"\x00\xd8" + " tail of it".encode("utf-16-le")
    assert read("text.txt", halves)[0] == "x\ufffd tail of it"


def test_bytes_without_sense_are_not_text(read: Read) -> None:
    with pytest.raises(ReadingError, match="TXT files cannot be read here|This kind of file cannot"):
        read("noise", bytes(range(256)) * 50)

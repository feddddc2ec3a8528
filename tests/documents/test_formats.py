"""Every format: what a reader makes of a small file of it."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest

from tests.documents import files
from trajectories.documents.readers import READERS, readable_kinds
from trajectories.documents.reading import Reading, ReadingError

Read = Callable[[str, bytes], tuple[str, Reading]]
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "dev"


@pytest.mark.parametrize("reader", sorted(set(READERS.values()), key=str), ids=lambda reader: reader.LABEL)
def test_a_reader_says_what_it_reads(reader: ModuleType) -> None:
    assert reader.LABEL in readable_kinds() and (reader.__doc__ or "").strip().endswith((".", ")"))
    assert all(extension[0] == "." and extension == extension.lower() for extension in reader.MEDIA_TYPES)
    assert all(READERS[extension] is reader for extension in reader.MEDIA_TYPES), "two readers want the same extension"
    assert callable(reader.read)


def test_html_gives_what_a_reader_of_the_page_sees(read: Read) -> None:
    text, reading = read("tides.html", files.HTML.encode())
    assert text == (
        "# Tides\n\nThe moon pulls\xa0the sea.\n\n- spring tide\n  - at new moon\n- neap tide\n\n"
        "port | height\nBrest | 7 m\n\na\n  b\n"
    )
    assert reading.media_type == "text/html"


def test_html_may_nest_without_end(read: Read) -> None:
    text, _ = read("deep.html", b"<div>" * 50_000 + b"deep down")
    assert "deep down" in text


def test_html_is_read_in_the_encoding_it_declares(read: Read) -> None:
    page = "<meta charset=windows-1251><title>x</title><p>Приливы и отливы</p>"
    assert "Приливы" in read("tides.html", page.encode("cp1251"))[0]


def test_html_without_its_extension_is_known_by_its_beginning(read: Read) -> None:
    assert read("page", files.HTML.encode())[1].media_type == "text/html"


def test_a_pdf_gives_its_pages_as_parts(read: Read) -> None:
    text, reading = read("tides.pdf", files.pdf("The moon", "", "pulls the sea"))
    assert text == "The moon\n\n\f\n\n\fpulls the sea\n"
    assert reading.media_type == "application/pdf"
    assert reading.warnings == ["Page 2 has no text."]
    assert [part["name"] for part in reading.parts] == ["Page 1", "Page 2", "Page 3"]
    last = reading.parts[2]
    assert text[last["start"] : last["start"] + last["chars"]] == "pulls the sea\n"


def test_many_pages_without_text_are_one_sentence(read: Read) -> None:
    _, reading = read("scan.pdf", files.pdf("a", "", "", "", "b", ""))
    assert reading.warnings == ["4 pages have no text: 2–4, 6."]


def test_a_pdf_of_pictures_says_so(read: Read) -> None:
    with pytest.raises(ReadingError, match=r"no text in this file.*OCR"):
        read("scan.pdf", files.pdf("", ""))


def test_a_pdf_with_a_password_says_so(read: Read) -> None:
    with pytest.raises(ReadingError, match="protected by a password"):
        read("locked.pdf", files.locked_pdf())


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.pptx", "a.xlsx", "a.epub", "a.odt", "a.zip"])
def test_a_damaged_file_says_so(read: Read, name: str) -> None:
    whole = {"pdf": files.pdf("x"), "docx": files.docx(), "pptx": files.pptx(), "xlsx": files.xlsx()}
    whole |= {"epub": files.epub(), "odt": files.odt(), "zip": files.zipped(("a.txt", "x" * 1000))}
    content = whole[name.partition(".")[2]]
    with pytest.raises(ReadingError, match="damaged"):
        read(name, content[: len(content) // 2] if name != "a.pdf" else b"%PDF-1.4 nonsense")


def test_a_word_document_keeps_its_order(read: Read) -> None:
    text, reading = read("tides.docx", files.docx())
    assert text == "\n# Tides\n\nThe moon pulls the sea.\n\n- spring tide\nBrest | 7 m\n\nAfter the table.\n\n"
    assert reading.media_type.endswith("wordprocessingml.document")


def test_a_presentation_gives_slides_tables_and_notes(read: Read) -> None:
    text, reading = read("tides.pptx", files.pptx())
    assert text == "# Tides\n\n- The moon pulls the sea.\nBrest | 7 m\n\nNotes: Speak slowly.\n\n"
    assert [part["name"] for part in reading.parts] == ["Slide 1", "Slide 2"]
    assert reading.warnings == ["Slide 2 has no text."]


def test_a_workbook_gives_its_sheets_as_lines_of_cells(read: Read) -> None:
    text, reading = read("ports.xlsx", files.xlsx())
    assert text == "# Ports\n\nport\theight\tchecked\nBrest\t7\tTRUE\nSaint Malo\t12.5\tFALSE\n\n"
    assert [part["name"] for part in reading.parts] == ["Ports"]
    assert reading.warnings == ["The sheet “Nothing” is empty."]


def test_a_book_is_read_in_the_order_of_its_spine(read: Read) -> None:
    text, reading = read("book.epub", files.epub())
    assert text.index("The beginning.") < text.index("The end.")
    assert [part["name"] for part in reading.parts] == ["First", "Second"]


def test_an_opendocument_text_is_read(read: Read) -> None:
    assert read("tides.odt", files.odt())[0] == "\n## Tides\n\nThe moon  pulls.\n\n- spring tide\n"


def test_an_email_is_read_with_its_attachments(read: Read) -> None:
    text, reading = read("tides.eml", files.mail())
    assert text.startswith("From: ada@example.org\nTo: bob@example.org\nSubject: Gezeiten für alle\n\nThe moon pulls")
    assert "===== ports.csv =====\n\nport,height\nBrest,7\n" in text
    assert [part["name"] for part in reading.parts] == ["ports.csv"]
    assert len(reading.warnings) == 1 and reading.warnings[0].startswith("moon.png was left out.")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.txt", "text/plain"),
        ("README", "text/plain"),
        ("a.md", "text/markdown"),
        ("a.csv", "text/csv"),
        ("a.JSON", "application/json"),
        ("a.py", "text/x-python"),
        ("strange.xyz", "text/plain"),
    ],
)
def test_what_is_written_as_text_stays_as_it_is(read: Read, name: str, media_type: str) -> None:
    content = '{"moon": [1, 2],\n "sea": "<b>\u00e9</b>"}\n'
    text, reading = read(name, content.encode())
    assert (text, reading.media_type, reading.warnings) == (content, media_type, [])


@pytest.mark.parametrize(
    ("name", "content"), [("tides.docx", "docx"), ("tides.xlsx", "xlsx"), ("tides.pdf", "pdf"), ("book.epub", "epub")]
)
def test_a_wrong_extension_does_not_matter(read: Read, name: str, content: str) -> None:
    made = files.pdf("The moon") if content == "pdf" else getattr(files, content)()
    assert read("misnamed.bin", made)[1].media_type == read(name, made)[1].media_type


def test_what_cannot_be_read_names_what_can(read: Read) -> None:
    with pytest.raises(ReadingError, match=r"^MP4 files cannot be read here. These can: DOCX, .*PDF.*ZIP archives"):
        read("moon.mp4", bytes(range(256)) * 20)


def test_old_office_files_say_what_to_do(read: Read) -> None:
    with pytest.raises(ReadingError, match="Save it as DOCX"):
        read("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


@pytest.mark.parametrize(("content", "sentence"), [(b"", "This file is empty."), (b" \n\t\n ", "There is no text")])
def test_nothing_is_not_a_document(read: Read, content: bytes, sentence: str) -> None:
    with pytest.raises(ReadingError, match=sentence):
        read("empty.txt", content)


def test_xml_cannot_pull_in_files_or_explode(read: Read) -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol"><!ENTITY f SYSTEM "file:///etc/passwd">{entities}]>'
    content = zipfile.ZipFile(BytesIO(files.odt())).read("content.xml").decode()
    hostile = bomb + content.replace("pulls.", "pulls &f; &l9;")
    made = files.zipped(("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", hostile))
    try:
        text = read("tides.odt", made)[0]
    except ReadingError:
        return
    assert "root:" not in text and len(text) < 1000


@pytest.mark.skipif(not DATA.exists(), reason="the shared texts are not here")
@pytest.mark.parametrize(("name", "parts"), [("policy.pdf", 193), ("policy.epub", 25)])
def test_a_manual_is_read_whole(read: Read, name: str, parts: int) -> None:
    text, reading = read(name, (DATA / name).read_bytes())
    assert len(text) > 400_000 and len(reading.parts) == parts
    words = " ".join(text.split())
    assert "purpose of epochs is to cope with" in words

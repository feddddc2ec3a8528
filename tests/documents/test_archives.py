"""ZIP archives, friendly and hostile."""

import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from tests.documents import files
from trajectories.documents.reading import Reading, ReadingError

Read = Callable[[str, bytes], tuple[str, Reading]]


def test_every_file_inside_becomes_a_part_under_its_path(read: Read) -> None:
    made = files.zipped(("a/one.txt", "First."), ("a/two.docx", files.docx()), ("b/", ""), ("page.html", files.HTML))
    text, reading = read("all.zip", made)
    assert [part["name"] for part in reading.parts] == ["a/one.txt", "a/two.docx", "page.html"]
    for part in reading.parts:
        assert text[: part["start"]].endswith(f"===== {part['name']} =====\n\n")
    first = reading.parts[0]
    assert text[first["start"] : first["start"] + first["chars"]] == "First."


def test_what_cannot_be_read_is_left_out_and_told(read: Read) -> None:
    made = files.zipped(("a.txt", "Text."), ("moon.mp4", b"\0\0\0\x18ftypmp42" * 50), ("__MACOSX/._a.txt", b"\0" * 50))
    text, reading = read("all.zip", made)
    assert text.strip() == "===== a.txt =====\n\nText." and len(reading.parts) == 1
    assert len(reading.warnings) == 1 and reading.warnings[0].startswith("moon.mp4 was left out. MP4 files cannot")


def test_an_archive_of_pictures_is_no_document(read: Read) -> None:
    with pytest.raises(ReadingError, match="No file in this archive can be read"):
        read("all.zip", files.zipped(("moon.png", b"\x89PNG\0\0\0\0" * 50)))


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..\\..\\boot.ini", "a/\x1b[31m\u202egnp.txt"])
def test_paths_lead_nowhere(read: Read, name: str) -> None:
    _, reading = read("all.zip", files.zipped((name, "Text.")))
    shown = reading.parts[0]["name"]
    assert not shown.startswith(("/", "..")) and "\\" not in shown and shown.isprintable()


def test_archives_in_archives_are_opened_to_a_depth(read: Read) -> None:
    made = files.zipped(("deepest.txt", "Text."))
    for level in range(6):
        made = files.zipped((f"{level}.txt", f"Level {level}."), (f"{level}.zip", made))
    text, reading = read("all.zip", made)
    assert "Level 5." in text and "Level 3." in text and "deepest" not in text
    assert any("levels deep" in warning for warning in reading.warnings)


def test_a_bomb_is_not_opened(read: Read) -> None:
    with pytest.raises(ReadingError, match="unpacks to far more"):
        read("bomb.zip", files.zipped(("zeros.txt", bytes(100 << 20))))


def test_a_bomb_inside_of_an_office_file_is_not_opened(read: Read) -> None:
    made = files.zipped(("[Content_Types].xml", "<x/>"), ("xl/workbook.xml", b" " * (100 << 20)))
    with pytest.raises(ReadingError, match="unpacks to far more"):
        read("bomb.xlsx", made)


def test_a_wrong_table_of_contents_does_not_unpack_more(read: Read) -> None:
    made = bytearray(files.zipped(("zeros.txt", b"0" * (4 << 20))))
    at = made.rindex(b"PK\x01\x02") + 24
    made[at : at + 4] = struct.pack("<I", 1000)  # the size it claims to have
    with pytest.raises(ReadingError, match="damaged|unpacks"):
        read("liar.zip", bytes(made))


def test_too_many_files_are_refused(read: Read) -> None:
    with pytest.raises(ReadingError, match="more than 10,000 files"):
        read("many.zip", files.zipped(*((f"{number}.txt", "x") for number in range(10_001))))


def test_locked_files_are_told(read: Read) -> None:
    made = bytearray(files.zipped(("a.txt", "Text.")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        made[made.index(signature) + offset] |= 1
    with pytest.raises(ReadingError, match="protected by a password"):
        read("locked.zip", bytes(made))


def test_a_thing_that_only_begins_like_an_archive_is_damaged(read: Read) -> None:
    with pytest.raises(ReadingError, match="damaged"):
        read("all.zip", b"PK\x03\x04" + bytes(2000))


def test_members_that_lie_over_one_another_do_not_multiply(read: Read) -> None:
    """Many names for the same packed bytes: the table of contents alone says how much it would become."""
    with zipfile.ZipFile(file := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.txt", b"0" * (1 << 20))
        first = archive.filelist[0]
        for number in range(1, 3000):
            twin = zipfile.ZipInfo(f"{number}.txt")
            for name in ("compress_type", "CRC", "compress_size", "file_size", "header_offset"):
                setattr(twin, name, getattr(first, name))
            archive.filelist.append(twin)
    with pytest.raises(ReadingError, match="unpacks to"):
        read("overlap.zip", file.getvalue())

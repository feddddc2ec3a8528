"""Documents at the API: pasted, listed, read, searched, taken away; and read in the background."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from tests.api.conftest import error_of, make_run, sender
from tests.documents import files
from trajectories import documents, engine
from trajectories.documents import extraction, reading, store
from trajectories.documents.finding import find
from trajectories.models import Document, RunDocument

Send = Callable[..., Any]
TEXT = "Größe: the moon 🌙 pulls\nthe sea. " * 1000


def paste(send: Send, text: str = TEXT, name: str = "tides.txt") -> dict[str, Any]:
    response = send("POST", "/api/v1/documents", {"name": name, "text": text})
    assert response.status_code == 201, response.content
    return response.json()


def kept_files(sha256: str) -> list[str]:
    keys = (store.blob_key(sha256), store.text_key(sha256), store.text_key(sha256) + store.INDEX)
    return [key for key in keys if storages["documents"].exists(key)]


# ---------------------------------------------------------------------------------------------- pasting, reading


def test_a_pasted_text_is_ready_at_once(send: Send) -> None:
    document = paste(send)
    assert document["status"] == "ready" and document["chars"] == len(TEXT)
    assert document["sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    row = Document.objects.get(pk=document["id"])
    assert row.decoded_bytes == 4 * len(TEXT) and row.tokens == engine.estimate_tokens(len(TEXT))
    assert row.media_type == "text/plain"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "a"},
        {"text": "a"},
        {"name": "a", "text": ""},
        {"name": "a", "text": " \n"},
        {"name": "a", "text": 5},
        {"name": "a", "text": None},
        {"name": "a", "text": "a\0b"},
        {"name": "", "text": "a"},
        [],
        7,
    ],
    ids=str,
)
def test_a_bad_text_is_refused_with_a_sentence(send: Send, body: Any) -> None:
    response = send("POST", "/api/v1/documents", body)
    error_of(response)
    assert response.status_code == 422


def test_a_pasted_text_may_have_one_mebibyte(send: Send) -> None:
    paste(send, "x" * 1_000_000)
    response = send("POST", "/api/v1/documents", {"name": "a", "text": "x" * (1 << 20)})
    assert response.status_code == 413
    error_of(response)


def window(send: Send, document: dict[str, Any], query: str) -> Any:
    return send("GET", f"/api/v1/documents/{document['id']}/text?{query}")


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("", 0, len(TEXT)),
        ("start=10&end=40", 10, 40),
        ("start=17000&end=17003", 17000, 17003),
        ("start=0&end=0", 0, 0),
        ("end=99999999", 0, len(TEXT)),
        ("start=99999999", len(TEXT), len(TEXT)),
        ("start=99999999&end=999999999", len(TEXT), len(TEXT)),
    ],
)
def test_a_window_counts_characters_and_is_clipped(send: Send, query: str, start: int, end: int) -> None:
    assert window(send, paste(send), query).json() == {"start": start, "end": end, "text": TEXT[start:end]}


@pytest.mark.parametrize("query", ["start=-1", "start=x", "end=1.5", "start=5&end=4", "start=" + "9" * 30])
def test_a_bad_window_is_refused_with_a_sentence(send: Send, query: str) -> None:
    response = window(send, paste(send), query)
    error_of(response)
    assert response.status_code == 422


def test_a_window_has_an_end(send: Send, owner: Any) -> None:
    document = documents.add_text(owner, "long.txt", "x" * 3_000_000)
    got = window(send, {"id": document.id}, "start=7").json()
    assert (got["start"], got["end"]) == (7, 1_000_007) and len(got["text"]) == 1_000_000


def test_another_users_document_does_not_exist(send: Send, stranger: Any) -> None:
    document, foreign = paste(send), sender(stranger)
    for method, path in (("GET", ""), ("GET", "/text"), ("GET", "/find?q=sea"), ("DELETE", "")):
        response = foreign(method, f"/api/v1/documents/{document['id']}{path}")
        assert response.status_code == 404
        error_of(response)
    assert foreign("GET", "/api/v1/documents").json() == {"items": [], "next": None}
    assert send("GET", f"/api/v1/documents/{document['id']}").json() == document


def test_the_list_goes_on_behind_its_cursor(send: Send) -> None:
    made = [paste(send, f"Text {number}", f"{number}.txt")["id"] for number in range(5)]
    got, more = [], ""
    while more is not None:
        page = send("GET", f"/api/v1/documents?limit=2{more}").json()
        got += [item["id"] for item in page["items"]]
        more = f"&cursor={page['next']}" if page["next"] else None
    assert got == made[::-1]
    assert [item["name"] for item in send("GET", "/api/v1/documents?q=3.T").json()["items"]] == ["3.txt"]
    assert send("GET", "/api/v1/documents?cursor=nonsense").status_code == 422


# ---------------------------------------------------------------------------------------------- finding


def test_words_are_found_whatever_their_case_and_line_breaks(send: Send) -> None:
    document = paste(send)
    got = send("GET", f"/api/v1/documents/{document['id']}/find?q=Pulls%20THE&from=100").json()
    assert TEXT[got["start"] : got["end"]] == "pulls\nthe" and got["start"] == TEXT.index("pulls", 100)
    back = send("GET", f"/api/v1/documents/{document['id']}/find?q=moon&from={got['start']}&back=true").json()
    assert back["start"] == TEXT.rindex("moon", 0, got["start"])
    nothing = {"start": None, "end": None, "next": None}
    assert send("GET", f"/api/v1/documents/{document['id']}/find?q=nowhere").json() == nothing
    assert send("GET", f"/api/v1/documents/{document['id']}/find?q=").status_code == 422


def test_a_match_across_two_windows_is_found() -> None:
    text = engine.TextInMemory("x" * ((1 << 20) - 3) + "needle" + "y" * 100)
    for start, back in ((0, False), (1 << 21, True)):
        found = find(text, "NEEDLE", start, back=back)
        assert text.read(found.start or 0, found.end or 0) == "needle"


def test_a_search_ends_in_time_and_says_where_to_go_on() -> None:
    text = engine.TextInMemory("x" * (3 << 20) + "needle")
    start, rounds = 0, 0
    while (found := find(text, "needle", start, seconds=0)).start is None:
        assert found.next is not None and found.next > start
        start, rounds = found.next, rounds + 1
    assert found.start == 3 << 20 and rounds >= 2
    back = find(text, "nothing", text.chars, back=True, seconds=0)
    assert back.next is not None and back.next < text.chars


# ---------------------------------------------------------------------------------------------- taking away


def test_a_deleted_document_leaves_no_files(send: Send) -> None:
    document = paste(send)
    assert len(kept_files(document["sha256"])) == 3
    assert send("DELETE", f"/api/v1/documents/{document['id']}?for_good=true").status_code == 204
    assert kept_files(document["sha256"]) == []
    assert send("GET", f"/api/v1/documents/{document['id']}").status_code == 404


def test_files_stay_while_another_document_needs_them(send: Send, stranger: Any) -> None:
    mine, theirs = paste(send), paste(sender(stranger))
    send("DELETE", f"/api/v1/documents/{mine['id']}?for_good=true")
    assert window(sender(stranger), theirs, "end=5").json()["text"] == TEXT[:5]


def test_a_document_in_use_is_kept_for_its_run(send: Send, owner: Any) -> None:
    document = paste(send)
    run = make_run(owner, Document.objects.get(pk=document["id"]))
    assert send("DELETE", f"/api/v1/documents/{document['id']}?for_good=true").status_code == 204
    assert send("GET", "/api/v1/documents").json()["items"] == []
    assert window(send, document, "end=5").json()["text"] == TEXT[:5]
    RunDocument.objects.filter(run=run).delete()
    documents.remove_unused()
    assert kept_files(document["sha256"]) == [] and not Document.objects.exists()


# ---------------------------------------------------------------------------------------------- in the background


def upload(owner: Any, name: str, content: bytes, tmp_path: Path) -> Document:
    path = tmp_path / "file"
    path.write_bytes(content)
    return documents.add_file(owner, name, path)


@pytest.mark.django_db(transaction=True)
def test_a_file_is_read_in_the_background(owner: Any, tmp_path: Path) -> None:
    document = upload(owner, "tides.pdf", files.pdf("The moon", "pulls the sea"), tmp_path)
    assert document.status == Document.Status.PROCESSING
    with pytest.raises(engine.DocumentError, match="still being read"):
        documents.open_text(document)
    ready = documents.wait_ready(document, 30)
    text = documents.open_text(ready)
    assert text.read(0, text.chars) == "The moon\n\n\fpulls the sea\n"
    assert ready.parts[1] == {"name": "Page 2", "start": 11, "chars": 14}
    assert (ready.chars, ready.decoded_bytes, ready.media_type) == (25, 25, "application/pdf")


@pytest.mark.django_db(transaction=True)
def test_an_unreadable_file_says_why(owner: Any, send: Send, tmp_path: Path) -> None:
    document = upload(owner, "moon.mp4", b"\0\0\0\x18ftypmp42" * 50, tmp_path)
    failed = documents.wait_ready(document, 30)
    assert failed.status == Document.Status.FAILED and "These can:" in failed.message
    response = send("GET", f"/api/v1/documents/{document.id}/text")
    assert response.status_code == 409 and error_of(response)["message"] == failed.message


@pytest.mark.django_db(transaction=True)
def test_what_was_left_unread_is_taken_up_at_the_next_start(owner: Any, tmp_path: Path) -> None:
    content = b"The moon pulls the sea."
    sha256 = hashlib.sha256(content).hexdigest()
    path = tmp_path / "file"
    path.write_bytes(content)
    store.put(path, store.blob_key(sha256))
    left = Document.objects.create(owner=owner, name="a.txt", sha256=sha256, bytes=len(content))
    documents.resume_extractions()
    assert documents.wait_ready(left, 30).chars == len(content)


@pytest.mark.django_db(transaction=True)
def test_a_document_deleted_while_it_is_read_leaves_nothing(owner: Any, tmp_path: Path) -> None:
    document = upload(owner, "a.txt", b"The moon pulls the sea.", tmp_path)
    sha256 = document.sha256
    documents.remove(document)
    extraction.begin_extraction(other := upload(owner, "b.txt", b"Another text.", tmp_path))
    documents.wait_ready(other, 30)
    assert kept_files(sha256) == []


def test_a_file_gone_from_the_store_is_a_clear_failure(owner: Any) -> None:
    document = Document.objects.create(owner=owner, name="a.txt", sha256="ab" * 32, bytes=1)
    extraction.extract(document.pk)
    document.refresh_from_db()
    assert document.status == Document.Status.FAILED and "Upload it again." in document.message


# ---------------------------------------------------------------------------------------------- the reading process


def test_a_reader_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    (tmp_path / "slow.txt").write_text(TEXT)
    with pytest.raises(reading.ReadingError, match="took longer than"):
        reading.read_file(tmp_path / "slow.txt", "slow.txt", tmp_path, seconds=0)


def test_a_reader_that_takes_too_much_memory_is_ended(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>moon" * 500_000)
    with pytest.raises(reading.ReadingError, match="needs more memory|too large for its kind"):
        reading.read_file(tmp_path / "page.html", "page.html", tmp_path, memory=100 << 20)


@pytest.mark.parametrize(
    "result", [b"", b"[", b"[1]", b'{"parts": 5}', b'{"error": [1]}', b"[" * 100_000, b"x" * (9 << 20)], ids=len
)
def test_what_a_reader_says_is_not_believed(tmp_path: Path, result: bytes) -> None:
    (tmp_path / "result.json").write_bytes(result)
    with pytest.raises(reading.ReadingError):
        reading.checked(tmp_path, 0)


def test_odd_claims_of_a_reader_are_tamed(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x")
    claims = {
        "media_type": "a" * 999,
        "warnings": ["line\nbreak\u202e", 5] * 500,
        "parts": [
            {"name": "a", "start": -1, "chars": 1},
            {"name": 5},
            7,
            {"name": "b", "start": 0, "chars": 1, "x": 1},
        ],
    }
    (tmp_path / "result.json").write_text(json.dumps(claims))
    got = reading.checked(tmp_path, 0)
    assert len(got.media_type) == 120 and len(got.warnings) == 100 and got.warnings[0] == "line break "
    assert got.parts == [{"name": "b", "start": 0, "chars": 1}]


INTRUDER = """
import json, os, socket, sys
sys.path.insert(0, {package!r})
from pathlib import Path
from readers.confinement import confine
source, folder, secret = map(Path, sys.argv[1:4])
confine(source, folder, memory=1 << 30, seconds=60, file_bytes=1 << 20)
def attempt(what):
    try:
        return what() or True
    except (OSError, MemoryError) as error:
        return type(error).__name__
print(json.dumps(dict(
    source=attempt(source.read_text), result=attempt(lambda: (folder / "x").write_text("x")),
    secret=attempt(secret.read_text), listing=attempt(lambda: os.listdir(secret.parent)),
    write=attempt(lambda: secret.write_text("x")), passwd=attempt(lambda: open("/etc/passwd").read()),
    program=attempt(lambda: os.posix_spawn("/bin/sh", ["sh", "-c", "exit"], {{}})),
    network=attempt(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[4])), 2).close()),
    memory=attempt(lambda: len(bytearray(2 << 30))),
    disk=attempt(lambda: (folder / "y").write_bytes(bytes(2 << 20))),
)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_a_reader_reaches_no_other_file_and_no_network(tmp_path: Path, house: Any) -> None:
    source, folder, secret = tmp_path / "source", tmp_path / "folder", tmp_path / "secret"
    source.write_text("source")
    secret.write_text("secret")
    folder.mkdir()
    code = INTRUDER.format(package=str(reading.CHILD.parent.parent))
    command = [sys.executable, "-I", "-c", code, source, folder, secret, house.url.rpartition(":")[2]]
    got = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    assert got["source"] == "source" and got["result"] == 1
    assert got["memory"] == "MemoryError" and got["disk"] == "OSError"
    assert got["network"] in ("OSError", "ConnectionRefusedError"), got
    assert [got[name] for name in ("secret", "listing", "write", "passwd", "program")] == ["PermissionError"] * 5

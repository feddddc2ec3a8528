"""Uploads: chunk after chunk, broken off and taken up again, whatever comes in between."""

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from tests.api.conftest import error_of, sender
from trajectories import documents
from trajectories.documents import uploads
from trajectories.models import Document, Upload

Send = Callable[..., Any]
CONTENT = b"The moon pulls the sea.\n" * 50_000


def begin(send: Send, content: bytes = CONTENT, **more: Any) -> dict[str, Any]:
    response = send("POST", "/api/v1/uploads", {"name": "tides.txt", "size": len(content), **more})
    assert response.status_code == 201, response.content
    return response.json()


def put(send: Send, upload: dict[str, Any], offset: int, data: bytes) -> Any:
    return send("PUT", f"/api/v1/uploads/{upload['id']}?offset={offset}", data, "application/octet-stream")


def complete(send: Send, upload: dict[str, Any]) -> Any:
    return send("POST", f"/api/v1/uploads/{upload['id']}/complete")


def test_a_file_arrives_in_chunks(send: Send) -> None:
    upload = begin(send, sha256=hashlib.sha256(CONTENT).hexdigest())
    assert upload["offset"] == 0 and upload["chunk_size"] == settings.CHUNK_BYTES
    for start in range(0, len(CONTENT), 300_000):
        response = put(send, upload, start, CONTENT[start : start + 300_000])
        assert response.json() == {"offset": min(start + 300_000, len(CONTENT))}
    response = complete(send, upload)
    assert response.status_code == 201
    document = response.json()
    assert document["status"] == "processing" and document["bytes"] == len(CONTENT)
    assert document["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert send("GET", f"/api/v1/uploads/{upload['id']}").status_code == 404


def test_it_says_where_to_go_on(send: Send) -> None:
    upload = begin(send)
    put(send, upload, 0, CONTENT[:1000])
    assert send("GET", f"/api/v1/uploads/{upload['id']}").json()["offset"] == 1000
    for wrong in (0, 999, 1001):
        response = put(send, upload, wrong, b"x")
        assert response.status_code == 409 and response.json()["offset"] == 1000
        error_of(response)
    assert put(send, upload, 1000, CONTENT[1000:]).json() == {"offset": len(CONTENT)}


def test_what_a_killed_server_had_half_written_is_written_anew(send: Send, owner: Any) -> None:
    upload = begin(send, b"0123456789")
    put(send, upload, 0, b"01234")
    with (settings.UPLOAD_DIR / upload["id"]).open("ab") as file:
        file.write(b"garbage that no row knows of")
    assert send("GET", f"/api/v1/uploads/{upload['id']}").json()["offset"] == 5
    put(send, upload, 5, b"56789")
    assert complete(send, upload).json()["sha256"] == hashlib.sha256(b"0123456789").hexdigest()


def test_a_file_that_was_lost_is_asked_for_again(send: Send) -> None:
    upload = begin(send, b"0123456789")
    put(send, upload, 0, b"0123456789")
    (settings.UPLOAD_DIR / upload["id"]).unlink()
    assert send("GET", f"/api/v1/uploads/{upload['id']}").json()["offset"] == 0
    response = complete(send, upload)
    assert response.status_code == 409 and response.json()["offset"] == 0
    put(send, upload, 0, b"0123456789")
    assert complete(send, upload).status_code == 201


def test_an_upload_with_missing_bytes_cannot_be_completed(send: Send) -> None:
    upload = begin(send)
    put(send, upload, 0, CONTENT[:7])
    response = complete(send, upload)
    assert response.status_code == 409 and response.json()["offset"] == 7
    assert "missing" in error_of(response)["message"]


def test_wrong_bytes_are_refused_and_can_be_sent_again(send: Send) -> None:
    upload = begin(send, b"right", sha256=hashlib.sha256(b"right").hexdigest())
    put(send, upload, 0, b"wrong")
    response = complete(send, upload)
    assert response.status_code == 422 and error_of(response)["code"] == "wrong_sha256"
    put(send, upload, 0, b"right")
    assert complete(send, upload).status_code == 201


def test_a_chunk_beyond_the_announced_size_is_refused(send: Send) -> None:
    upload = begin(send, b"12345")
    response = put(send, upload, 0, b"123456")
    assert response.status_code == 413
    error_of(response)
    assert put(send, upload, 0, b"12345").json() == {"offset": 5}
    assert put(send, upload, 5, b"6").status_code == 413


def test_a_chunk_that_is_too_large_is_refused(send: Send) -> None:
    upload = begin(send, bytes(settings.CHUNK_BYTES + 1))
    response = put(send, upload, 0, bytes(settings.CHUNK_BYTES + 1))
    assert response.status_code == 413 and str(settings.CHUNK_BYTES) in error_of(response)["message"]


def test_a_file_that_is_there_already_need_not_be_sent(send: Send) -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    upload = begin(send)
    put(send, upload, 0, CONTENT)
    document = complete(send, upload).json()
    response = send("POST", "/api/v1/uploads", {"name": "again.txt", "size": len(CONTENT), "sha256": sha256.upper()})
    assert response.status_code == 200 and response.json()["document"]["id"] == document["id"]


def test_what_another_user_has_is_not_told(send: Send, stranger: Any) -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    upload = begin(send)
    put(send, upload, 0, CONTENT)
    complete(send, upload)
    assert begin(sender(stranger), sha256=sha256)["offset"] == 0, "an upload of the stranger's own, not the document"


def test_another_users_upload_does_not_exist(send: Send, stranger: Any) -> None:
    upload, foreign = begin(send), sender(stranger)
    assert send("GET", f"/api/v1/uploads/{upload['id']}").status_code == 200
    assert foreign("GET", f"/api/v1/uploads/{upload['id']}").status_code == 404
    assert put(foreign, upload, 0, b"x").status_code == 404
    assert complete(foreign, upload).status_code == 404
    assert foreign("DELETE", f"/api/v1/uploads/{upload['id']}").status_code == 404


def test_an_upload_can_be_given_up(send: Send) -> None:
    upload = begin(send)
    put(send, upload, 0, b"x")
    assert send("DELETE", f"/api/v1/uploads/{upload['id']}").status_code == 204
    assert not (settings.UPLOAD_DIR / upload["id"]).exists()
    assert put(send, upload, 1, b"x").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "a"},
        {"size": 1},
        {"name": "", "size": 1},
        {"name": "a", "size": -1},
        {"name": "a", "size": 1.5},
        {"name": "a", "size": "1"},
        {"name": "a", "size": True},
        {"name": "a", "size": None},
        {"name": "a", "size": 2**63},
        {"name": "a", "size": settings.MAX_DOCUMENT_BYTES + 1},
        {"name": 5, "size": 1},
        {"name": ["a"], "size": 1},
        {"name": "a" * 5000, "size": 1},
        {"name": "a\0b", "size": 1},
        {"name": "a", "size": 1, "sha256": "abc"},
        {"name": "a", "size": 1, "sha256": "g" * 64},
        {"name": "a", "size": 1, "sha256": 5},
        {"name": "a", "size": 1, "more": 1},
        [],
        "a",
    ],
    ids=str,
)
def test_a_bad_beginning_is_refused_with_a_sentence(send: Send, body: Any) -> None:
    response = send("POST", "/api/v1/uploads", body)
    error_of(response)
    assert response.status_code in (413, 422)
    assert not Upload.objects.exists()


@pytest.mark.parametrize("query", ["", "offset=", "offset=-1", "offset=x", "offset=1.5", "offset=" + "9" * 40, "o=1"])
def test_a_bad_offset_is_refused_with_a_sentence(send: Send, query: str) -> None:
    response = send("PUT", f"/api/v1/uploads/{begin(send)['id']}?{query}", b"x", "application/octet-stream")
    error_of(response)
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\tides.txt", "tides.txt"),
        ("folder/tides.txt", "tides.txt"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("a\x00b\x1b[31m\n.txt", "ab[31m .txt"),
        ("..", "untitled"),
        ("///", "untitled"),
        (" \t ", "untitled"),
        ("\ud800half.txt", "?half.txt"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("<script>.txt", "<script>.txt"),
        (".gitignore", ".gitignore"),
    ],
)
def test_names_are_cleaned(given: str, kept: str) -> None:
    assert documents.clean_name(given) == kept


def test_a_name_without_end_keeps_its_extension() -> None:
    name = documents.clean_name("a" * 1000 + ".pdf")
    assert len(name) == 255 and name.endswith("….pdf")


class Body:
    """A request's body that lets the test look in between two pieces."""

    def __init__(self, pieces: list[bytes], before_each: Callable[[], None] = lambda: None) -> None:
        self.pieces, self.before_each = pieces, before_each

    def read(self, size: int) -> bytes:
        self.before_each()
        return self.pieces.pop(0) if self.pieces else b""


def test_a_broken_chunk_does_not_move_the_offset(owner: Any) -> None:
    upload = uploads.begin(owner, "a.txt", 10)

    def break_off() -> None:
        if not body.pieces:
            raise ConnectionResetError

    body = Body([b"012"], break_off)
    with pytest.raises(ConnectionResetError):
        uploads.append(upload, 0, body)
    assert uploads.standing(Upload.objects.get(pk=upload.pk)) == 0
    assert uploads.append(upload, 0, Body([b"01234", b"56789"])) == 10
    assert documents.uploads.complete(upload).sha256 == hashlib.sha256(b"0123456789").hexdigest()


@pytest.mark.django_db(transaction=True)
def test_of_two_chunks_for_the_same_place_one_is_kept(owner: Any) -> None:
    upload = uploads.begin(owner, "a.txt", 8)
    inside, outcomes = threading.Event(), []

    def send_slowly() -> None:
        outcomes.append(uploads.append(Upload.objects.get(pk=upload.pk), 0, Body([b"aaaa"], inside.set)))
        connection.close()

    first = threading.Thread(target=send_slowly)
    first.start()
    inside.wait(10)
    with pytest.raises(uploads.WrongOffset) as refused:
        uploads.append(Upload.objects.get(pk=upload.pk), 0, Body([b"bbbb"]))
    first.join()
    assert outcomes == [4] and refused.value.offset == 4
    assert (settings.UPLOAD_DIR / upload.pk).read_bytes() == b"aaaa"


def test_the_same_file_under_two_names_is_stored_once(send: Send, owner: Any) -> None:
    for name in ("one.txt", "two.txt", "two.txt"):
        upload = send("POST", "/api/v1/uploads", {"name": name, "size": len(CONTENT)}).json()
        put(send, upload, 0, CONTENT)
        assert complete(send, upload).status_code == 201
        assert not (settings.UPLOAD_DIR / upload["id"]).exists()
    assert sorted(Document.objects.values_list("name", flat=True)) == ["one.txt", "two.txt"]

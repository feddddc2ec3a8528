"""Pictures of documents: picture files come in, pages of PDFs are drawn when wanted, hostile files draw nothing."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from trajectories import documents, engine
from trajectories.documents import pictures
from trajectories.models import Document

pytestmark = pytest.mark.django_db(transaction=True)


def picture_file(path: Path, size: tuple[int, int] = (3_000, 1_000), kind: str = "PNG") -> Path:
    Image.new("RGB", size, "#aa3311").save(path, kind)
    return path


def added(owner: Any, path: Path) -> Document:
    document = documents.add_file(owner, path.name, path)
    documents.wait_ready(document, 60)
    document.refresh_from_db()
    return document


def size_of(drawn: tuple[str, bytes]) -> tuple[int, int]:
    assert drawn[0] == "image/jpeg"
    return Image.open(io.BytesIO(drawn[1])).size


def test_a_picture_file_is_a_document_with_one_picture(owner: Any, tmp_path: Path) -> None:
    document = added(owner, picture_file(tmp_path / "map.png"))
    assert (document.status, document.media_type) == ("ready", "image/png")
    assert "3,000 × 1,000" in documents.open_text(document).read(0, 200)
    found = documents.pictures_of(document)
    assert found is not None
    assert found.names == ("Picture",)
    assert size_of(found.read(0)) == (1_568, 523)


def test_a_page_of_a_pdf_is_drawn(owner: Any) -> None:
    data = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "dev" / "policy.pdf"
    if not data.exists():
        pytest.skip("needs the shared data: policy.pdf")
    document = added(owner, data)
    found = documents.pictures_of(document)
    assert found is not None
    assert found.names[:2] == ("Page 1", "Page 2")
    assert max(size_of(found.read(1))) == 1_568


def test_a_text_has_none(owner: Any) -> None:
    assert documents.pictures_of(documents.add_text(owner, "a.txt", "text")) is None


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\nbroken", b"GIF89a", b"not a picture"])
def test_a_broken_picture_is_refused_with_a_sentence(owner: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    document = added(owner, path)
    assert document.status == "failed"
    assert document.message.endswith(".")


def test_what_cannot_be_drawn_is_an_error_and_no_picture(owner: Any, tmp_path: Path) -> None:
    document = added(owner, picture_file(tmp_path / "map.png", (10, 10)))
    pictures.store.local_path(pictures.store.blob_key(document.sha256)).write_bytes(b"%PDF-1.7 broken")
    pictures._cache.clear()
    found = documents.pictures_of(document)
    assert found is not None
    with pytest.raises(engine.DocumentError, match="cannot be drawn"):
        found.read(0)

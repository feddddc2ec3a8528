"""Documents: uploads in chunks, pasted texts, listing, reading, finding, taking away."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from trajectories import access, documents, engine
from trajectories.api import shapes
from trajectories.api.bodies import Body, Removal, json_answer
from trajectories.api.errors import ApiError
from trajectories.api.paging import cursor_of, position_of
from trajectories.documents import uploads
from trajectories.models import Document, Upload
from trajectories.representations import document_json

router = Router(tags=["Documents"])

MAX_NAME = 4_000
MAX_TEXT_BYTES = 1 << 20
MAX_WINDOW = 1_000_000
"""Characters of a text in one answer."""
BIGGEST = 2**62
"""Numbers beyond it fit into no column."""

OCTETS = {"requestBody": {"content": {"application/octet-stream": {}}, "required": True}}

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Offset = Annotated[int, Field(ge=0, le=BIGGEST)]


class NewUpload(Body):
    name: Name
    size: Offset
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] | None = None


class NewText(Body):
    name: Name
    text: str


class Asked(Body):
    """What stands in an address; numbers arrive as text there."""

    model_config = Body.model_config | {"strict": False}


class Chunk(Asked):
    offset: Offset


class Filter(Asked):
    q: Annotated[str, Field(max_length=200)] | None = None
    deleted: bool = False
    """Those that were deleted and can still be restored, instead of the others."""
    cursor: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 25


class Window(Asked):
    start: Offset = 0
    end: Offset | None = None


class Wanted(Asked):
    q: Annotated[str, Field(min_length=1, max_length=200)]
    from_: Annotated[int, Field(ge=0, le=BIGGEST, alias="from")] = 0
    back: bool = False


# ------------------------------------------------------------------------------------------------- uploads


@router.post("/uploads", response={201: shapes.Upload, 200: shapes.Kept}, summary="Begin an upload")
def begin(request: HttpRequest, body: NewUpload) -> HttpResponse:
    """`201 {id, offset, chunk_size}`, or `200 {document}` when you have a document with this SHA-256 already."""
    if body.size > settings.MAX_DOCUMENT_BYTES:
        most = settings.MAX_DOCUMENT_BYTES >> 20
        raise ApiError(413, "too_large", f"A document may have at most {most} MiB. Split it into smaller files.")
    sha256 = (body.sha256 or "").lower()
    if sha256 and (document := documents.find_same(request.user, sha256)):
        return json_answer({"document": document_json(document)})
    return json_answer(_upload_json(uploads.begin(request.user, body.name, body.size, sha256)), 201)


@router.get("/uploads/{upload_id}", response=shapes.Upload, summary="Where an upload stands")
def standing(request: HttpRequest, upload_id: str) -> HttpResponse:
    return json_answer(_upload_json(access.get_upload(request.user, upload_id)))


@router.put(
    "/uploads/{upload_id}", response=shapes.Offset, openapi_extra=OCTETS, summary="The next chunk, as an octet stream"
)
def append(request: HttpRequest, upload_id: str, chunk: Query[Chunk]) -> HttpResponse:
    upload = access.get_upload(request.user, upload_id)
    with _refusals():
        return json_answer({"offset": uploads.append(upload, chunk.offset, request)})


@router.post(
    "/uploads/{upload_id}/complete", response={201: shapes.Document}, summary="End an upload: it becomes a document"
)
def complete(request: HttpRequest, upload_id: str) -> HttpResponse:
    upload = access.get_upload(request.user, upload_id)
    with _refusals():
        return json_answer(document_json(uploads.complete(upload)), 201)


@router.delete("/uploads/{upload_id}", response={204: None}, summary="Give an upload up")
def give_up(request: HttpRequest, upload_id: str) -> HttpResponse:
    uploads.remove(access.get_upload(request.user, upload_id))
    return HttpResponse(status=204)


def _upload_json(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.id,
        "name": upload.name,
        "offset": uploads.standing(upload),
        "size": upload.size,
        "chunk_size": settings.CHUNK_BYTES,
    }


@contextmanager
def _refusals() -> Iterator[None]:
    """What an upload cannot accept, as answers of the API."""
    try:
        yield
    except uploads.WrongOffset as error:
        raise ApiError(409, "wrong_offset", str(error), offset=error.offset) from None
    except uploads.TooLong as error:
        raise ApiError(413, "too_large", str(error), offset=error.offset) from None
    except uploads.WrongContent as error:
        raise ApiError(422, "wrong_sha256", str(error), offset=error.offset) from None
    except Upload.DoesNotExist:
        raise Http404("This upload has been completed or given up in the meantime.") from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ApiError(507, "disk_full", "The server's disk is full; make room on it, then go on.") from error


# ------------------------------------------------------------------------------------------------- documents


@router.post("/documents", response={201: shapes.Document}, summary="A pasted text")
def paste(request: HttpRequest, body: NewText) -> HttpResponse:
    if len(request.body) > MAX_TEXT_BYTES:
        raise ApiError(413, "too_large", "A pasted text may have at most 1 MiB; upload it as a file instead.")
    try:
        document = documents.add_text(request.user, body.name, body.text)
    except engine.DocumentError as error:
        raise ApiError(422, "no_text", str(error)) from None
    return json_answer(document_json(document), 201)


@router.post(
    "/samples/{key}", response={201: shapes.Document}, summary="A text shipped with the product, as a document of yours"
)
def sample(request: HttpRequest, key: str) -> HttpResponse:
    try:
        document = documents.add_sample(request.user, key)
    except KeyError:
        known = ", ".join(each.key for each in documents.samples())
        raise ApiError(404, "no_such_sample", f"There is no such sample. Use one of: {known}.") from None
    return json_answer(document_json(document), 201)


@router.get("/documents", response=shapes.Documents, summary="Documents, newest first")
def listing(request: HttpRequest, wanted: Query[Filter]) -> HttpResponse:
    listed = Document.objects.visible_to(request.user).listed()
    mine = (Document.objects.deleted_by(request.user) if wanted.deleted else listed).defer("parts")
    if wanted.q:
        mine = mine.filter(name__icontains=wanted.q)
    if wanted.cursor:
        created_at, document_id = position_of(wanted.cursor)
        mine = mine.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=document_id))
    page = list(mine.order_by("-created_at", "-id")[: wanted.limit + 1])
    shown = page[: wanted.limit]
    return json_answer(
        {
            "items": [document_json(document) for document in shown],
            "next": cursor_of(shown[-1]) if len(page) > wanted.limit else None,
        }
    )


@router.get("/documents/{document_id}", response=shapes.Document, summary="One document")
def one(request: HttpRequest, document_id: str) -> HttpResponse:
    return json_answer(document_json(access.get_document(request.user, document_id)))


@router.delete(
    "/documents/{document_id}", response={204: None}, summary="Delete a document; it can be restored for 7 days"
)
def delete(request: HttpRequest, document_id: str, wanted: Query[Removal]) -> HttpResponse:
    """With `for_good=true` at once and for good. One that a run used is kept for that run, out of the lists."""
    if not wanted.for_good:
        documents.discard(access.get_document(request.user, document_id))
        return HttpResponse(status=204)
    discarded = Document.objects.deleted_by(request.user).filter(pk=document_id).first()
    documents.remove(discarded or access.get_document(request.user, document_id))
    return HttpResponse(status=204)


@router.post("/documents/{document_id}/restore", response=shapes.Document, summary="Bring back a deleted document")
def restore(request: HttpRequest, document_id: str) -> HttpResponse:
    documents.restore(access.get_deleted_document(request.user, document_id))
    return json_answer(document_json(access.get_document(request.user, document_id)))


@router.get("/documents/{document_id}/text", response=shapes.Window, summary="A window of the text, in characters")
def text(request: HttpRequest, document_id: str, window: Query[Window]) -> HttpResponse:
    """At most 1,000,000 characters; `start` and `end` of the answer say what it really holds."""
    content = _text_of(access.get_document(request.user, document_id))
    start = min(window.start, content.chars)
    end = content.chars if window.end is None else min(window.end, content.chars)
    if end < start and window.end is not None and window.end < window.start:
        raise ApiError(422, "wrong_value", "“end” is before “start”; turn them round.")
    end = min(end, start + MAX_WINDOW)
    with _reading():
        return json_answer({"start": start, "end": end, "text": content.read(start, end)})


@router.get("/documents/{document_id}/find", response=shapes.Found, summary="The next place of some words in the text")
def find(request: HttpRequest, document_id: str, wanted: Query[Wanted]) -> HttpResponse:
    """`{start, end, next}`: the match, or where to go on looking (`from=next`); all three null at the end of the text.

    Case and line breaks do not matter; `back=true` looks for the last place before `from`."""
    content = _text_of(access.get_document(request.user, document_id))
    with _reading():
        found = documents.find(content, wanted.q, wanted.from_, back=wanted.back)
    return json_answer({"start": found.start, "end": found.end, "next": found.next})


def _text_of(document: Document) -> engine.TextFile:
    with _reading():
        return documents.open_text(document)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except engine.DocumentError as error:
        raise ApiError(409, "no_text", str(error)) from None

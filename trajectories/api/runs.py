"""Runs: asking, listing, following, stopping, reading, taking away."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from ninja import Query, Router
from pydantic import Field

from trajectories import (
    access,
    deletion,
    dissent,
    estimates,
    exporters,
    policies,
    recorder,
    representations,
    search,
    sessions,
    tags,
    tasks,
    windows,
)
from trajectories.api import shapes
from trajectories.api.bodies import Body, Removal, RunStatus, json_answer
from trajectories.api.errors import ApiError
from trajectories.api.paging import cursor_at, cursor_of, position_of
from trajectories.models import Document, Node, Run, RunTag

router = Router(tags=["Runs"])

MAX_DOCUMENTS = 1_000
MAX_PAGE = 100
MAX_EVENTS = 10_000
BIGGEST = 2**62
"""Numbers beyond it fit into no column."""

DocumentIds = Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=MAX_DOCUMENTS)]


class NewRun(Body):
    question: Annotated[str, Field(max_length=tasks.MAX_QUESTION)]
    documents: DocumentIds | None = None
    """May be left out for a follow-up question."""
    policy: str | dict[str, Any] | None = None
    follows: Annotated[str, Field(max_length=40)] | None = None
    """An ended run: the question goes on in its session, with its documents, and with its policy if none is named."""


class Kept(Body):
    """How its owner keeps a run; what is left out stays as it is."""

    title: Annotated[str, Field(max_length=200)] = ""
    tags: Annotated[list[Annotated[str, Field(max_length=400)]], Field(max_length=200)] = []
    pinned: bool = False


class Plan(Body):
    documents: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=MAX_DOCUMENTS)]
    policy: str | dict[str, Any] | None = None


# ------------------------------------------------------------------------------------------------- asking


@router.post("/runs", response={201: shapes.Run}, summary="Ask a question of documents")
def create(request: HttpRequest, body: NewRun) -> HttpResponse:
    try:
        question = tasks.checked_question(body.question)
    except tasks.WrongQuestion as error:
        raise ApiError(422, "wrong_question", str(error)) from None
    before = _followed(request, body)
    if before is not None:
        texts = representations.documents_of(before)
        policy = policies.resolve(request.user, body.policy if body.policy is not None else before.policy)
    else:
        texts = ready_documents(request, body.documents or [])
        policy = policies.resolve(request.user, body.policy)
    run = tasks.start_run(request.user, question, texts, policy, follows=before.pk if before else "")
    return json_answer(representations.run_json(run, request), 201)


def _followed(request: HttpRequest, body: NewRun) -> Run | None:
    """The run that a follow-up question goes on from. Raises `ApiError`."""
    if body.follows is None:
        if body.documents is None:
            raise ApiError(422, "missing", "Give “documents”: it is missing.")
        return None
    if body.documents is not None:
        raise ApiError(
            422, "wrong_value", "A follow-up question has the documents of its session; leave “documents” out."
        )
    before = access.get_run(request.user, body.follows)
    try:
        sessions.check(before)
    except sessions.NoSession as error:
        raise ApiError(409, "no_session", str(error)) from None
    return before


@router.post("/estimate", response=shapes.Estimate, summary="What a run would probably take")
def estimate(request: HttpRequest, body: Plan) -> HttpResponse:
    texts = [access.get_document(request.user, each) for each in dict.fromkeys(body.documents)]
    policy = policies.resolve(request.user, body.policy)
    return json_answer(estimates.estimate(request.user, policy, texts))


def ready_documents(request: HttpRequest, ids: list[str]) -> list[Document]:
    """In the order given. Raises `ApiError` for one that is unknown, not ready, or named twice."""
    if len(set(ids)) < len(ids):
        raise ApiError(422, "wrong_value", "A document is named twice in “documents”; name each once.")
    found = Document.objects.visible_to(request.user).listed().in_bulk(ids)
    for each in ids:
        document = found.get(each)
        if document is None:
            raise ApiError(404, "no_such_document", f"There is no document {each!r}; look at /api/v1/documents.")
        if document.status == Document.Status.PROCESSING:
            raise ApiError(409, "not_ready", f"“{document.name}” is still being read; ask again when it is ready.")
        if document.status == Document.Status.FAILED:
            raise ApiError(409, "not_readable", f"“{document.name}” could not be read; leave it out or upload another.")
    return [found[each] for each in ids]


# ------------------------------------------------------------------------------------------------- finding


class Filter(Body):
    model_config = Body.model_config | {"strict": False}

    status: RunStatus | None = None
    q: str | None = None
    document: Annotated[str, Field(max_length=40)] | None = None
    tag: Annotated[str, Field(max_length=400)] | None = None
    pinned: bool | None = None
    thumb: Literal["up", "down"] | None = None
    deleted: bool = False
    """Those that were deleted and can still be restored, instead of the others."""
    cursor: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 25


@router.get("/runs", response=shapes.Runs, summary="Runs, newest first")
def listing(request: HttpRequest, wanted: Query[Filter]) -> HttpResponse:
    """`q`: words, “quoted phrases” and /regular expressions/ in titles, questions, answers, tags, documents' names and
    all texts of the trajectories, and words such as `status:failed`, `cost:>0.01`, `model:mini`, `tag:checked`,
    `date:>2026-01-31`, `is:pinned`, `in:code`; a minus turns one round.

    With words to find, each run says under `found` where they stand, and `texts` how far trajectories were looked
    through: where `complete` is false, older runs were found by their heads alone, and the cursor `texts.next` goes on
    from there."""
    mine = Run.objects.deleted_by(request.user) if wanted.deleted else Run.objects.visible_to(request.user)
    runs = _filtered(mine, wanted)
    after = position_of(wanted.cursor) if wanted.cursor else None
    try:
        if wanted.q and search.asks_for_text(wanted.q):
            return json_answer(_searched(request, runs, wanted, after))
        runs = search.fitting_runs(runs, wanted.q) if wanted.q else runs
    except search.WrongQuery as error:
        raise ApiError(422, "wrong_query", str(error)) from None
    page = list(representations.with_documents(search.older(runs, after))[: wanted.limit + 1])
    shown = page[: wanted.limit]
    return json_answer(
        {
            "items": [representations.run_json(run, request) for run in shown],
            "next": cursor_of(shown[-1]) if len(page) > wanted.limit else None,
        }
    )


def _searched(
    request: HttpRequest, runs: "QuerySet[Run]", wanted: Filter, after: search.Position | None
) -> dict[str, Any]:
    """Raises `search.WrongQuery`."""
    found = search.search_runs(runs, wanted.q or "", after=after, limit=wanted.limit)
    rows = representations.with_documents(Run.objects.all()).in_bulk(list(found.hits))
    return {
        "items": [
            representations.run_json(rows[run_id], request) | {"found": search.run_hit_json(hit)}
            for run_id, hit in found.hits.items()
            if run_id in rows
        ],
        "next": cursor_at(found.next) if found.next else None,
        "texts": {
            "searched": found.searched,
            "complete": found.is_whole,
            "next": None if found.is_whole or found.whole_to is None else cursor_at(found.whole_to),
        },
    }


def _filtered(runs: "QuerySet[Run]", wanted: Filter) -> "QuerySet[Run]":
    if wanted.status:
        runs = runs.filter(status=wanted.status)
    if wanted.document:
        runs = runs.filter(pk__in=Run.documents.through.objects.filter(document=wanted.document).values("run"))
    if wanted.tag:
        runs = runs.filter(pk__in=RunTag.objects.filter(name=wanted.tag.strip().lower()).values("run"))
    if wanted.pinned is not None:
        runs = runs.filter(pinned_at__isnull=not wanted.pinned)
    if wanted.thumb:
        runs = runs.with_thumb(wanted.thumb)  # type: ignore[attr-defined]
    return runs.order_by("-created_at", "-id")


@router.get("/runs/{run_id}", response=shapes.Run, summary="One run")
def one(request: HttpRequest, run_id: str) -> HttpResponse:
    return json_answer(representations.run_json(access.get_run(request.user, run_id), request))


# ------------------------------------------------------------------------------------------------- acting


@router.post("/runs/{run_id}/cancel", response={202: shapes.Run}, summary="Stop a run")
def cancel(request: HttpRequest, run_id: str) -> HttpResponse:
    run = access.get_run(request.user, run_id)
    if not run.is_live and run.status != Run.Status.CANCELLED:
        raise ApiError(409, "already_ended", f"This run has already {run.status}; there is nothing to stop.")
    if run.is_live:
        tasks.cancel_run(run)
        run.refresh_from_db()
    return json_answer(representations.run_json(run, request), 202)


@router.patch("/runs/{run_id}", response=shapes.Run, summary="Name a run, tag it, pin it")
def change(request: HttpRequest, run_id: str, body: Kept) -> HttpResponse:
    run = access.get_run(request.user, run_id)
    given = body.model_fields_set
    with transaction.atomic():
        if "tags" in given:
            _put_tags(run, body.tags)
        if "title" in given:
            run.title = " ".join(body.title.split())
        if "pinned" in given:
            run.pinned_at = (run.pinned_at or timezone.now()) if body.pinned else None
        run.save(update_fields=["title", "pinned_at"])
    return json_answer(representations.run_json(run, request))


def _put_tags(run: Run, names: list[str]) -> None:
    try:
        tags.put(run, names)
    except tags.WrongTag as error:
        raise ApiError(422, "wrong_tag", str(error)) from None


@router.delete("/runs/{run_id}", response={204: None}, summary="Delete a run; it can be restored for 7 days")
def delete(request: HttpRequest, run_id: str, wanted: Query[Removal]) -> HttpResponse:
    """With `for_good=true` at once and for good, also one that was deleted before."""
    if wanted.for_good and (discarded := Run.objects.deleted_by(request.user).filter(pk=run_id)):
        deletion.remove(discarded)
        return HttpResponse(status=204)
    run = access.get_run(request.user, run_id)
    one = Run.objects.filter(pk=run.pk)
    if not (deletion.remove(one) if wanted.for_good else deletion.discard(one)):
        raise ApiError(409, "still_running", "This run is still at work; stop it first, then delete it.")
    return HttpResponse(status=204)


@router.post("/runs/{run_id}/restore", response=shapes.Run, summary="Bring back a deleted run")
def restore(request: HttpRequest, run_id: str) -> HttpResponse:
    run = access.get_deleted_run(request.user, run_id)
    deletion.restore(Run.objects.filter(pk=run.pk))
    return json_answer(representations.run_json(access.get_run(request.user, run_id), request))


# ------------------------------------------------------------------------------------------------- reading


class Page(Body):
    model_config = Body.model_config | {"strict": False}

    after: Annotated[int, Field(ge=0, le=BIGGEST)] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_EVENTS)] = 1_000


@router.get("/runs/{run_id}/events", response=shapes.Events, summary="The log, from a place on")
def events(request: HttpRequest, run_id: str, page: Query[Page]) -> HttpResponse:
    run = access.get_run(request.user, run_id)
    return json_answer(representations.events_json(run, after=page.after, limit=page.limit))


@router.get("/runs/{run_id}/tree", response=shapes.Tree, summary="The skeleton of every node, in columns")
def tree(request: HttpRequest, run_id: str) -> HttpResponse:
    return json_answer(representations.tree_json(access.get_run(request.user, run_id), request))


class Look(Body):
    model_config = Body.model_config | {"strict": False}

    heads: Annotated[int, Field(ge=0, le=windows.MOST_CHARS)] | None = None
    """Characters of each text that are told; the whole texts without it."""
    against: Annotated[int, Field(ge=1, le=BIGGEST)] | None = None
    """Number of an earlier call: how many messages at the beginning are the same as there."""


@router.get("/runs/{run_id}/nodes/{number}", response=shapes.Node, summary="One node with its texts")
def node(request: HttpRequest, run_id: str, number: int, look: Query[Look]) -> HttpResponse:
    """With `heads=N` the first N characters of each text, and `chars`, their lengths; the rest comes in windows."""
    run = access.get_run(request.user, run_id)
    found = _node(run, number)
    told = representations.node_json(found)
    if look.heads is not None:
        told = windows.beginnings(told, look.heads)
    if look.against is not None:
        told["same"] = windows.same_messages(found.texts, _node(run, look.against).texts)
    return json_answer(told)


class TextWindow(Body):
    model_config = Body.model_config | {"strict": False}

    start: Annotated[int, Field(ge=0, le=BIGGEST)] = 0
    end: Annotated[int, Field(ge=0, le=BIGGEST)] = BIGGEST


@router.get("/runs/{run_id}/nodes/{number}/texts/{name}", response=shapes.TextWindow, summary="A window of one text")
def node_text(request: HttpRequest, run_id: str, number: int, name: str, wanted: Query[TextWindow]) -> HttpResponse:
    """Of `stdout`, `response` or what else there is; `request.0` is the first message. At most 200,000 characters."""
    reference = windows.reference_of(_node(access.get_run(request.user, run_id), number).texts, name)
    if reference is None:
        raise ApiError(404, "no_such_text", f"This node has no text {name[:40]!r}; look at the node for those it has.")
    try:
        text = recorder.payload_text(reference["sha"])
    except recorder.PayloadMissing as error:
        raise ApiError(409, "text_missing", str(error)) from None
    return json_answer(windows.window(text, wanted.start, wanted.end))


@router.get("/runs/{run_id}/batches/{number}/dissent", response=shapes.Dissent, summary="How answers of a batch differ")
def batch_dissent(request: HttpRequest, run_id: str, number: int) -> HttpResponse:
    """Equal answers together, outliers first; of JSON answers, what their fields hold. `number`: of the first call."""
    run = access.get_run(request.user, run_id)
    answers = dissent.read_answers(run, number) if abs(number) < BIGGEST else []
    if not answers:
        raise Http404("This run has no batch that begins with that call.")
    return json_answer({"batch": number, **dissent.dissent(answers)})


def _node(run: Run, number: int) -> Node:
    found = Node.objects.filter(run=run, number=number).first() if abs(number) < BIGGEST else None
    if found is None:
        raise Http404(f"This run has no node {number if abs(number) < BIGGEST else 'of that number'}.")
    return found


@router.get("/runs/{run_id}/export/{format}", summary="The run as a file")
async def export(request: HttpRequest, run_id: str, format: str) -> StreamingHttpResponse:
    run = await sync_to_async(access.get_run)(request.user, run_id)
    exporter = exporters.find(format)
    if exporter is None:
        known = ", ".join(exporters.NAMES)
        raise ApiError(404, "no_such_format", f"There is no export format {format[:40]!r}. Use one of: {known}.")
    header = await sync_to_async(representations.run_json)(run, request)
    lines = exporter.export(representations.recorded(run, header, annotated=True, with_passages=True))
    response = StreamingHttpResponse(in_steps(lines), content_type=exporter.MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="run-{run.id}.{exporter.EXTENSION}"'
    return response


async def in_steps(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """One chunk after the other from a thread, so that a file of any size is never held as a whole."""
    step = sync_to_async(lambda: next(chunks, b""))
    while chunk := await step():
        yield chunk

"""Links by which others see a run or a comparison: made, listed, taken back. What they show lies under `/s/{token}`."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from trajectories import access, representations, shared, sharing
from trajectories.api import shapes
from trajectories.api.bodies import Body, json_answer
from trajectories.api.errors import ApiError
from trajectories.api.paging import cursor_of, position_of
from trajectories.models import Run, Share

router = Router(tags=["Shares"])

MAX_PAGE = 100
Scope = Literal["answer", "sources", "trajectory"]
Pattern = Annotated[str, Field(max_length=10_000)]


class Redact(Body):
    """What is blacked out."""

    documents: bool = False
    prompts: bool = False
    patterns: Annotated[list[Pattern], Field(max_length=200)] = []


class NewShare(Body):
    scope: Scope = "answer"
    expires_in: int | None = None
    """Seconds, 1 or more; None: it does not expire."""
    password: Annotated[str, Field(max_length=1_000)] | None = None
    redact: Redact = Redact()
    preview: bool = False
    """True: nothing is made; the answer is what viewers would see."""


class NewShareOfRuns(NewShare):
    runs: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=4)]
    """In the order of comparison."""


class Filter(Body):
    model_config = Body.model_config | {"strict": False}

    run: Annotated[str, Field(max_length=40)] | None = None
    cursor: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 25


# ------------------------------------------------------------------------------------------------- making


@router.post(
    "/runs/{run_id}/shares",
    response={201: shapes.Share, 200: shapes.SharePreview},
    summary="Make a link by which others see a run",
)
def share_run(request: HttpRequest, run_id: str, body: NewShare) -> HttpResponse:
    return _make(request, [access.get_run(request.user, run_id)], body)


@router.post(
    "/runs/{run_id}/shares/preview", response=shapes.SharePreview, summary="What viewers of such a link would see"
)
def preview_run(request: HttpRequest, run_id: str, body: NewShare) -> HttpResponse:
    return _preview(request, [access.get_run(request.user, run_id)], body)


@router.post(
    "/shares",
    response={201: shapes.Share, 200: shapes.SharePreview},
    summary="Make a link by which others see a comparison of runs",
)
def share_runs(request: HttpRequest, body: NewShareOfRuns) -> HttpResponse:
    return _make(request, _runs(request, body), body)


@router.post("/shares/preview", response=shapes.SharePreview, summary="What viewers of a comparison would see")
def preview_runs(request: HttpRequest, body: NewShareOfRuns) -> HttpResponse:
    return _preview(request, _runs(request, body), body)


def _runs(request: HttpRequest, body: NewShareOfRuns) -> list[Run]:
    return [access.get_run(request.user, run_id) for run_id in body.runs]


def _make(request: HttpRequest, runs: Sequence[Run], body: NewShare) -> HttpResponse:
    if body.preview:
        return _preview(request, runs, body)
    try:
        share, _token = sharing.make(request.user, runs, _wish(body))
    except sharing.WrongShare as error:
        raise ApiError(422, "wrong_share", str(error)) from None
    return json_answer(share_json(share, request), 201)


def _preview(request: HttpRequest, runs: Sequence[Run], body: NewShare) -> HttpResponse:
    try:
        draft = sharing.draft(request.user, runs, _wish(body))
    except sharing.WrongShare as error:
        raise ApiError(422, "wrong_share", str(error)) from None
    return json_answer(shared.preview(draft))


def _wish(body: NewShare) -> sharing.Wish:
    redaction = sharing.Redaction(
        documents=body.redact.documents, prompts=body.redact.prompts, patterns=tuple(body.redact.patterns)
    )
    return sharing.Wish(scope=body.scope, expires_in=body.expires_in, password=body.password or "", redaction=redaction)


# ------------------------------------------------------------------------------------------------- keeping


@router.get("/shares", response=shapes.Shares, summary="Links, newest first, without those taken back")
def listing(request: HttpRequest, wanted: Query[Filter]) -> HttpResponse:
    mine = Share.objects.visible_to(request.user).filter(revoked_at=None)
    if wanted.run:
        mine = mine.filter(sharerun__run=wanted.run)
    if wanted.cursor:
        created_at, share_id = position_of(wanted.cursor)
        mine = mine.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=share_id))
    page = list(mine.prefetch_related("sharerun_set__run")[: wanted.limit + 1])
    shown = page[: wanted.limit]
    return json_answer(
        {
            "items": [share_json(share, request) for share in shown],
            "next": cursor_of(shown[-1]) if len(page) > wanted.limit else None,
        }
    )


@router.delete("/shares/{share_id}", response={204: None}, summary="Take a link back, at once and for good")
def revoke(request: HttpRequest, share_id: str) -> HttpResponse:
    sharing.revoke(access.get_share(request.user, share_id))
    return HttpResponse(status=204)


def share_json(share: Share, request: HttpRequest) -> dict[str, Any]:
    token = sharing.token_of(share)
    return {
        "id": share.pk,
        "url": request.build_absolute_uri(f"/s/{token}") if token else None,
        "scope": share.scope,
        "status": sharing.status_of(share),
        "runs": [each["id"] for each in share.snapshot["runs"]],
        "password": bool(share.password),
        "redact": sharing.redaction_of(share.redaction).as_json(),
        "views": share.views,
        "last_viewed_at": representations.iso(share.last_viewed_at),
        "created_at": representations.iso(share.created_at),
        "expires_at": representations.iso(share.expires_at),
    }

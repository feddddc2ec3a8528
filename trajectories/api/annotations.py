"""Annotations: thumbs and comments on a run, on one of its nodes, or on a stretch of a text."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from trajectories import access, annotations
from trajectories.api import shapes
from trajectories.api.bodies import Body, json_answer
from trajectories.api.errors import ApiError
from trajectories.models import Annotation
from trajectories.representations import annotation_json

router = Router(tags=["Annotations"])

BIGGEST = 2**62
"""Numbers beyond it fit into no column."""
THUMBS = {None: Annotation.Thumb.NONE, "up": Annotation.Thumb.UP, "down": Annotation.Thumb.DOWN}

Thumb = Literal["up", "down"]
Comment = Annotated[str, Field(max_length=annotations.LONGEST)]
Place = Annotated[int, Field(ge=0, le=BIGGEST)]


class NewAnnotation(Body):
    node: Annotated[int, Field(ge=1, le=BIGGEST)] | None = None
    """None: the run as a whole."""
    text: Annotated[str, Field(max_length=20)] | None = None
    start: Place | None = None
    end: Place | None = None
    thumb: Thumb | None = None
    comment: Comment = ""


class Change(Body):
    thumb: Thumb | None = None
    comment: Comment = ""


@router.get("/runs/{run_id}/annotations", response=shapes.Annotations, summary="All annotations of a run, oldest first")
def listing(request: HttpRequest, run_id: str) -> HttpResponse:
    run = access.get_run(request.user, run_id)
    return json_answer({"items": [annotation_json(each) for each in run.annotations.all()], "next": None})


@router.post(
    "/runs/{run_id}/annotations",
    response={201: shapes.Annotation},
    summary="Put a thumb or a comment on a run, a node, or a stretch of a text",
)
def add(request: HttpRequest, run_id: str, body: NewAnnotation) -> HttpResponse:
    """`text`, `start` and `end` (characters) together name a stretch: of `answer` for a run, of a node's text by its
    name (`request.0` is the first message of a request)."""
    run = access.get_run(request.user, run_id)
    with _refusals():
        made = annotations.add(run, node=body.node, span=_span(body), thumb=THUMBS[body.thumb], comment=body.comment)
    return json_answer(annotation_json(made), 201)


@router.patch("/annotations/{annotation_id}", response=shapes.Annotation, summary="Change a thumb or a comment")
def change(request: HttpRequest, annotation_id: str, body: Change) -> HttpResponse:
    annotation = access.get_annotation(request.user, annotation_id)
    given = body.model_fields_set
    with _refusals():
        annotations.change(
            annotation,
            thumb=THUMBS[body.thumb] if "thumb" in given else None,
            comment=body.comment if "comment" in given else None,
        )
    return json_answer(annotation_json(annotation))


@router.delete("/annotations/{annotation_id}", response={204: None}, summary="Delete an annotation")
def delete(request: HttpRequest, annotation_id: str) -> HttpResponse:
    access.get_annotation(request.user, annotation_id).delete()
    return HttpResponse(status=204)


def _span(body: NewAnnotation) -> annotations.Span | None:
    match body.text, body.start, body.end:
        case None, None, None:
            return None
        case str(text), int(start), int(end):
            return annotations.Span(text=text, start=start, end=end)
    raise ApiError(422, "wrong_span", "Give “text”, “start” and “end” together, or none of them.")


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except annotations.WrongAnnotation as error:
        raise ApiError(422, "wrong_annotation", str(error)) from None

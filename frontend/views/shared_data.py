"""The data below a shared link, in the shapes of the API."""

from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from frontend.link_doors import Opened, data_door, open_run
from trajectories import charts, coverage, exporters, representations, shared, sharing
from trajectories.api.bodies import json_answer
from trajectories.api.errors import error_response
from trajectories.api.runs import BIGGEST, MAX_EVENTS, in_steps
from trajectories.search import MOST_HITS, WrongQuery


@data_door
def tree(request: HttpRequest, token: str, position: int | None = None) -> HttpResponse:
    opened = open_run(request, token, position, "tree")
    return json_answer(shared.tree_json(opened.see(), _url(request, opened)))


@data_door
def events(request: HttpRequest, token: str, position: int | None = None) -> HttpResponse:
    opened = open_run(request, token, position, "events")
    after, limit = _number(request, "after", 0), _number(request, "limit", 1_000)
    return json_answer(shared.events_json(opened.see(), after=after, limit=max(1, min(limit, MAX_EVENTS))))


@data_door
def node(request: HttpRequest, token: str, number: int, position: int | None = None) -> HttpResponse:
    seen = open_run(request, token, position, "nodes").see()
    heads, against = (_number(request, name, None) for name in ("heads", "against"))
    return _found(shared.node_json(seen, number, heads=heads, against=against))


@data_door
def text(request: HttpRequest, token: str, number: int, name: str, position: int | None = None) -> HttpResponse:
    seen = open_run(request, token, position, "nodes").see()
    start, end = _number(request, "start", 0), _number(request, "end", BIGGEST)
    return _found(shared.text_json(seen, number, name, start, end))


@data_door
def strips(request: HttpRequest, token: str, position: int | None = None) -> HttpResponse:
    seen = open_run(request, token, position, "strips").see()
    if "document" not in request.GET:
        return json_answer(coverage.strips(shared.coverage(seen)))
    start, end = _number(request, "start", 0), _number(request, "end", BIGGEST)
    return _found(shared.stretch_json(seen, request.GET["document"], start, end))


@data_door
def dissent(request: HttpRequest, token: str, number: int, position: int | None = None) -> HttpResponse:
    return _found(shared.dissent_json(open_run(request, token, position, "nodes").see(), number))


@data_door
def search(request: HttpRequest, token: str, position: int | None = None) -> HttpResponse:
    seen = open_run(request, token, position, "search").see()
    after, limit = _number(request, "cursor", 0), min(_number(request, "limit", 50), MOST_HITS)
    try:
        return json_answer(shared.search_json(seen, request.GET.get("q", ""), after=after, limit=limit))
    except WrongQuery as error:
        return error_response(422, "wrong_query", str(error))


@data_door
def annotations(request: HttpRequest, token: str, position: int | None = None) -> HttpResponse:
    return json_answer(shared.annotations_json(open_run(request, token, position, "annotations").see()))


@data_door
def critical(request: HttpRequest, token: str, position: int | None = None) -> HttpResponse:
    """Figures only: nothing to black out."""
    return json_answer(representations.critical_json(open_run(request, token, position, "critical").see().run))


@data_door
def chart(request: HttpRequest, token: str, name: str, position: int | None = None) -> HttpResponse:
    seen = open_run(request, token, position, "charts").see()
    by, as_table = request.GET.get("by", ""), name.endswith(".csv")
    name = name.removesuffix(".csv")
    if name not in charts.NAMES or (by and by not in charts.views(name)):
        raise sharing.DeadLink
    made = charts.chart(shared.record(seen), name, by)
    if not as_table:
        return json_answer(made.figure())
    response = HttpResponse(charts.as_csv(made), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


@data_door
async def export(request: HttpRequest, token: str, format: str, position: int | None = None) -> StreamingHttpResponse:
    exporter, recorded = await sync_to_async(_recorded)(request, token, format, position)
    response = StreamingHttpResponse(in_steps(exporter.export(recorded)), content_type=exporter.MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="run-{recorded.run["id"]}.{exporter.EXTENSION}"'
    return response


def _recorded(
    request: HttpRequest, token: str, format: str, position: int | None
) -> tuple[exporters.Exporter, exporters.Recorded]:
    opened = open_run(request, token, position, "export")
    exporter = exporters.find(format)
    if exporter is None:
        raise sharing.DeadLink
    return exporter, shared.recorded(opened.see(shared.SECONDS_FOR_FILES), _url(request, opened))


def _url(request: HttpRequest, opened: Opened) -> str:
    return request.build_absolute_uri(opened.place.pages)


def _found(value: dict[str, Any] | None) -> HttpResponse:
    if value is None:
        raise sharing.DeadLink
    return json_answer(value)


Default = TypeVar("Default", int, None)


def _number(request: HttpRequest, name: str, default: Default) -> int | Default:
    given = request.GET.get(name, "")
    return min(int(given), BIGGEST) if given.isascii() and given.isdigit() and len(given) < 20 else default

"""The addresses below `/s`: what is seen through shared links."""

from collections.abc import Iterator

from django.urls import URLPattern, path

from frontend.views import shared, shared_data


def _below(address: str) -> Iterator[URLPattern]:
    """Of one run."""
    for name in ("trace", "cost", "coverage"):
        yield path(f"{address}/{name}", shared.page, {"name": name})
    yield path(f"{address}/tree", shared_data.tree)
    yield path(f"{address}/events", shared_data.events)
    yield path(f"{address}/nodes/<int:number>", shared_data.node)
    yield path(f"{address}/nodes/<int:number>/texts/<str:name>", shared_data.text)
    yield path(f"{address}/batches/<int:number>/dissent", shared_data.dissent)
    yield path(f"{address}/annotations", shared_data.annotations)
    yield path(f"{address}/strips", shared_data.strips)
    yield path(f"{address}/search", shared_data.search)
    yield path(f"{address}/critical", shared_data.critical)
    yield path(f"{address}/charts/<str:name>", shared_data.chart)
    yield path(f"{address}/export/<str:format>", shared_data.export)


urlpatterns = [
    path("s/<str:token>", shared.first, name="shared"),
    *_below("s/<str:token>"),
    path("s/<str:token>/r/<int:position>", shared.page, {"name": "answer"}),
    *_below("s/<str:token>/r/<int:position>"),
    path("s/<path:rest>", shared.elsewhere),
    path("s", shared.elsewhere),
]

"""The key figures of a run. Each says where its parts can be seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Max

from frontend.place import Place
from frontend.templatetags.words import clock, cost, count, duration, share, whole
from trajectories.models import Document, Node, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    value: str
    small: str = ""
    address: str = ""


def figures(run: Run, documents: Sequence[Document], place: Place) -> list[Figure]:
    return figures_with(run, documents, place, largest=_largest_prompt(run))


def figures_with(run: Run, documents: Sequence[Document], place: Place, *, largest: int | None) -> list[Figure]:
    """`largest`: tokens of the longest request of the root."""
    trace, costs = place.trace, place.cost
    context = sum(document.tokens for document in documents)
    calls = f"{whole(run.calls)} call{'' if run.calls == 1 else 's'}"
    return [
        Figure(name="Cost", value=cost(run), small=_certainty(run), address=costs),
        _time(run, trace),
        Figure(name="Nodes", value=whole(run.nodes), small=calls, address=trace),
        Figure(name="Depth", value=str(run.depth), small=f"of {run.policy.get('max_depth', '–')}"),
        Figure(name="Tokens in", value=count(run.input_tokens), address=costs),
        Figure(name="Cached", value=count(run.cache_read_tokens), address=costs),
        Figure(name="Out", value=count(run.output_tokens), address=costs),
        Figure(
            name="Root’s largest prompt",
            value=count(largest),
            small=f"{share(largest, context)} of the context" if largest and context > largest else "",
        ),
    ]


def _time(run: Run, trace: str) -> Figure:
    if run.seconds is not None and run.seconds < 60:
        return Figure(name="Time", value=duration(run.seconds), address=trace)
    return Figure(name="Time", value=clock(run.seconds), small="min", address=trace)


def _certainty(run: Run) -> str:
    if run.unpriced_calls:
        return f"{whole(run.unpriced_calls)} unpriced"
    return run.cost_kind if run.calls else ""


def _largest_prompt(run: Run) -> int | None:
    """Tokens of the longest request of the root itself."""
    root = Node.objects.filter(run=run, kind="rlm", parent=None).values_list("number", flat=True)
    steps = Node.objects.filter(run=run, kind="step", parent__in=list(root)).values_list("number", flat=True)
    replies = Node.objects.filter(run=run, kind="lm", parent__in=list(steps))
    return replies.aggregate(largest=Max("input_tokens"))["largest"]

"""From where a run is looked at. Templates and scripts take every address of a run from its place, so the same pages
serve its owner and whoever holds a share."""

from dataclasses import dataclass

from django.urls import reverse

from trajectories.models import Run
from trajectories.sharing import SCOPES

WHOLE = SCOPES["trajectory"].parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    pages: str
    """Address of the page Answer; the other pages lie below it."""
    data: str
    """Below it lie `tree`, `nodes/N`, `events`, `export/FORMAT`, `charts/NAME`, `strips`."""
    socket: str
    """Address of the WebSocket, without host; `after=SEQ` is added to its query."""
    documents: str = ""
    """Below it lie the documents' pages; empty where documents cannot be opened."""
    is_own: bool = False
    """Whether what is seen can be changed here."""
    parts: frozenset[str] = WHOLE
    """What there is of the run here: pages, sections of pages, kinds of data, the socket (`sharing/scopes.py`)."""

    @property
    def answer(self) -> str:
        return self.pages

    @property
    def trace(self) -> str:
        return self._page("trace")

    @property
    def cost(self) -> str:
        return self._page("cost")

    @property
    def coverage(self) -> str:
        return self._page("coverage")

    def _page(self, name: str) -> str:
        """Empty where there is no such page."""
        return f"{self.pages}/{name}" if name in self.parts else ""

    def document(self, document_id: str, start: int | None = None, end: int | None = None) -> str:
        """Where to read a document, at a span; empty where it cannot be opened."""
        if not self.documents:
            return ""
        at = "" if start is None else f"?at={start}-{end}"
        return f"{self.documents}/{document_id}{at}"


def own_place(run: Run) -> Place:
    """Its owner's."""
    return Place(
        pages=reverse("run", args=[run.pk]),
        data=f"/api/v1/runs/{run.pk}",
        socket=f"/ws/runs/{run.pk}",
        documents=reverse("documents"),
        is_own=True,
    )


def shared_place(token: str, run: Run, parts: frozenset[str], position: int | None = None) -> Place:
    """Of whoever holds a share; `position` of the run in a comparison, None where the share has one run."""
    below = f"/s/{token}" if position is None else f"/s/{token}/r/{position}"
    return Place(pages=below, data=below, socket=f"/ws/runs/{run.pk}?share={token}", parts=parts)

"""What a share lets through. This is the one place that says so: what a scope does not name does not exist for viewers.

A part is a page, a section of one, a kind of data below the link, or the socket.
"""

from dataclasses import dataclass

PAGES = ("answer", "trace", "cost", "coverage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    name: str
    title: str
    says: str
    """What viewers see, in one line."""
    parts: frozenset[str]

    def lets(self, part: str) -> bool:
        return part in self.parts

    @property
    def pages(self) -> tuple[str, ...]:
        return tuple(page for page in PAGES if page in self.parts)


_ANSWER = frozenset({"answer"})
_SOURCES = _ANSWER | {"sources"}
_TRAJECTORY = _SOURCES | {
    *("trace", "cost", "coverage"),
    *("story", "settings", "annotations"),
    *("tree", "events", "nodes", "strips", "charts", "critical", "search", "export"),
    "socket",
}

SCOPES = {
    scope.name: scope
    for scope in (
        Scope(
            name="answer",
            title="Answer",
            says="The question, the answer and the key figures. No sources, no steps.",
            parts=_ANSWER,
        ),
        Scope(
            name="sources",
            title="Answer and sources",
            says="Also the cited passages, word for word. Never the documents around them.",
            parts=_SOURCES,
        ),
        Scope(
            name="trajectory",
            title="Whole trajectory",
            says="Also every step, prompt, reply and output, with costs, coverage, notes and tags.",
            parts=_TRAJECTORY,
        ),
    )
}

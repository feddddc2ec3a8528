"""Runs as files. A format is one file in this folder and is known by the file's name.

Each has `MEDIA_TYPE`, `EXTENSION` and `export(recorded) -> Iterator[bytes]`. An exporter knows neither Django nor the
database: it is given a `Recorded` and writes.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A page, cut where its data is to stand."""

    before: str
    after: str


class Page(Protocol):
    """Makes a file that is to be looked at. It knows templates and scripts, which no exporter does; what it says of a
    run it takes from the `Recorded` alone."""

    def frame(self, recorded: "Recorded") -> Frame: ...

    def nodes(self, recorded: "Recorded") -> Iterator[dict[str, Any]]:
        """Each node as the API shows it, but for its texts: `texts` has the references to them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A run's record, read when it is asked for."""

    run: Mapping[str, Any]
    """As the API shows it."""
    events: Callable[[], Iterable[str]]
    """JSON texts of the log, in order."""
    texts: Callable[[Sequence[str]], Mapping[str, str]]
    """SHA-256 in hexadecimal → text."""
    columns: Sequence[str]
    nodes: Callable[[], Iterable[Sequence[Any]]]
    """Values of `columns` for each node, in order of their numbers; amounts may be `Decimal`."""
    annotations: Callable[[], Iterable[Mapping[str, Any]]] = tuple
    """What the owner noted, as the API shows it; nothing where others get the file."""
    passage: Callable[[str, int, int], str] | None = None
    """Document, start, end → its text there, clipped to the document; raises `LookupError` where it cannot be read.
    None: no more of the documents than the sources say."""
    page: Page | None = None
    """For formats that are pages."""


class Exporter(Protocol):
    MEDIA_TYPE: str
    EXTENSION: str

    def export(self, recorded: Recorded) -> Iterator[bytes]: ...


NAMES: tuple[str, ...] = tuple(sorted(file.name for file in pkgutil.iter_modules(__path__)))


def find(name: str) -> Exporter | None:
    if name not in NAMES:
        return None
    return cast(Exporter, importlib.import_module(f"{__name__}.{name}"))

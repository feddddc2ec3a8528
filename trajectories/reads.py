"""Which node of a run read which piece of which document, as recorded: read once from its rows, kept small."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from trajectories.models import Node, Run

WAYS = ("grep", "slice", "peek", "printed", "sent")
"""How a piece can be read; a way that is not known counts as the first."""
FIELDS = 5
"""Numbers for one read in `Reads`."""

NodeRead = tuple[int, str, int, int, str]
"""Node, document's id, start, end, how."""


@dataclass(slots=True)
class Reads:
    """All reads of one run: some 40 bytes for each, so that runs of 100,000 calls can be held."""

    documents: list[str] = field(default_factory=list)
    _numbers: "array[int]" = field(default_factory=lambda: array("q"))

    @classmethod
    def of(cls, reads: Iterable[NodeRead]) -> "Reads":
        made = cls()
        places: dict[str, int] = {}
        for node, document, start, end, how in reads:
            place = places.setdefault(document, len(places))
            way = WAYS.index(how) if how in WAYS else 0
            made._numbers.extend((node, place, start, end, way))
        made.documents = list(places)
        return made

    def __iter__(self) -> Iterator[NodeRead]:
        numbers = iter(self._numbers)
        for node, document, start, end, way in zip(*[numbers] * FIELDS, strict=True):
            yield node, self.documents[document], start, end, WAYS[way]

    def __len__(self) -> int:
        return len(self._numbers) // FIELDS


def reads_of(run: Run) -> Reads:
    """Those of its nodes; what its answer cites stands in the run itself."""
    return _kept(run.pk, run.last_seq) if run.last_seq else _read(run.pk)


@lru_cache(maxsize=4)
def _kept(run_id: str, last_seq: int) -> Reads:
    """A log only grows, so the reads of a run are known by its last number."""
    return _read(run_id)


def _read(run_id: str) -> Reads:
    rows = Node.objects.filter(run=run_id, kind__in=("cell", "lm")).order_by("number")
    told = rows.values_list("number", "data__reads").iterator(chunk_size=2_000)
    return Reads.of(
        (number, str(read["document"]), read["start"], read["end"], read["how"])
        for number, reads in told
        for read in reads or []
    )

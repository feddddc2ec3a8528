"""What of a node counts when it is compared, by facet. Times, costs, models and the wording around code do not count.

Two nodes with the same facets are the same. Facets are small numbers or short tuples, so that runs of thousands of
calls are compared by comparing numbers.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from trajectories.comparison.code import Codes
from trajectories.comparison.record import Node, Read, Record

Facets = dict[str, Hashable]


@dataclass(slots=True, kw_only=True, eq=False)
class Step:
    """One turn of an rlm node: what was replied, the code that ran, what it called."""

    node: Node
    position: int
    """From 1; of the last chance, which is no step: 0."""
    replies: list[Node] = field(default_factory=list)
    cells: list[Node] = field(default_factory=list)
    gates: list[Node] = field(default_factory=list)

    @property
    def is_last_chance(self) -> bool:
        return self.position == 0


@dataclass(slots=True, kw_only=True, eq=False)
class Calls:
    """Sub-calls of one kind that a cell made: at once (a batch), or one after the other."""

    kind: str
    """lm or rlm"""
    is_batch: bool
    items: list[Node]

    @property
    def node(self) -> Node:
        return self.items[0]


def _steps_of(rlm: Node) -> list[Step]:
    """Its turns in order; what hangs under it without a step is its last chance, and comes last."""
    steps: list[Step] = []
    last: Step | None = None
    for child in rlm.below:
        if child.kind == "step":
            step = Step(node=child, position=len(steps) + 1)
            steps.append(step)
            for part in child.below:
                _put(step, part)
        else:
            last = last or Step(node=child, position=0)
            _put(last, child)
    return [*steps, last] if last else steps


def _put(step: Step, part: Node) -> None:
    shelf = {"lm": step.replies, "cell": step.cells, "gate": step.gates}.get(part.kind)
    if shelf is not None:
        shelf.append(part)
    step.gates += gates_of(part)


def gates_of(call: Node) -> list[Node]:
    """What judged its reply, and the replies before it."""
    if call.instead_of is None and not call.below:
        return []
    return [gate for one in call.tries for gate in one.below if gate.kind == "gate"]


def _calls_of(step: Step) -> list[Calls]:
    """Each batch, and of each cell the single calls of one kind together, in the order of the first of them."""
    found: dict[tuple[int, str, int | None], Calls] = {}
    for cell in step.cells:
        for child in cell.below:
            if child.kind not in ("lm", "rlm"):
                continue
            key = (cell.number, child.kind, child.batch)
            calls = found.setdefault(key, Calls(kind=child.kind, is_batch=child.batch is not None, items=[]))
            calls.items.append(child)
    return list(found.values())


class Essences:
    """Facets of nodes, each worked out once. One for all runs of a comparison."""

    def __init__(self, codes: Codes, document_keys: Mapping[str, str]) -> None:
        """`document_keys`: what a document is called in every run that has the same text."""
        self.codes = codes
        self._document_keys = document_keys
        self._numbers: dict[Hashable, int] = {}
        # by id(): the records keep their nodes, these dicts keep what is made of them
        self._steps: dict[int, list[Step]] = {}
        self._calls: dict[int, list[Calls]] = {}
        self._facets: dict[int, Facets] = {}
        self._essences: dict[int, int] = {}
        self._prompts: dict[int, int] = {}

    def prepare(self, record: Record) -> None:
        """Works out the deepest first: a parent's number is below its children's."""
        rlms = sorted((node for node in record.all() if node.kind == "rlm"), key=lambda node: -node.number)
        for rlm in rlms:
            self.facets(rlm)

    def steps(self, rlm: Node) -> list[Step]:
        if id(rlm) not in self._steps:
            self._steps[id(rlm)] = _steps_of(rlm)
        return self._steps[id(rlm)]

    def calls(self, step: Step) -> list[Calls]:
        if id(step) not in self._calls:
            self._calls[id(step)] = _calls_of(step)
        return self._calls[id(step)]

    def facets(self, thing: "Step | Calls | Node") -> Facets:
        known = self._facets.get(id(thing))
        if known is None:
            known = self._facets[id(thing)] = self._made(thing)
        return known

    def _made(self, thing: "Step | Calls | Node") -> Facets:
        if isinstance(thing, Step):
            return self._of_step(thing)
        if isinstance(thing, Calls):
            return self._of_calls(thing)
        return self._of_rlm(thing) if thing.kind == "rlm" else self._of_call(thing)

    def notes(self, one: Step, other: Step) -> tuple[str, ...]:
        """What differs between two steps without making them different."""
        found = []
        if _shas(one.cells, "code") != _shas(other.cells, "code") and self._same_code(one, other):
            found.append("layout")
        if one.node.texts.get("thought") != other.node.texts.get("thought"):
            found.append("words")
        if {reply.model for reply in one.replies} != {reply.model for reply in other.replies}:
            found.append("model")
        return tuple(found)

    def _same_code(self, one: Step, other: Step) -> bool:
        return self.facets(one)["code"] == self.facets(other)["code"]

    def number(self, thing: "Step | Calls | Node") -> int:
        """Equal for things with equal facets."""
        known = self._essences.get(id(thing))
        if known is None:
            known = self._essences[id(thing)] = self._short(tuple(self.facets(thing).values()))
        return known

    def differing(self, one: "Step | Calls | Node", other: "Step | Calls | Node") -> tuple[str, ...]:
        """Names of the facets in which they differ."""
        ours, theirs = self.facets(one), self.facets(other)
        return tuple(name for name, value in ours.items() if theirs.get(name) != value)

    def _short(self, value: Hashable) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    # ------------------------------------------------------------------------------------------ facets

    def _of_step(self, step: Step) -> Facets:
        codes = tuple(self.codes[sha].normal for sha in _shas(step.cells, "code"))
        reads = frozenset().union(*(self.places(cell) for cell in step.cells))
        return {
            "code": self._short(codes),
            "reply": () if codes else tuple(_outcome(reply, "response") for reply in step.replies),
            "calls": tuple(self.number(calls) for calls in self.calls(step)),
            "output": self._short(tuple(cell.texts.get("stdout", "") for cell in step.cells)),
            "error": (
                *(_failure(reply) for reply in step.replies),
                *((cell.status, cell.error) for cell in step.cells),
            ),
            "reads": self._short(reads),
            "gates": _verdicts(step.gates),
            "ending": tuple(cell.ending for cell in step.cells),
            "kind": step.is_last_chance,
        }

    def _of_call(self, call: Node) -> Facets:
        return {
            "prompt": self.prompt(call),
            "reply": _outcome(call, "response"),
            "error": _failure(call),
            "gates": _verdicts(gates_of(call)),
        }

    def _of_rlm(self, rlm: Node) -> Facets:
        return {
            "prompt": self.prompt(rlm),
            "steps": tuple(self.number(step) for step in self.steps(rlm)),
            "reply": _outcome(rlm, "answer"),
            "error": _failure(rlm),
        }

    def _of_calls(self, calls: Calls) -> Facets:
        items = [self.facets(item) for item in calls.items]
        return {
            "kind": (calls.kind, calls.is_batch),
            "count": len(items),
            "prompt": self._short(tuple(item["prompt"] for item in items)),
            "steps": self._short(tuple(item.get("steps") for item in items)),
            "reply": self._short(tuple(item["reply"] for item in items)),
            "error": self._short(tuple(item["error"] for item in items)),
            "gates": self._short(tuple(item.get("gates") for item in items)),
        }

    def places(self, cell: Node) -> frozenset[Read]:
        """What it read, with documents named alike in all runs."""
        return frozenset(
            (self._document_keys.get(document, document), start, end, how) for document, start, end, how in cell.reads
        )

    def pieces(self, step: Step) -> frozenset[Hashable]:
        """Lines and words of its code."""
        return frozenset().union(*(self.codes[sha].pieces for sha in _shas(step.cells, "code")))

    def prompt(self, call: Node) -> int:
        """Equal for calls that were asked the same."""
        known = self._prompts.get(id(call))
        if known is None:
            first = call.tries[0]
            asked = call.texts.get("question", call.name) if call.kind == "rlm" else first.prompt or first.name
            known = self._prompts[id(call)] = self._short(asked)
        return known


def _shas(nodes: list[Node], name: str) -> list[str]:
    return [node.texts[name] for node in nodes if name in node.texts]


def _verdicts(gates: list[Node]) -> tuple[tuple[str, bool | None], ...]:
    return tuple((gate.name, gate.accepted) for gate in gates)


def _outcome(node: Node, text: str) -> str:
    """Hash of what came back."""
    return node.texts.get(text, "")


def _failure(node: Node) -> tuple[str, str]:
    """How a call ended. Providers' sentences do not count, only the kind of failure."""
    return node.status, node.error.partition(":")[0]

"""What viewers of a share get: the shapes of `representations`, with what its snapshot says, through its redactor."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import orjson

from trajectories import charts, dissent, exporters, representations, search, sharing, skeleton, stretches, windows
from trajectories.coverage import Coverage, coverage_of
from trajectories.models import Node, Share
from trajectories.representations import TREE_COLUMNS
from trajectories.sharing import Seen
from trajectories.sharing.calls import calls_among, is_call
from trajectories.sharing.fields import TEXTS, Carries

Json = dict[str, Any]
SECONDS_FOR_FILES = 30.0
"""That may go into blacking out one export."""
BIGGEST = 2**62
"""Numbers beyond it fit into no column."""
RUN_KEYS = (
    *("id", "question", "status", "ended_by", "answer", "error", "policy", "usage", "cost", "sources"),
    *("created_at", "started_at", "finished_at", "seconds", "nodes", "depth", "last_seq", "sandbox", "imported_from"),
)
AT_ONCE = 200


# ---------------------------------------------------------------------------------------------- run and tree


def run_json(seen: Seen, url: str) -> Json:
    """A run, with nothing in it that the list of keys does not name."""
    said = representations.run_json(seen.run)
    return {
        **{key: said[key] for key in RUN_KEYS},
        "documents": [representations.document_json(document) for document in seen.documents],
        "forked_from": None,
        "title": seen.run.title,
        "tags": list(seen.tags),
        "pinned": False,
        "url": url,
    }


def tree_json(seen: Seen, url: str) -> Json:
    last_seq = seen.run.last_seq
    rows = []
    for row in skeleton.rows(seen.run):
        last_seq = row.pop()
        rows.append(row)
    if seen.run.is_live:  # its totals must not be older than the rows
        seen = sharing.see(seen.share, seen.position)
    return {
        "run": run_json(seen, url),
        "columns": TREE_COLUMNS,
        "rows": list(_shown_rows(seen, rows)),
        "last_seq": last_seq,
    }


def _shown_rows(seen: Seen, rows: Iterable[list[Any]]) -> Iterator[list[Any]]:
    if not seen.redactor.redaction:
        yield from rows
        return
    number, parent, kind = (TREE_COLUMNS.index(name) for name in ("number", "parent", "kind"))
    kinds: dict[int | None, str] = {}
    for row in rows:
        kinds[row[number]] = row[kind]
        above = None if row[parent] is None else kinds.get(row[parent], "")
        yield seen.redactor.row(row, TREE_COLUMNS, is_call=is_call(row[kind], above))


def node_json(seen: Seen, number: int, *, heads: int | None = None, against: int | None = None) -> Json | None:
    """`heads`, `against`: as the API takes them. None: there is no such node."""
    node = _node(seen, number)
    if node is None:
        return None
    calls = calls_among(seen.run.pk, [number])
    told = seen.redactor.node(representations.node_json(node), is_call=number in calls)
    if heads is not None:
        told = windows.beginnings(told, heads)
    earlier = None if against is None else _node(seen, against)
    if earlier is not None:
        told["same"] = windows.same_messages(node.texts, earlier.texts)
    return told


def text_json(seen: Seen, number: int, name: str, start: int, end: int) -> Json | None:
    """A window of one text, blacked out as a whole before it is cut. None: there is no such text."""
    told = node_json(seen, number)
    text = None if told is None else windows.text_of(told, name)
    return None if text is None else windows.window(text, start, end)


def _node(seen: Seen, number: int) -> Node | None:
    return Node.objects.filter(run=seen.run, number=number).first() if abs(number) < BIGGEST else None


# ---------------------------------------------------------------------------------------------- events


def events_json(seen: Seen, *, after: int, limit: int) -> bytes:
    told = representations.events_json(seen.run, after=after, limit=limit)
    if not seen.redactor.redaction:
        return told
    page = orjson.loads(told)
    return representations.encode({**page, "events": _shown_events(seen, page["events"])})


def _shown_events(seen: Seen, events: Sequence[Json]) -> list[Json]:
    calls = calls_among(seen.run.pk, {event["node"] for event in events if event.get("node") is not None})
    return seen.redactor.events(events, calls)


class Watched:
    """A share's run for a feed: same rows, other text. Everything here is called in the reader's thread."""

    def __init__(self, share: Share, position: int) -> None:
        self._share = share
        self._position = position
        self.key = f"{share.pk} {position}"
        self.tells_words = not sharing.redaction_of(share.redaction)
        """Words of a reply as it is being written come in pieces, in which nothing can be found for sure."""

    def is_alive(self) -> bool:
        return sharing.is_alive(self._share)

    def shown(self, events: str) -> str | None:
        """JSON texts joined by commas, as viewers may read them; None when the link died in this moment."""
        if self.tells_words:
            return events
        try:
            seen = sharing.see(self._share, self._position)
        except sharing.DeadLink:
            return None
        told = _shown_events(seen, orjson.loads(f"[{events}]"))
        return representations.encode(told).decode()[1:-1]


# ---------------------------------------------------------------------------------------------- sums and strips


def record(seen: Seen) -> charts.Record:
    """What charts are made from."""
    read = charts.read_record(seen.run)
    words = seen.redactor.words
    calls = (
        call._replace(
            model=words(call.model),
            role=words(call.role),
            tier=words(call.tier),
            finish_reason=words(call.finish_reason),
        )
        for call in read.calls
    )
    return replace(read, calls=tuple(calls))


def coverage(seen: Seen) -> list[Coverage]:
    shown = {document.id: document for document in seen.documents}
    return [replace(each, document=shown[each.document.id]) for each in coverage_of(seen.run)]


def stretch_json(seen: Seen, document_id: str, start: int, end: int) -> Json | None:
    """None: the run has no such document."""
    document = next((each for each in seen.documents if each.id == document_id), None)
    if document is None or start >= end:
        return None
    told = stretches.stretch_json(seen.run, document, start, end)
    calls = calls_among(seen.run.pk, {each["number"] for each in told["nodes"]})
    nodes = [seen.redactor.node(each, is_call=each["number"] in calls) for each in told["nodes"]]
    return {**told, "nodes": nodes}


def dissent_json(seen: Seen, batch: int) -> Json | None:
    """How the answers of a batch differ, as far as they may be read. None: there is no such batch."""
    answers = dissent.read_answers(seen.run, batch) if abs(batch) < BIGGEST else []
    if not answers:
        return None
    given = [each for each in answers if each.text is not None]
    texts = seen.redactor.texts([(each.text or "", Carries.REPLY, True) for each in given])
    told = dict(zip((each.number for each in given), texts, strict=True))
    shown = [replace(each, text=told.get(each.number), error=seen.redactor.words(each.error)) for each in answers]
    return {"batch": batch, **dissent.dissent(shown)}


def annotations_json(seen: Seen) -> Json:
    """What its owner had noted when the link was made."""
    return {"items": list(seen.annotations), "next": None}


def search_json(seen: Seen, line: str, *, after: int, limit: int) -> Json:
    """Looks through what may be read, and nothing else. Raises `search.WrongQuery`."""
    return search.found_json(search.search_run(seen.run, line, after=after, limit=limit, seen=_searched(seen)))


def _searched(seen: Seen) -> search.Seen | None:
    redactor = seen.redactor
    if not redactor.redaction:
        return None

    def node(row: Node) -> Json:
        redactor.rewind()  # a node is the same whenever it is looked at
        return redactor.node(
            representations.node_json(row), is_call=row.number in calls_among(seen.run.pk, [row.number])
        )

    names = {document.id: document.name for document in seen.documents}
    return search.Seen(key=f"{seen.share.pk} {seen.position}", node=node, documents=names)


# ---------------------------------------------------------------------------------------------- files


def recorded(seen: Seen, url: str) -> exporters.Recorded:
    """A run's record for the exporters. Take a `Seen` of its own, with time enough."""
    plain = representations.recorded(seen.run, run_json(seen, url))
    plain = replace(plain, annotations=lambda: seen.annotations)
    if not seen.redactor.redaction:
        return plain
    texts = _Texts(seen, plain)
    return replace(
        plain, events=texts.events, texts=texts.read, nodes=lambda: _shown_rows(seen, map(list, plain.nodes()))
    )


class _Texts:
    """The texts of a blacked-out log, under names that do not tell what they were."""

    def __init__(self, seen: Seen, plain: exporters.Recorded) -> None:
        self._seen = seen
        self._plain = plain
        self._meant: dict[str, tuple[str, Carries, bool]] = {}

    def events(self) -> Iterator[str]:
        lines = iter(self._plain.events())
        while some := list(islice(lines, AT_ONCE)):
            events = [orjson.loads(line) for line in some]
            numbers = {event["node"] for event in events if event.get("node") is not None}
            calls = calls_among(self._seen.run.pk, numbers)
            shown = self._seen.redactor.events(events, calls)
            for event, told in zip(events, shown, strict=True):
                self._name(event, told, event.get("node") in calls)
                yield orjson.dumps(told).decode()

    def _name(self, event: Json, told: Json, of_call: bool) -> None:
        """Gives the references of a told event their new names; those to texts of a kind not known here are dropped."""
        references = event["data"].get("texts")
        if not references:
            return
        told["data"]["texts"] = {name: told["data"]["texts"][name] for name in references if name in TEXTS}
        for name, shown in told["data"]["texts"].items():
            carries, reference = TEXTS[name], references[name]
            pairs = zip(reference.get("messages", [reference]), shown.get("messages", [shown]), strict=True)
            for part, other in pairs:
                other["sha"] = self._seen.redactor.alias(part["sha"], carries, is_call=of_call)
                self._meant[other["sha"]] = (part["sha"], carries, of_call)

    def read(self, names: Sequence[str]) -> Mapping[str, str]:
        known = {name: self._meant[name] for name in names if name in self._meant}
        texts = self._plain.texts(list({sha for sha, _, _ in known.values()}))
        there = {name: meant for name, meant in known.items() if meant[0] in texts}
        shown = self._seen.redactor.texts([(texts[sha], carries, of_call) for sha, carries, of_call in there.values()])
        return dict(zip(there, shown, strict=True))


# ---------------------------------------------------------------------------------------------- before it is made

LONGEST_SAMPLE = 600
MOST_PASSAGES = 5
MOST_SAMPLES = 10
WHAT = {
    "request": "Prompt",
    "response": "Reply",
    "thought": "Thought",
    "code": "Code",
    "shown": "Output",
    "question": "Question",
    "answer": "Answer",
}
"""Texts of nodes that are told, and what they are called."""


def preview(draft: Share) -> Json:
    """What viewers of a link like this would see: the texts at the top, and one sample of each kind below them."""
    runs = [_previewed(sharing.see(draft, position)) for position in range(len(draft.snapshot["runs"]))]
    scope = sharing.SCOPES[draft.scope]
    return {
        "scope": scope.name,
        "says": scope.says,
        "pages": list(scope.pages),
        "runs": runs,
        "blacked_out": representations.encode(runs).decode().count(sharing.BLACK),
    }


def _previewed(seen: Seen) -> Json:
    names = {document.id: document.name for document in seen.documents}
    return {
        "id": seen.run.pk,
        "title": seen.run.title,
        "question": _excerpt(seen.run.question),
        "answer": None if seen.run.answer is None else _excerpt(seen.run.answer),
        "documents": list(names.values()),
        "sources": [
            {"document": names.get(source["document"], ""), "text": _excerpt(source.get("text", ""))}
            for source in seen.run.sources[:MOST_PASSAGES]
        ],
        "samples": _samples(seen) if seen.scope.lets("nodes") else [],
    }


def _samples(seen: Seen) -> list[Json]:
    """The first text of each kind, of the run's own thinking and of calls."""
    nodes = Node.objects.filter(run=seen.run, depth__lte=1, kind__in=("lm", "cell", "step")).order_by("number")
    told: dict[tuple[str, bool], Json] = {}
    for node in nodes[: 4 * MOST_SAMPLES]:
        of_call = node.number in calls_among(seen.run.pk, [node.number])
        new = [name for name in WHAT if name in node.texts and (name, of_call) not in told]
        if not new:
            continue
        shown = node_json(seen, node.number) or {}
        for name in new:
            what = f"{WHAT[name]} of a call" if of_call else WHAT[name]
            told[name, of_call] = {"node": node.number, "what": what, "text": _excerpt(_as_text(shown.get(name)))}
        if len(told) >= MOST_SAMPLES:
            break
    return list(told.values())


def _as_text(value: Any) -> str:
    if isinstance(value, list):  # a request
        return "\n\n".join(f"{message['role']}: {message['content']}" for message in value)
    return value or ""


def _excerpt(text: str) -> str:
    """The beginning, or where something is blacked out."""
    black = text.find(sharing.BLACK)
    start = max(0, black - LONGEST_SAMPLE // 3) if black > LONGEST_SAMPLE - 100 else 0
    end = start + LONGEST_SAMPLE
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"

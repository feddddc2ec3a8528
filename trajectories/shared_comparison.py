"""Runs beside one another as viewers of a share see them: what `comparison` reads, through the share's redactors."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from trajectories import comparison, recorder, sharing
from trajectories.comparison import Node, Record
from trajectories.models import Share
from trajectories.sharing import Carries, Redactor, Seen
from trajectories.sharing.calls import SUMMARY, is_call


def records(seen: Sequence[Seen]) -> list[Record]:
    """One for each run. What is blacked out is so before anything is compared."""
    return [_shown(comparison.read_record(each.run), each) for each in seen]


def fetch(seen: Sequence[Seen], read: Sequence[Record]) -> comparison.Fetch:
    """Gives the code of cells by its hash. The same code may stand in several runs: it goes through all redactors."""
    material = {sha for record in read for sha in _summaries(record)}

    def texts(shas: Iterable[str]) -> Mapping[str, str]:
        found = recorder.kept_texts(list(shas))
        for each in seen:
            shown = each.redactor.texts([(text, Carries.CODE, sha in material) for sha, text in found.items()])
            found = dict(zip(found, shown, strict=True))
        return found

    return texts


def _summaries(record: Record) -> Iterable[str]:
    """Code by which a history that was summed up is put into the REPL."""
    for step in record.all():
        if step.name == SUMMARY:
            yield from (cell.texts["code"] for cell in step.below if cell.kind == "cell" and "code" in cell.texts)


def _shown(record: Record, seen: Seen) -> Record:
    redactor = seen.redactor
    documents = {document.id: document for document in seen.documents}
    if redactor.redaction:
        for root in record.roots:
            _black_out(root, None, redactor)
    words = redactor.words
    return replace(
        record,
        run=seen.run,
        documents=tuple(documents[each.id] for each in record.documents if each.id in documents),
        coverage=tuple(
            replace(each, document=documents[each.document.id])
            for each in record.coverage
            if each.document.id in documents
        ),
        profile=words(record.profile),
        models={
            words(role): Counter({words(model): count for model, count in models.items()})
            for role, models in record.models.items()
        },
    )


def _black_out(top: Node, parent_kind: str | None, redactor: Redactor) -> None:
    """Changes the nodes in memory. A tree may be as deep as its runs recurse."""
    waiting = [(top, parent_kind)]
    while waiting:
        node, above = waiting.pop()
        of_call = is_call(node.kind, above)
        waiting += [(child, node.kind) for child in node.below]
        if node.instead_of is not None:
            waiting.append((node.instead_of, above))
        node.name = redactor.text(node.name, Carries.NAME, is_call=of_call)
        node.label, node.role, node.model = map(redactor.words, (node.label, node.role, node.model))
        kind, colon, message = node.error.partition(": ")
        said = redactor.text(message, Carries.PROMPT, is_call=of_call) if message else ""
        node.error = f"{redactor.words(kind)}{colon}{said}"


def see_all(share: Share) -> list[Seen]:
    """Each run of a share, in its order."""
    return [sharing.see(share, position) for position in range(len(sharing.runs_of(share)))]

"""From a link's token to what it shows. Unknown, expired, taken back, or to a run that is gone: all the same."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils import timezone

from trajectories.models import Document, Run, RunDocument, Share, ShareQuerySet
from trajectories.sharing import snapshots
from trajectories.sharing.making import digest
from trajectories.sharing.redactor import Redactor, redaction_of
from trajectories.sharing.scopes import SCOPES, Scope

DEAD = "This link shows nothing. It may have expired, been taken back, or lost a piece on its way; ask for a new one."


class DeadLink(Http404):
    """Says the same whatever the reason is."""

    def __init__(self) -> None:
        super().__init__(DEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One run as viewers of a share see it."""

    share: Share
    position: int
    """Of the run in the share, from 0."""
    scope: Scope
    run: Run
    """With what it was called when the link was made, blacked out, without what the scope holds back. Not to be
    saved."""
    documents: tuple[Document, ...]
    """Likewise."""
    tags: tuple[str, ...]
    annotations: tuple[dict[str, Any], ...]
    recorded_sources: tuple[dict[str, Any], ...]
    """As they were recorded, to be compared with their documents. Not to be shown."""
    redactor: Redactor


def find(token: str) -> Share:
    """A share whose link works now. Raises `DeadLink`."""
    share = _alive().filter(digest=digest(token)).first()
    if share is None or not runs_of(share):
        raise DeadLink
    return share


def is_alive(share: Share) -> bool:
    """Whether its link still works."""
    return _alive().filter(pk=share.pk).exists() and bool(runs_of(share))


def status_of(share: Share) -> str:
    """`live`, `expired`, or `gone` when a run of it was deleted; for its owner."""
    if share.expires_at is not None and share.expires_at <= timezone.now():
        return "expired"
    return "live" if runs_of(share) else "gone"


def _alive() -> ShareQuerySet:
    return Share.objects.alive(timezone.now()).filter(owner__is_active=True)


def runs_of(share: Share) -> list[Run]:
    """In the order of sharing; none when one of them is gone."""
    if share._state.adding:
        found = Run.objects.in_bulk([each["id"] for each in share.snapshot["runs"]])
        return [found[each["id"]] for each in share.snapshot["runs"]]
    if "sharerun_set" in getattr(share, "_prefetched_objects_cache", {}):
        runs = [link.run for link in share.sharerun_set.all()]
    else:
        runs = [link.run for link in share.sharerun_set.select_related("run")]
    whole = len(runs) == len(share.snapshot.get("runs", ()))
    return runs if whole and all(run.deleted_at is None for run in runs) else []


def see(share: Share, position: int = 0, *, seconds: float = 4.0) -> Seen:
    """`seconds` bound the time that goes into blacking out. Raises `DeadLink` for a run that it does not have."""
    runs = runs_of(share)
    if not 0 <= position < len(runs):
        raise DeadLink
    run, scope, said = runs[position], SCOPES[share.scope], snapshots.of_run(share.snapshot, position)
    documents = [link.document for link in run.rundocument_set.select_related("document")]
    names = {document.id: said["documents"].get(document.id, document.name) for document in documents}
    redaction, numbered = redaction_of(share.redaction), _numbered(runs)
    redactor = Redactor(redaction, documents, names, numbered, question=said["question"], seconds=seconds)
    run.question, recorded = said["question"], run.sources
    _black_out(run, said["title"], redactor, scope)
    return Seen(
        share=share,
        position=position,
        scope=scope,
        run=run,
        documents=tuple(_shown(document, redactor) for document in documents) if scope.lets("sources") else (),
        tags=tuple(map(redactor.words, said["tags"])) if scope.lets("annotations") else (),
        annotations=tuple(_annotations(said, redactor)) if scope.lets("annotations") else (),
        recorded_sources=tuple(recorded) if scope.lets("sources") else (),
        redactor=redactor,
    )


def _numbered(runs: Sequence[Run]) -> dict[str, str]:
    """Document 1, 2, … over all runs of a share; the same text has the same number in each of them."""
    numbers: dict[str, int] = {}
    numbered = {}
    for link in RunDocument.objects.filter(run__in=runs).select_related("document").order_by("run", "position"):
        text = link.document.text_sha256 or link.document.id
        numbered[link.document.id] = f"Document {numbers.setdefault(text, len(numbers) + 1)}"
    return numbered


def _black_out(run: Run, title: str, redactor: Redactor, scope: Scope) -> None:
    """Changes the row in memory, so that whatever shows it shows only what may be seen."""
    fields = ("question", "answer", "error", "sources", "policy")
    shown = redactor.run({name: getattr(run, name) for name in fields})
    for name in fields:
        setattr(run, name, shown[name])
    run.title = redactor.words(title)
    run.forked_from, run.pinned_at = "", None
    if not scope.lets("sources"):
        run.sources = []
    if not scope.lets("story") and run.error:
        run.error = {"kind": run.error.get("kind", ""), "message": ""}


def _shown(document: Document, redactor: Redactor) -> Document:
    document = copy(document)  # the redactor reads the text of the other one
    document.name = redactor.document(document.id, document.name)
    document.sha256 = document.message = ""
    document.warnings, document.parts = [], []
    return document


def _annotations(said: dict[str, Any], redactor: Redactor) -> list[dict[str, Any]]:
    """Where something is blacked out, places in texts are others: they are left out."""
    places = dict.fromkeys(("text", "start", "end"), None) if redactor.redaction else {}
    return [{**each, "comment": redactor.words(each["comment"]), **places} for each in said["annotations"]]

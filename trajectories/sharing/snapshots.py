"""What can be edited after a link was made, as it was when it was made."""

from collections.abc import Mapping, Sequence
from typing import Any

from trajectories.models import Annotation, Run


def snapshot(runs: Sequence[Run]) -> dict[str, Any]:
    return {"runs": [_of(run) for run in runs]}


def _of(run: Run) -> dict[str, Any]:
    links = run.rundocument_set.select_related("document")
    return {
        "id": run.pk,
        "title": run.title,
        "question": run.question,
        "tags": list(run.tags.values_list("name", flat=True)),
        "documents": {link.document.id: link.document.name for link in links},
        "annotations": [_annotation(each) for each in run.annotations.all()],
    }


def _annotation(annotation: Annotation) -> dict[str, Any]:
    return {
        "id": annotation.pk,
        "run": annotation.run_id,
        "node": annotation.node,
        "text": annotation.text or None,
        "start": annotation.start,
        "end": annotation.end,
        "thumb": {Annotation.Thumb.UP: "up", Annotation.Thumb.DOWN: "down"}.get(annotation.thumb),
        "comment": annotation.comment,
        "created_at": annotation.created_at.isoformat(),
        "updated_at": annotation.updated_at.isoformat(),
    }


def of_run(kept: Mapping[str, Any], position: int) -> dict[str, Any]:
    """What a share's snapshot says of one of its runs."""
    said: dict[str, Any] = kept["runs"][position]
    return said

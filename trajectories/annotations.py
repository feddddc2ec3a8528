"""What an owner thinks of a run: a thumb or a comment on the run, on one of its nodes, or on a stretch of a text.

A target (the run, or a node) has one thumb: a later one takes the place of an earlier one.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from trajectories.models import Annotation, Node, Run

MOST = 1_000
"""Annotations of one run."""
LONGEST = 4_000
"""Characters of a comment."""
RUN_TEXTS = ("answer", "question")


class WrongAnnotation(ValueError):
    """`str(error)` is one sentence that says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a text, in characters."""

    text: str
    """`answer` or `question` of a run; `response`, `stdout`, `request.0`, … of a node."""
    start: int
    end: int


def add(run: Run, *, node: int | None, span: Span | None, thumb: int, comment: str) -> Annotation:
    """Raises `WrongAnnotation`."""
    comment = _comment(comment)
    if not thumb and not comment:
        raise WrongAnnotation("Give a thumb or a comment; this annotation says nothing.")
    lengths = text_lengths(run, node)
    if span:
        _check(span, lengths)
    with transaction.atomic():
        if run.annotations.count() >= MOST:
            raise WrongAnnotation(f"A run has at most {MOST:,} annotations; delete some of this run's first.")
        made: Annotation = Annotation.objects.create(
            run=run,
            node=node,
            text=span.text if span else "",
            start=span.start if span else None,
            end=span.end if span else None,
            thumb=thumb,
            comment=comment,
        )
        _one_thumb(made)
    return made


def change(annotation: Annotation, *, thumb: int | None = None, comment: str | None = None) -> None:
    """What is None stays as it is. Raises `WrongAnnotation`."""
    annotation.thumb = annotation.thumb if thumb is None else thumb
    annotation.comment = annotation.comment if comment is None else _comment(comment)
    if not annotation.thumb and not annotation.comment:
        raise WrongAnnotation("Nothing would be left of this annotation; delete it instead.")
    with transaction.atomic():
        annotation.save(update_fields=["thumb", "comment", "updated_at"])
        _one_thumb(annotation)


def set_thumb(run: Run, node: int | None, thumb: int) -> None:
    """Gives a run or a node this thumb in place of the one it had; 0 takes it away. Raises `WrongAnnotation`."""
    with transaction.atomic():
        _take_thumbs(run, node)
        if thumb:
            add(run, node=node, span=None, thumb=thumb, comment="")


def _one_thumb(kept: Annotation) -> None:
    if kept.thumb and kept.start is None:
        _take_thumbs(kept.run, kept.node, but=kept.pk)


def _take_thumbs(run: Run, node: int | None, but: str = "") -> None:
    others = run.annotations.filter(node=node, start=None).exclude(thumb=0).exclude(pk=but)
    others.filter(comment="").delete()
    others.update(thumb=0)


def _comment(text: str) -> str:
    comment = text.replace("\0", "").strip()
    if len(comment) > LONGEST:
        raise WrongAnnotation(f"A comment has at most {LONGEST:,} characters; this one has {len(comment):,}.")
    return comment


# ------------------------------------------------------------------------------------------------- spans


def text_lengths(run: Run, node: int | None) -> dict[str, int]:
    """The texts of a run or of its node that can be pointed into, with their lengths. Raises `WrongAnnotation`."""
    if node is None:
        return {name: len(text) for name in RUN_TEXTS if (text := getattr(run, name)) is not None}
    texts = Node.objects.filter(run=run, number=node).values_list("texts", flat=True).first()
    if texts is None:
        raise WrongAnnotation(f"This run has no node {node}; look at its tree.")
    return _lengths(texts)


def _lengths(texts: dict[str, Any]) -> dict[str, int]:
    lengths = {}
    for name, reference in texts.items():
        if "messages" not in reference:
            lengths[name] = reference["chars"]
        for place, message in enumerate(reference.get("messages", ())):
            lengths[f"{name}.{place}"] = message["chars"]
    return lengths


def _check(span: Span, lengths: dict[str, int]) -> None:
    if span.text not in lengths:
        known = ", ".join(sorted(lengths)[:20]) or "none yet"
        raise WrongAnnotation(f"There is no text {span.text[:20]!r} to point into here; there are: {known}.")
    if not 0 <= span.start < span.end <= lengths[span.text]:
        raise WrongAnnotation(
            f"“start” and “end” must lie within the {lengths[span.text]:,} characters of “{span.text}”, start first."
        )

"""How titles, tags, notes and what was deleted are shown: what the pages need beside the run itself."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from frontend.templatetags.words import icon
from trajectories import tags
from trajectories.models import RESTORABLE, Annotation, Run

register = template.Library()


@register.simple_tag
def thumb_sign(thumb: int) -> SafeString:
    """What its owner thinks of a run, small."""
    name, word = ("thumb-up", "Marked as right") if thumb > 0 else ("thumb-down", "Marked as wrong")
    return format_html(
        '<span class="thumb-sign {}" role="img" aria-label="{}" title="{}">{}</span>', name, word, word, icon(name)
    )


@register.simple_tag
def own_tags(run: Run) -> list[str]:
    """What its owner has called runs so far."""
    return tags.in_use(run.owner_id)


@register.simple_tag
def own_thumb(run: Run) -> int:
    """1, -1, or 0 for none."""
    thumbs = run.annotations.filter(node=None, start=None).exclude(thumb=0).values_list("thumb", flat=True)
    return thumbs.first() or 0


@register.simple_tag
def own_comments(run: Run) -> list[dict[str, str]]:
    """What its owner wrote about the answer, with what it points to."""
    written = run.annotations.filter(node=None).exclude(comment="")
    return [{"comment": each.comment, "quote": _quote(run, each)} for each in written]


def _quote(run: Run, annotation: Annotation) -> str:
    return (run.answer or "")[annotation.start : annotation.end] if annotation.text == "answer" else ""


@register.filter
def undo(message: Message) -> dict[str, Any] | None:
    """How to take back what a message tells of: views write `runs:ID,ID` or `documents:ID` into its tags."""
    what, colon, ids = (message.extra_tags or "").partition(":")
    if not colon:
        return None
    field = {"runs": "r", "documents": "document"}[what]
    return {"action": reverse(f"restore_{what}"), "field": field, "ids": ids.split(",")}


@register.filter
def days_left(deleted_at: datetime) -> str:
    """How long what was deleted can be brought back: “gone in 6 days”."""
    days = (deleted_at + RESTORABLE - timezone.now()).days
    return f"gone in {days + 1} days" if days >= 1 else "gone in less than a day"

"""The words that a search box knows, and where a run has what was looked for."""

from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import json_script
from django.utils.safestring import SafeString

from trajectories import search
from trajectories.models import Run

register = template.Library()


@register.simple_tag
def node_words() -> SafeString:
    return json_script(search.words_json(search.NODE_WORDS), "query-words")


@register.simple_tag
def run_words() -> tuple[search.Word, ...]:
    return search.RUN_WORDS


@register.simple_tag
def found_at(run: Run, node_line: str) -> str:
    """Address of the place where a run has what was looked for: the trace at that node, with the same words."""
    hit: search.RunHit = run.hit  # type: ignore[attr-defined]
    if hit.node is None:
        return reverse("run", args=[run.pk])
    return f"{reverse('trace', args=[run.pk])}?{urlencode({'node': hit.node.node, 'q': node_line})}"


PLACES = {
    "request": "prompt",
    "question": "question",
    "response": "reply",
    "reasoning": "reasoning",
    "stdout": "output",
    "shown": "output",
    "reason": "gate",
}


@register.filter
def place_words(hit: search.RunHit) -> str:
    """“answer”, “reply of node 12”"""
    if hit.node is None:
        return hit.place
    text = hit.node.text or "name"
    return f"{PLACES.get(text, text)} of node {hit.node.node:,}"

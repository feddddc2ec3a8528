"""The words that a search box knows, for the script behind it."""

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from trajectories import search

register = template.Library()


@register.simple_tag
def node_words() -> SafeString:
    return json_script(search.words_json(search.NODE_WORDS), "query-words")

"""What the doors to the outside say of searches and of their words."""

from collections.abc import Iterable
from typing import Any

from trajectories.search.across import RunHit
from trajectories.search.finding import Found, Hit
from trajectories.search.snippets import Snippet
from trajectories.search.words import Word


def found_json(found: Found) -> dict[str, Any]:
    return {
        "total": len(found.numbers),
        "numbers": found.numbers,
        "items": [hit_json(hit) for hit in found.hits],
        "next": None if found.next is None else str(found.next),
        "nodes": found.nodes,
        "complete": found.is_whole,
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "node": hit.node,
        "texts": hit.texts,
        "text": hit.text,
        "message": hit.message,
        **snippet_json(hit.snippet),
    }


def run_hit_json(hit: RunHit) -> dict[str, Any]:
    """Why a run was found."""
    return {
        "place": hit.place or None,
        "node": hit.node.node if hit.node else None,
        "text": hit.node.text if hit.node else None,
        "nodes": hit.nodes,
        **snippet_json(hit.snippet),
    }


def snippet_json(snippet: Snippet | None) -> dict[str, Any]:
    names = ("start", "end", "before", "hit", "after")
    return {name: None if snippet is None else getattr(snippet, name) for name in names}


def words_json(words: Iterable[Word]) -> list[dict[str, Any]]:
    """For the help beside a search box, and for the browser's own filter."""
    return [
        {
            "name": word.name,
            "takes": word.takes,
            "help": word.help,
            "example": word.example,
            "choices": word.choices,
        }
        for word in words
    ]

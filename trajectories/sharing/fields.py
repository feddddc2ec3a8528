"""What the fields of runs, nodes and events can hold. One place for all doors; `redactor.py` acts on it."""

from enum import Enum, auto
from typing import Union


class Carries(Enum):
    NOTHING = auto()
    """Times, ids, kinds, amounts: nobody's words."""
    WORDS = auto()
    """May be read, but for names, pieces of documents and patterns."""
    CODE = auto()
    """Words whose long string literals are prompts."""
    REPLY = auto()
    """Of a model: words with code in fences; of a call from code, material."""
    ANSWER = auto()
    """Of a run, words; of a sub-run, material."""
    ASKED = auto()
    """A question: of a run, words; of a sub-run, a prompt."""
    NAME = auto()
    """Of a node; of a call it is the beginning of its prompt, in one line and cut."""
    DOCUMENT = auto()
    """Text of documents, whole or worked on."""
    PROMPT = auto()
    """What a model was told, documents in it or not."""
    PREVIEW = auto()
    """The beginning of a variable's value, written as Python writes it."""
    DOCUMENT_NAME = auto()
    FINGERPRINT = auto()
    """A hash, by which a text could be guessed."""
    HEAD = auto()
    """The beginning of a text that is told in whole elsewhere."""
    UNKNOWN = auto()
    """Not listed here."""


Table = dict[str, Union["Table", Carries]]  # noqa: UP007 - it names itself
"""Key → what it holds. `*` is for all keys that are not named; those are then somebody's words themselves."""

NOTHING, WORDS = Carries.NOTHING, Carries.WORDS

ERROR: Table = {"kind": WORDS, "message": Carries.PROMPT, "traceback": Carries.PROMPT}
COST: Table = {"usd": NOTHING, "kind": NOTHING}
PRICE: Table = {
    **dict.fromkeys(("input", "output", "cache_read", "cache_write", "as_of"), NOTHING),
    "source": WORDS,
}
SPAN: Table = {"document": NOTHING, "how": NOTHING, "text": Carries.DOCUMENT}
DOCUMENT: Table = {"id": NOTHING, "name": Carries.DOCUMENT_NAME}
POLICY: Table = {"*": WORDS}
REFERENCE: Table = {"sha": Carries.FINGERPRINT, "head": Carries.HEAD, "role": NOTHING}
TEXTS: dict[str, Carries] = {
    "question": Carries.ASKED,
    "request": Carries.PROMPT,
    "response": Carries.REPLY,
    "reasoning": Carries.REPLY,
    "thought": Carries.REPLY,
    "code": Carries.CODE,
    "stdout": Carries.DOCUMENT,
    "shown": Carries.DOCUMENT,
    "answer": Carries.ANSWER,
}
"""By name, as in a node's texts."""
TEXT_REFERENCES: Table = {name: {**REFERENCE, "messages": REFERENCE} for name in TEXTS}

DATA: Table = {
    **dict.fromkeys(("kind", "status", "ended_by", "limit", "started_at", "finished_at"), NOTHING),
    **dict.fromkeys(("document", "how", "on", "rule", "mode"), NOTHING),
    "name": Carries.NAME,
    **dict.fromkeys(("role", "tier", "model", "reported_model", "profile", "finish_reason", "label", "gate"), WORDS),
    **dict.fromkeys(("from", "to", "from_tier", "to_tier", "strategies"), WORDS),
    "gates": {"*": {}},
    "error": ERROR,
    "message": Carries.PROMPT,
    "reason": Carries.PROMPT,
    "notes": Carries.PROMPT,
    "variables": {"name": WORDS, "type": WORDS, "preview": Carries.PREVIEW},
    "variables_hash": Carries.FINGERPRINT,
    "call_key": Carries.FINGERPRINT,
    "missing": Carries.FINGERPRINT,
    "reads": SPAN,
    "sources": SPAN,
    "ending": {"how": NOTHING, "variable": WORDS, "sources": SPAN},
    "usage": {},
    "cost": COST,
    "price": PRICE,
    "subtree": {"usage": {}, "cost": COST},
    "retries": ERROR,
    "documents": DOCUMENT,
    "policy": POLICY,
    "sandbox": {"kind": NOTHING, "level": NOTHING},
    "texts": TEXT_REFERENCES,
}
EVENT: Table = {"at": NOTHING, "type": NOTHING, "data": DATA}
NODE: Table = {**DATA, **TEXTS, "request": {"role": NOTHING, "content": Carries.PROMPT}}
ROW: dict[str, Carries] = {
    **dict.fromkeys(("kind", "status", "usd", "cost_kind", "subtree_usd"), NOTHING),
    "name": Carries.NAME,
    **dict.fromkeys(("role", "tier", "model", "error"), WORDS),
}
RUN: Table = {
    **dict.fromkeys(("id", "status", "ended_by", "sandbox", "url", "imported_from"), NOTHING),
    **dict.fromkeys(("created_at", "started_at", "finished_at"), NOTHING),
    **dict.fromkeys(("question", "title", "answer", "tags"), WORDS),
    "annotations": {"text": NOTHING, "comment": WORDS, "created_at": NOTHING, "updated_at": NOTHING, "id": NOTHING},
    "error": ERROR,
    "documents": DOCUMENT,
    "policy": POLICY,
    "sources": SPAN,
    "usage": {},
    "cost": COST,
}
STRIPS: Table = {"documents": DOCUMENT, "totals": {}}

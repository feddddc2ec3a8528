"""Everything that leaves through a share goes through its `Redactor`: run, tree, node, events, exports, charts.

What a field can hold decides what becomes of it, and `fields.py` says that of every field. With documents or prompts
hidden, a text under a name that is not listed there is blacked out: what is new has to be let through on purpose.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from trajectories.models import Document
from trajectories.sharing import fields, literals
from trajectories.sharing.blackout import BLACK, Blackout, whole
from trajectories.sharing.fields import Carries, Table
from trajectories.sharing.patterns import Clock
from trajectories.sharing.pieces import Pieces

Json = dict[str, Any]
MOST_NAME = 120
CUT = 200
"""Characters of a variable's preview at which it may have been cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What is blacked out."""

    documents: bool = False
    """Their names, and every text that holds or may hold theirs."""
    prompts: bool = False
    """What models were asked and told."""
    patterns: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.documents or self.prompts or bool(self.patterns)

    def as_json(self) -> Json:
        return {"documents": self.documents, "prompts": self.prompts, "patterns": list(self.patterns)}


def redaction_of(kept: Mapping[str, Any]) -> Redaction:
    """As it stands in a share's row."""
    return Redaction(
        documents=bool(kept.get("documents")),
        prompts=bool(kept.get("prompts")),
        patterns=tuple(kept.get("patterns") or ()),
    )


class Redactor:
    """For one run and one look at it: its clock bounds the time that goes into patterns and documents.

    `calls` and `is_call` below are about nodes that hold material, not thought (`calls.py`)."""

    def __init__(
        self,
        redaction: Redaction,
        documents: Sequence[Document],
        names: Mapping[str, str],
        numbered: Mapping[str, str],
        *,
        question: str = "",
        seconds: float = 4.0,
    ) -> None:
        """`documents`: whose text is looked for; by their ids, `names`: what each is called, and `numbered`: what it is
        called where names are hidden."""
        self.redaction = redaction
        self._question = question
        self._seconds = seconds
        self._clock = Clock(seconds)
        self._shown = numbered if redaction.documents else dict(names)
        replaced = {}
        if redaction.documents:
            for document in documents:
                for name in (document.name, names.get(document.id, "")):
                    replaced[name] = numbered[document.id]
        pieces = Pieces(documents) if redaction.documents else None
        self._blackout = Blackout(redaction.patterns, replaced, pieces, self._clock)

    # ------------------------------------------------------------------------------------------ texts

    def words(self, text: str) -> str:
        """A text that may be read, but for what is hidden in it."""
        return self._blackout.text(text) if self.redaction else text

    def document(self, document_id: str, name: str = "") -> str:
        """What a document is called."""
        return self.words(self._shown.get(document_id, BLACK if self.redaction.documents else name))

    # ------------------------------------------------------------------------------------------ shapes

    def run(self, run: Json) -> Json:
        return self._fill(run, fields.RUN, is_call=False)

    def node(self, node: Json, *, is_call: bool) -> Json:
        return self._fill(node, fields.NODE, is_call=is_call)

    def events(self, events: Sequence[Json], calls: Collection[int]) -> list[Json]:
        told = [(event, event.get("node") in calls) for event in events]
        self._learn([(event, fields.EVENT, is_call) for event, is_call in told])
        return [self._walk(event, fields.EVENT, is_call, self._said) for event, is_call in told]

    def row(self, row: Sequence[Any], columns: Sequence[str], *, is_call: bool) -> list[Any]:
        """One line of a tree."""
        walk, said = self._walk, self._said
        return [
            walk(value, fields.ROW.get(column, Carries.UNKNOWN), is_call, said) if isinstance(value, str) else value
            for column, value in zip(columns, row, strict=True)
        ]

    def strips(self, strips: Json) -> Json:
        return self._fill(strips, fields.STRIPS, is_call=False)

    def text(self, text: str, carries: Carries, *, is_call: bool) -> str:
        """A text of the record, by what it can hold."""
        return self.texts([(text, carries, is_call)])[0]

    def texts(self, texts: Sequence[tuple[str, Carries, bool]]) -> list[str]:
        """Many at once: documents are gone through once for all of them."""
        if not self.redaction:
            return [text for text, _, _ in texts]
        self._learn(texts)
        return [self._said(text, carries, is_call) or "" for text, carries, is_call in texts]

    def rewind(self) -> None:
        """Gives it the whole time again, for another look."""
        self._clock.left = self._seconds

    # ------------------------------------------------------------------------------------------ walking

    def _fill(self, value: Json, table: Table, *, is_call: bool) -> Json:
        if not self.redaction:
            return value
        self._learn([(value, table, is_call)])
        filled: Json = self._walk(value, table, is_call, self._said)
        return filled

    def _learn(self, values: Sequence[tuple[Any, Table | Carries, bool]]) -> None:
        """Has all texts of these values worked out together."""
        texts: list[str] = []

        def collect(text: str, carries: Carries, is_call: bool) -> str:
            if not self._is_hidden(carries, is_call):
                texts.extend(self._parts(text, carries))
            return text

        for value, table, is_call in values:
            self._walk(value, table, is_call, collect)
        self._blackout.learn(texts)

    def _walk(
        self, value: Any, rule: Table | Carries, is_call: bool, said: Callable[[str, Carries, bool], str | None]
    ) -> Any:
        if isinstance(value, str):
            return said(value, rule if isinstance(rule, Carries) else Carries.UNKNOWN, is_call)
        if isinstance(value, list | tuple):
            return [self._walk(item, rule, is_call, said) for item in value]
        if not isinstance(value, dict):
            return value
        table = rule if isinstance(rule, dict) else {"*": rule}
        others = table.get("*")
        filled = {}
        for key, item in value.items():
            known = table.get(key, others)
            if known is Carries.DOCUMENT_NAME:
                filled[key] = self.document(str(value.get("id", "")), str(item))
            elif key in table or others is None:
                filled[key] = self._walk(item, Carries.UNKNOWN if known is None else known, is_call, said)
            else:  # somebody's own key
                rule = others if isinstance(others, Carries) else Carries.WORDS
                filled[said(key, rule, is_call) or BLACK] = self._walk(item, others, is_call, said)
        return filled

    def _said(self, text: str, carries: Carries, is_call: bool) -> str | None:
        if carries is Carries.NOTHING or not text:
            return text
        if carries is Carries.FINGERPRINT:
            return None
        if carries is Carries.HEAD:
            return ""
        if carries is Carries.NAME:
            return self._name(text, is_call)
        if self._is_hidden(carries, is_call) or (carries is Carries.PREVIEW and _may_be_altered(text)):
            return whole(text)
        if carries in (Carries.CODE, Carries.REPLY) and self.redaction.prompts:
            text = literals.in_code(text) if carries is Carries.CODE else literals.in_reply(text)
        return self.words(text)

    def _name(self, name: str, is_call: bool) -> str:
        """Made anew from the question where it is its beginning: what hides in a text may not be seen in a cut one."""
        if not is_call and name == _one_line(self._question, len(name)):
            return _one_line(self.words(self._question), max(len(name), MOST_NAME))
        return BLACK if is_call or name.endswith("…") else self.words(name)

    def _parts(self, text: str, carries: Carries) -> list[str]:
        """What will be asked of the blackout for it."""
        if carries in (Carries.NOTHING, Carries.FINGERPRINT, Carries.HEAD):
            return []
        if carries in (Carries.CODE, Carries.REPLY) and self.redaction.prompts:
            return [literals.in_code(text) if carries is Carries.CODE else literals.in_reply(text)]
        return [text]

    def _is_hidden(self, carries: Carries, is_call: bool) -> bool:
        """Whether nothing of such a text may be read."""
        documents, either = self.redaction.documents, self.redaction.documents or self.redaction.prompts
        match carries:
            case Carries.DOCUMENT:
                return documents
            case Carries.PROMPT | Carries.PREVIEW | Carries.UNKNOWN:
                return either
            case Carries.ASKED | Carries.CODE:
                return either and is_call
            case Carries.REPLY | Carries.ANSWER:
                return documents and is_call
        return False

    # ------------------------------------------------------------------------------------------ references

    def alias(self, sha: str, carries: Carries, *, is_call: bool) -> str:
        """Names a text in an export without telling its hash, by which it could be guessed."""
        said = f"{sha}\0{carries.name}\0{is_call}\0{self.redaction.as_json()}"
        return hmac.new(settings.SECRET_KEY.encode(), said.encode(), hashlib.sha256).hexdigest()


def _one_line(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _may_be_altered(preview: str) -> bool:
    """Whether a preview's text differs from what a pattern was written for: cut, or with escaped characters."""
    return len(preview) >= CUT or "\\" in preview

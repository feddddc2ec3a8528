"""What the root model is told: the messages made from a profile.

Nothing here ever sees a document's text: only names, sizes and what the code printed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trajectories.engine.profile import Profile
from trajectories.engine.tools import Tool
from trajectories.engine.types import Document, Execution, Variable

SHOWN_CHARS = 8_192
"""Of all output of one turn, what the model sees."""
LISTED_DOCUMENTS = 20
LISTED_VARIABLES = 30
MOST_NAME = 80


def system_message(
    profile: Profile, levels: int, tools: Sequence[Tool] = (), libraries: Sequence[str] = (), dialect: str = ""
) -> str:
    """`levels`: how many levels of calls the code may make (0 none, 1 plain, more: sub-RLMs). `libraries`: what can be
    imported beside the standard library. `dialect`: what of Python cannot be used."""
    calls = "none" if levels == 0 else "plain" if levels == 1 else "recursive"
    listed = "\n".join(f"- `{tool.name}{tool.signature}`: {tool.description}" for tool in tools)
    offered = "\n\n" + profile.say("tools", listed=listed) if tools else ""
    system = profile.system.strip("\n").format(
        calls=profile.calls[calls].strip("\n"), advice=profile.advice[calls].strip("\n"), shown_chars=SHOWN_CHARS
    )
    installed = "\n\n" + profile.say("libraries", names=" and ".join(libraries)) if libraries else ""
    reduced = f"\n\n{dialect}" if dialect else ""
    return system + reduced + installed + offered


def first_message(profile: Profile, question: str, documents: Sequence[Document], is_list: bool) -> str:
    listed = [
        f"{index} · {_short(document.name)} · {document.text.chars:,} characters"
        for index, document in enumerate(documents[:LISTED_DOCUMENTS])
    ]
    more = len(documents) - len(listed)
    if more > 0:
        listed.append(profile.say("more_documents", count=more))
    chars = sum(document.text.chars for document in documents)
    pictures = sum(len(document.pictures.names) for document in documents if document.pictures)
    kind = "many_documents" if is_list else "one_document"
    told = profile.say(
        "first",
        question=question,
        documents="\n".join(listed),
        kind=profile.say(kind, count=len(documents), chars=chars),
    )
    return f"{told}\n\n{profile.say('images', count=pictures)}" if pictures else told


def answer_form(profile: Profile, schema: Any) -> str:
    """What is said of the form that the final answer must have."""
    return profile.say("answer_form", schema=json.dumps(schema, ensure_ascii=False))


def _short(name: str) -> str:
    clean = " ".join(name.split())
    return clean if len(clean) <= MOST_NAME else clean[: MOST_NAME - 1] + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the model sees of one cell: `text` is what stands in the message, `output` the part that was printed."""

    text: str
    output: str


def show_cell(profile: Profile, execution: Execution, share: int) -> Shown:
    """A cell's output within its share of the turn's characters, and what went wrong."""
    output = cut(execution.stdout, share)
    return Shown(text=_cell_text(profile, execution, output), output=output)


def _cell_text(profile: Profile, execution: Execution, output: str) -> str:
    parts = [output.rstrip("\n")] if output.strip() else []
    if execution.error is not None:
        parts.append(cut(execution.error.traceback or f"{execution.error.kind}: {execution.error.message}", 3_000))
    if execution.repl_lost:
        parts.append(profile.say("repl_lost"))
    notes = [f"Note: {note}" for note in execution.notes]
    return "\n".join([*(parts or [profile.say("no_output")]), *notes])


def cut(text: str, limit: int) -> str:
    """Head and tail of a text, with a line that says what is missing between."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    tail = limit - head
    missing = len(text) - head - tail
    return f"{text[:head]}\n… [{missing:,} characters not shown] …\n{text[len(text) - tail :]}"


def feedback(
    profile: Profile,
    *,
    shown: Sequence[Shown],
    notes: Sequence[str],
    variables: Sequence[Variable],
    step: int,
    max_steps: int,
    left: dict[str, str],
) -> str:
    """The message after a turn: each cell's output, what was wrong with the reply, names of variables, what is left."""
    parts = [
        f"Output:\n{cell.text}" if len(shown) == 1 else f"Output of block {number}:\n{cell.text}"
        for number, cell in enumerate(shown, 1)
    ]
    parts.extend(notes)
    changed = [variable for variable in variables if variable.changed][:LISTED_VARIABLES]
    if changed:
        parts.append(profile.say("variables", names=", ".join(_described(variable) for variable in changed)))
    remaining = [f"{max_steps - step} turns", *(f"{amount} {name}" for name, amount in left.items())]
    parts.append(profile.say("left", step=step, max_steps=max_steps, left=", ".join(remaining)))
    return "\n\n".join(parts)


def _described(variable: Variable) -> str:
    size = "" if variable.size is None else f", {variable.size:,}"
    return f"{variable.name} ({variable.type}{size})"

"""With what each run was started and what it really ran with, by dotted names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trajectories.comparison.record import Record

MOST_NAMED = 20
"""Documents named one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    name: str
    values: tuple[Any, ...]
    """By run; None where a run has none of it."""

    @property
    def differs(self) -> bool:
        return any(value != self.values[0] for value in self.values)


def settings(records: Sequence[Record]) -> list[Setting]:
    told = [dict(_told(record)) for record in records]
    names = dict.fromkeys(name for each in told for name in each)
    return [Setting(name=name, values=tuple(each.get(name) for each in told)) for name in names]


def _told(record: Record) -> Iterator[tuple[str, Any]]:
    run = record.run
    yield "question", run.question
    yield "documents", [document.name for document in record.documents[:MOST_NAMED]]
    yield "documents.texts", _texts(record)
    yield "documents.chars", sum(document.chars for document in record.documents)
    yield from _flattened("policy", {key: value for key, value in run.policy.items() if value not in ({}, [])})
    for role, models in sorted(record.models.items()):
        yield f"models_used.{role}", sorted(models)
    yield "prompt_profile", record.profile or None
    yield "sandbox", run.sandbox or None
    yield "forked_from", run.forked_from or None
    yield "imported_from", run.imported_from or None


def _texts(record: Record) -> list[str]:
    """Tells texts apart that have the same name."""
    return sorted((document.text_sha256 or document.sha256)[:12] for document in record.documents)


def _flattened(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flattened(f"{name}.{key}", inner)
    else:
        yield name, value

"""The texts shipped with the product, to try it on: files of `trajectories/samples/`, each with its description."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from trajectories.documents import keeping
from trajectories.models import Document

FOLDER = Path(__file__).resolve().parent.parent / "samples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    key: str
    name: str
    """What the document is called."""
    title: str
    description: str
    questions: tuple[str, ...]
    licence: str
    chars: int
    path: Path


@cache
def samples() -> tuple[Sample, ...]:
    return tuple(_sample(path) for path in sorted(FOLDER.glob("*.toml")))


def add_sample(owner: Any, key: str) -> Document:
    """Puts a shipped text among the owner's documents, ready at once. Raises KeyError for an unknown one."""
    sample = {sample.key: sample for sample in samples()}[key]
    return keeping.add_text(owner, sample.name, sample.path.read_text("utf-8"))


def _sample(description: Path) -> Sample:
    said = tomllib.loads(description.read_text("utf-8"))
    path = description.with_suffix(".txt")
    return Sample(
        key=description.stem,
        name=said["name"],
        title=said["title"],
        description=said["description"],
        questions=tuple(said["questions"]),
        licence=said["licence"],
        chars=len(path.read_text("utf-8")),
        path=path,
    )

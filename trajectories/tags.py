"""Tags of runs: short words of the owner's own, by which runs are found again."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count

from trajectories.models import Run, RunTag

LONGEST = 40
"""Characters of a tag."""
MOST = 20
"""Tags of one run."""


class WrongTag(ValueError):
    """`str(error)` is one sentence that says what to change."""


def cleaned(names: Iterable[str]) -> list[str]:
    """Trimmed, in lower case, each once, in the alphabet's order. Raises `WrongTag`."""
    tags = sorted({_cleaned(name) for name in names})
    if len(tags) > MOST:
        raise WrongTag(f"A run has at most {MOST} tags; leave {len(tags) - MOST} of these out.")
    return tags


def _cleaned(name: str) -> str:
    tag = " ".join(unicodedata.normalize("NFC", name).replace("\0", "").lower().split())
    if not tag:
        raise WrongTag("A tag is empty; write a word.")
    if "," in tag:
        raise WrongTag("A tag must not contain a comma; make two tags of it.")
    if len(tag) > LONGEST:
        raise WrongTag(f"The tag “{tag[:LONGEST]}…” has more than {LONGEST} characters; shorten it.")
    return tag


def put(run: Run, names: Iterable[str]) -> None:
    """Gives a run these tags in place of those it had. Raises `WrongTag`."""
    wanted = cleaned(names)
    with transaction.atomic():
        RunTag.objects.filter(run=run).exclude(name__in=wanted).delete()
        RunTag.objects.bulk_create([RunTag(run=run, name=name) for name in wanted], ignore_conflicts=True)


def names_of(run: Run) -> list[str]:
    """From what was fetched beside the run, where it was."""
    return [tag.name for tag in run.tags.all()]


def in_use(owner: Any, most: int = 100) -> list[str]:
    """The owner's tags, those of the most runs first."""
    mine = RunTag.objects.filter(run__owner=owner, run__deleted_at=None)
    counted = mine.values("name").annotate(runs=Count("run")).order_by("-runs", "name")
    return list(counted.values_list("name", flat=True)[:most])

"""Making runs, and the one kind of background work: “look at run X”. The row decides what is to be done."""

import logging
from collections.abc import Sequence
from typing import Any

from celery import shared_task
from django.db import close_old_connections, transaction
from django.db.models import Q
from kombu.exceptions import OperationalError

from trajectories import engine, host, lease
from trajectories.models import Document, Run, RunDocument

log = logging.getLogger(__name__)

MAX_QUESTION = 20_000
"""Characters. Longer material belongs into a document."""


class WrongQuestion(ValueError):
    """`str(error)` is one sentence that says what to change."""


def checked_question(text: str) -> str:
    """Raises `WrongQuestion` for one that cannot be asked."""
    question = text.encode("utf-8", "replace").decode().replace("\0", "").strip()
    if not question:
        raise WrongQuestion("The question is empty; ask something.")
    if len(question) > MAX_QUESTION:
        raise WrongQuestion(
            f"The question has more than {MAX_QUESTION:,} characters; put long material into a document."
        )
    return question


def start_run(
    owner: Any, question: str, documents: Sequence[Document], policy: engine.Policy, *, follows: str = ""
) -> Run:
    """A queued run; some worker begins it as soon as it is committed. `follows`: whose session it goes on in."""
    with transaction.atomic():
        run: Run = Run.objects.create(
            owner=owner, question=question, policy=engine.policy_json(policy), follows=follows
        )
        RunDocument.objects.bulk_create(
            RunDocument(run=run, document=document, position=position) for position, document in enumerate(documents)
        )
        transaction.on_commit(lambda: announce(run.pk))
    return run


def announce(run_id: str) -> None:
    """Publishes “look at this run”. If the broker is away, a worker's sweeper finds the run in the table."""
    try:
        look.delay(run_id)
    except OperationalError as error:
        log.warning("The broker cannot be reached (%s); the run waits for a worker to look", error)


def cancel_run(run: Run) -> None:
    """The run ends `cancelled` within 2 seconds, at once if nobody has begun it. An ended run stays as it is."""
    if not Run.objects.filter(pk=run.pk, status__in=[Run.Status.QUEUED, Run.Status.RUNNING]).update(
        cancel_requested=True
    ):
        return
    here = host.current()
    if here and here.cancel(run.pk):
        return
    held = lease.hold(run.pk, Q(status=Run.Status.QUEUED))
    if held:
        lease.end_held(held)
        if here:
            here.poke(run.pk)


@shared_task(name="rlm.look", ignore_result=True)  # type: ignore[untyped-decorator]
def look(run_id: str) -> None:
    """Works on the run to its end, if it is to be had."""
    here = host.current()
    try:
        if here:
            here.work(run_id)
    finally:
        close_old_connections()


def sandbox_word() -> str:
    """The isolation runs get, or `unknown` where the workers are other processes."""
    here = host.current()
    return here.sandbox if here else "unknown"


def sandbox_findings() -> list[str]:
    """Sentences on that isolation, none where it is not known."""
    here = host.current()
    return here.sandbox_findings if here else []


def worker_word() -> str:
    """`embedded` in this process, or `separate`."""
    return "embedded" if host.current() else "separate"

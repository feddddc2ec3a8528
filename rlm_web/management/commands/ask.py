"""`manage.py ask`: the main job in a terminal, through the same task and the same tables as the web."""

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rlm_web import startup
from rlm_web.data_folder import DEFAULT_ADDRESS, DataFolder, DataFolderInUse
from rlm_web.progress import Progress
from trajectories import documents, engine, policies, recorder, representations, tasks
from trajectories.models import Document, Run

LOOK_SECONDS = 0.05
SECONDS_TO_CANCEL = 4.0
INTERRUPTED = 130
"""The exit status of what Ctrl-C ended."""


class Command(BaseCommand):
    help = "Asks a question of files: progress on stderr, then the answer with sources, cost and time."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("question")
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--policy", help="name of a policy (default: the default policy)")
        parser.add_argument("--json", action="store_true", help="print the run as one JSON object instead")

    def handle(self, *, question: str, files: list[Path], policy: str | None, json: bool, **options: Any) -> None:
        owner = startup.prepare(static_files=False)
        for path in files:
            if not path.is_file():
                raise CommandError(f"{path} is not a file that can be read.")
        try:
            question = tasks.checked_question(question)
            how = policies.resolve(owner, policy)
        except (tasks.WrongQuestion, engine.PolicyError) as error:
            raise CommandError(str(error)) from error
        inputs = [documents.add_file(owner, path.name, path) for path in files]
        for number in (signal.SIGINT, signal.SIGTERM):  # whoever stops it, the run is ended
            signal.signal(number, signal.default_int_handler)
        with _a_worker() as address:
            self._wait_for_text(inputs)
            run = tasks.start_run(owner, question, inputs, how)
            try:
                self._follow(run)
            except KeyboardInterrupt:
                tasks.cancel_run(run)
                self._say("stopping")
                self._wait_for_end(run, SECONDS_TO_CANCEL)
        run.refresh_from_db()
        told = representations.run_json(run, address)
        self.stdout.write(orjson.dumps(told).decode() if json else _report(told))
        if run.status != Run.Status.SUCCEEDED:
            sys.exit(INTERRUPTED if run.status == Run.Status.CANCELLED else 1)

    def _say(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()

    def _wait_for_text(self, inputs: list[Document]) -> None:
        for document in inputs:
            while document.status == Document.Status.PROCESSING:
                time.sleep(LOOK_SECONDS)
                document.refresh_from_db()
            if document.status == Document.Status.FAILED:
                raise CommandError(f"{document.name}: {document.message}")
            self._say(f"{document.name}: {document.chars:,} characters")

    def _follow(self, run: Run) -> None:
        """Shows what happens until the run has ended."""
        progress, seen = Progress(), 0
        while True:
            run.refresh_from_db(fields=["status", "last_seq"])
            for event in recorder.events_of(run.pk, after=seen):
                seen = event["seq"]
                for line in progress.lines(event):
                    self._say(line)
            if not run.is_live:
                return
            time.sleep(LOOK_SECONDS)

    def _wait_for_end(self, run: Run, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while run.is_live and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            run.refresh_from_db(fields=["status"])


@contextmanager
def _a_worker() -> Iterator[str]:
    """Somebody to do the work: this process, unless another holds the data folder. Gives the address of the pages."""
    if not settings.EMBEDDED:
        yield DEFAULT_ADDRESS
        return
    try:
        folder = DataFolder(settings.DATA_DIR).__enter__()
    except DataFolderInUse as other:
        yield other.address or DEFAULT_ADDRESS
        return
    from rlm_web.workers import Worker

    worker = Worker(alone=True)
    worker.start()
    try:
        yield DEFAULT_ADDRESS
    finally:
        worker.stop()
        folder.__exit__(None, None, None)


def _report(run: dict[str, Any]) -> str:
    names = {document["id"]: document["name"] for document in run["documents"]}
    lines = [""]
    if run["answer"] is not None:
        lines.append(run["answer"])
    if run["error"]:
        lines.append(f"{run['status']}: {run['error']['message']}")
    elif run["answer"] is None:
        lines.append(f"{run['status']} ({run['ended_by']})")
    if run["sources"]:
        lines += ["", "Sources"]
    for source in run["sources"]:
        text = " ".join(source["text"].split())
        shown = text if len(text) <= 160 else text[:159] + "…"
        lines.append(
            f"  {names.get(source['document'], '?')}, characters {source['start']:,}–{source['end']:,}: “{shown}”"
        )
    lines += ["", f"{_cost(run)} · {run['usage']['calls']:,} model calls · {run['seconds'] or 0:.1f} s", run["url"]]
    return "\n".join(lines)


def _cost(run: dict[str, Any]) -> str:
    cost = run["cost"]
    if cost["kind"] == "unknown":
        known = f", ${cost['usd']} without them" if cost["usd"] else ""
        return f"cost unknown ({cost['unpriced_calls']} calls without a price{known})"
    return f"{'about ' if cost['kind'] == 'estimated' else ''}${cost['usd']}"

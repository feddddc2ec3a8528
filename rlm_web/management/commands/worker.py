"""`manage.py worker`: works on runs, for the scaled set-up."""

import argparse
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rlm_web import startup
from rlm_web.workers import RUNS_AT_ONCE, Worker


class Command(BaseCommand):
    help = "Works on runs (with RLM_DATABASE_URL and RLM_REDIS_URL). Start as many as wanted. Ctrl-C ends it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=RUNS_AT_ONCE, help="runs at once (default: %(default)s)")

    def handle(self, *, concurrency: int, **options: Any) -> None:
        if settings.EMBEDDED:
            raise CommandError("`serve` works on runs itself. Set RLM_REDIS_URL for workers of their own.")
        if not 1 <= concurrency <= 256:
            raise CommandError("--concurrency is a number from 1 to 256.")
        told_to_end = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: told_to_end.set())
        startup.refuse_impossible_sandbox()
        startup.make_tables()
        worker = Worker(alone=False, runs_at_once=concurrency)
        worker.start()
        self.stdout.write("Waiting for runs.")
        self.stdout.flush()
        told_to_end.wait()
        worker.stop()

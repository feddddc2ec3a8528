"""`manage.py sandbox_check`: which isolation this machine gives to the model's code, from a real self-test."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from trajectories.engine import sandbox


class Command(BaseCommand):
    help = "Prints which isolation this machine gives, and why. Fails when it is less than RLM_SANDBOX_MIN."

    def handle(self, *args: Any, **_: Any) -> None:
        options = sandbox.Options(**settings.SANDBOX_OPTIONS)
        report = asyncio.run(sandbox.check(settings.SANDBOX, settings.SANDBOX_MIN, options))
        self.stdout.write(f"sandbox: {report.kind}, isolation: {report.level}, minimum: {report.minimum}")
        for sentence in [*report.findings, *report.offers]:
            self.stdout.write(f"  {sentence}")
        if not report.ok:
            raise CommandError(f"This is less than the configured minimum, {report.minimum}.")

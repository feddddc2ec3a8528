"""`manage.py rebuild`: derives runs' rows again from their logs."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trajectories import recorder
from trajectories.models import Run


class Command(BaseCommand):
    help = "Derives the rows of runs again from their event logs. Fails when something else was stored."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("runs", nargs="+", metavar="RUN", help="the id of a run")

    def handle(self, *, runs: list[str], **options: Any) -> None:
        found = {run.pk: run for run in Run.objects.filter(pk__in=runs)}
        differences = 0
        for run_id in runs:
            if run_id not in found:
                raise CommandError(f"There is no run {run_id!r}.")
            differences += self._rebuild(found[run_id])
        if differences:
            raise CommandError("What was stored did not follow from the log. It does now.")

    def _rebuild(self, run: Run) -> int:
        try:
            differences = recorder.rebuild(run)
        except recorder.RunGoesOn as error:
            raise CommandError(str(error)) from error
        for difference in differences:
            self.stderr.write(difference)
        state = f"{len(differences)} differences" if differences else "as it was stored"
        self.stdout.write(f"{run.pk}: {run.last_seq} events, {run.nodes} nodes, {state}")
        return len(differences)

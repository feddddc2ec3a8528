"""`manage.py signin`: a fresh sign-in link."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from trajectories import accounts


class Command(BaseCommand):
    help = "Prints a link that signs the owner in: once, within 24 hours."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--base-url", default="http://127.0.0.1:8000", help="where the server answers")

    def handle(self, *, base_url: str, **options: Any) -> None:
        token = accounts.make_sign_in_link_token(accounts.owner_account())
        self.stdout.write(f"{base_url.rstrip('/')}/?token={token}")

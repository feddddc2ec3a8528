"""`manage.py signin`: a fresh sign-in link."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from rlm_web.data_folder import DEFAULT_ADDRESS, address_in_use
from trajectories import accounts


class Command(BaseCommand):
    help = "Prints a link that signs the owner in: once, within 24 hours."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--base-url", help="where the server answers (default: where it does on this machine)")

    def handle(self, *, base_url: str | None, **options: Any) -> None:
        address = base_url or address_in_use(settings.DATA_DIR) or DEFAULT_ADDRESS
        token = accounts.make_sign_in_link_token(accounts.owner_account())
        self.stdout.write(f"{address.rstrip('/')}/?token={token}")

"""`manage.py token`: a new API token, printed once."""

import argparse
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from trajectories import accounts


class Command(BaseCommand):
    help = "Makes an API token and prints it. It cannot be shown again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--name", default="command line", help="what it is for, as the settings show it")
        parser.add_argument("--user", help="whose it is (default: the owner of this installation)")

    def handle(self, *, name: str, user: str | None, **options: Any) -> None:
        self.stdout.write(accounts.make_token(_account(user), name))


def _account(name: str | None) -> Any:
    if name is None:
        return accounts.owner_account()
    users = get_user_model()
    try:
        return users.objects.get_by_natural_key(name)
    except users.DoesNotExist as error:
        raise CommandError(f"There is no user {name!r}.") from error

"""`manage.py serve`: the whole product in one process."""

import argparse
import gc
import ipaddress
import socket
from contextlib import ExitStack
from typing import Any

from rlm_web import server  # before anything else of Twisted

from django.conf import settings  # isort: skip
from django.core.management.base import BaseCommand, CommandError
from django.urls import get_resolver

from rlm_web import startup
from rlm_web.data_folder import DataFolder, DataFolderInUse
from trajectories import accounts

MOST_PORT = 65_535


class Command(BaseCommand):
    help = "Serves the pages, the API and the work on runs, all in one process. Ctrl-C ends it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to answer at (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="default: 8000; 0 takes any that is free")

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        if settings.MODE == "local" and not _is_loopback(host):
            raise CommandError(
                f"In local mode only this machine may come in, so --host {host} is refused. "
                "Use 127.0.0.1, or set RLM_MODE=team and RLM_ALLOWED_HOSTS."
            )
        if not 0 <= port <= MOST_PORT:
            raise CommandError(f"There is no port {port}: --port takes a number from 0 to {MOST_PORT}.")
        with ExitStack() as held:
            folder = self._data_folder(held)
            listener = held.enter_context(_listen(host, port))
            address = f"http://{_shown(host)}:{listener.getsockname()[1]}"
            owner = startup.prepare()
            from rlm_web.asgi import application

            get_resolver().url_patterns  # noqa: B018 (imports the views now, not with the first request)
            worker = self._worker()

            def ready() -> None:
                if folder:
                    folder.answers_at(address)
                link = accounts.make_sign_in_link_token(owner)
                self.stdout.write(f"Open {address}/?token={link}")
                self.stdout.flush()
                gc.freeze()  # what the start has made stays: not to be gone through at each collection, nor at the end

            if worker:
                worker.start()
                held.callback(worker.stop)  # whatever happens: its threads would keep the process
            server.serve(application, listener, ready=ready, stop=worker.stop if worker else _nothing)

    def _data_folder(self, held: ExitStack) -> DataFolder | None:
        """In the scaled set-up the database and the broker say who does what."""
        if not settings.EMBEDDED:
            return None
        try:
            return held.enter_context(DataFolder(settings.DATA_DIR))
        except DataFolderInUse as error:
            raise CommandError(str(error)) from error

    def _worker(self) -> Any:
        if not settings.EMBEDDED:
            return None
        from rlm_web.workers import Worker
        from trajectories import documents

        documents.resume_extractions()
        return Worker(server.server_loop(), alone=True)


def _nothing() -> None:
    """There is no worker to stop."""


def _listen(host: str, port: int) -> socket.socket:
    try:
        return server.listen(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(
            f"Cannot answer at {host}, port {port}: {reason}. Choose another port with --port."
        ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host

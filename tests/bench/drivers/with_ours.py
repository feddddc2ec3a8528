"""This project as its worker runs it: the run's row is claimed, and everything is recorded in the database (SQLite).

Only the web server is left out; `tests/bench/house.py` measures with it.
"""

from pathlib import Path

import django
from driving import Solve, Work, drive

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from rlm_web import startup  # noqa: E402
from trajectories import documents, engine, host, tasks  # noqa: E402

SECONDS_TO_READ = 120.0


def prepare(work: Work, path: Path) -> Solve:
    document = documents.wait_ready(documents.add_file(OWNER, path.name, path), SECONDS_TO_READ)
    model = f"openai/{work.model}"
    models = {"root": model, "worker": model, "child": "openai/ours.child"}
    policy = engine.policy_from_json({"models": models, "max_depth": work.max_depth, "exploration": "off"})

    def solve() -> str:
        run = tasks.start_run(OWNER, work.question, [document], policy)
        WORKER.work(run.pk)
        run.refresh_from_db()
        return run.answer if run.answer is not None else str(run.error)

    return solve


def about() -> str:
    return f"recorded in {connection.vendor}, isolation {WORKER.sandbox}"


def record_bytes(work: Work) -> int:
    """Of the whole database, with what still stands in the write-ahead log brought in."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(settings.DATABASES["default"]["NAME"]).stat().st_size


OWNER = startup.prepare(static_files=False)
WORKER = host.Host(announce=lambda run_id: None)
WORKER.start()
try:
    drive(prepare, about, record_bytes)
finally:
    WORKER.stop()

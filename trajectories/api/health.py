"""Whether the server is at work. Needs no sign-in and tells no secrets."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from ninja import Router

from trajectories import tasks
from trajectories.api.bodies import json_answer

router = Router(tags=["Server"])


@router.get("/health", auth=None, summary="Is it at work?")
def health(request: HttpRequest) -> HttpResponse:
    database = _database_answers()
    worker = tasks.worker_word() if database else "unknown"
    body = {
        "status": "ok" if database else "failing",
        "sandbox": tasks.sandbox_word(),
        "worker": worker,
        "version": settings.VERSION,
    }
    return json_answer(body, 200 if database else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True

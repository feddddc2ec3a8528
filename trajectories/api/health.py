"""Whether the server is at work. Needs no sign-in and tells no secrets."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from ninja import Router

from trajectories import host
from trajectories.api import shapes
from trajectories.api.bodies import json_answer

router = Router(tags=["Server"])


@router.get("/health", auth=None, response=shapes.Health, summary="Is it at work?")
def health(request: HttpRequest) -> HttpResponse:
    """`worker` is `embedded` (in this process) or `separate`, which only the workers' own machines can tell more of."""
    here, answering = host.current(), _database_answers()
    body = {
        "status": "ok" if answering else "failing",
        "sandbox": here.sandbox if here else "unknown",
        "worker": "embedded" if here else "separate",
        "version": settings.VERSION,
    }
    return json_answer(body, 200 if answering else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True

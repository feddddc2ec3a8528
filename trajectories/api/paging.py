"""Where a page of a list ends and the next one begins: the time of making and the id of its last row, in one word."""

import base64
import binascii
from datetime import UTC, datetime

from trajectories.api.errors import ApiError
from trajectories.models import Document, Run, Share


def cursor_of(row: Document | Run | Share) -> str:
    return cursor_at((row.created_at, row.pk))


def cursor_at(position: tuple[datetime, str]) -> str:
    created_at, row_id = position
    return base64.urlsafe_b64encode(f"{created_at.isoformat()} {row_id}".encode()).decode().rstrip("=")


def position_of(cursor: str) -> tuple[datetime, str]:
    """The same as (created_at, id). Raises `ApiError` for what no list ever gave."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created_at, _, row_id = text.partition(" ")
        return datetime.fromisoformat(created_at).astimezone(UTC), row_id
    except (ValueError, OverflowError, binascii.Error):
        raise ApiError(422, "wrong_cursor", "This cursor is not one of ours; take it from “next” of a list.") from None

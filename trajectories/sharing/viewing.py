"""Counting who looked: once for each viewer and visit. What a viewer holds says nothing but that this visit counted."""

from django.core import signing
from django.db.models import F
from django.utils import timezone

from trajectories.models import Share

VISIT = 30 * 60
"""Seconds without a page after which the next one begins another visit."""
SALT = "visits of shares"


def count(share: Share) -> None:
    Share.objects.filter(pk=share.pk).update(views=F("views") + 1, last_viewed_at=timezone.now())


def ticket(share: Share) -> str:
    return signing.dumps(share.pk, salt=SALT)


def is_counted(share: Share, shown: str | None) -> bool:
    try:
        return bool(signing.loads(shown or "", salt=SALT, max_age=VISIT) == share.pk)
    except signing.BadSignature:
        return False

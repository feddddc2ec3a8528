"""Making links, and what their owner does with them: copying them again, taking them back.

A token is random and stands in the link alone: its SHA-256 finds the share, and for its owner it is kept encrypted.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from trajectories import sealing
from trajectories.models import Run, Share, ShareRun
from trajectories.sharing import patterns
from trajectories.sharing.redactor import Redaction
from trajectories.sharing.scopes import SCOPES
from trajectories.sharing.snapshots import snapshot

PURPOSE = "tokens of shared links"
TOKEN_BYTES = 24
LONGEST_LIFE = 10 * 366 * 24 * 3600
"""Seconds."""
SHORTEST_PASSWORD, LONGEST_PASSWORD = 4, 200
MOST_RUNS = 4


class WrongShare(ValueError):
    """A link cannot be made like this. `str(error)` is one sentence that says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a link shall be."""

    scope: str
    expires_in: int | None = None
    """Seconds; None: it does not expire."""
    password: str = ""
    redaction: Redaction = Redaction()


def checked(wish: Wish) -> Wish:
    """As it is kept. Raises `WrongShare`."""
    if wish.scope not in SCOPES:
        raise WrongShare(f"There is no scope {wish.scope[:40]!r}. Use one of: {', '.join(SCOPES)}.")
    if wish.expires_in is not None and not 1 <= wish.expires_in <= LONGEST_LIFE:
        raise WrongShare("A link expires after 1 second to 10 years; leave the time out for one that does not.")
    if wish.password and not SHORTEST_PASSWORD <= len(wish.password) <= LONGEST_PASSWORD:
        raise WrongShare(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    try:
        kept = patterns.checked(wish.redaction.patterns)
    except patterns.WrongPattern as error:
        raise WrongShare(str(error)) from None
    redaction = Redaction(documents=wish.redaction.documents, prompts=wish.redaction.prompts, patterns=kept)
    return Wish(scope=wish.scope, expires_in=wish.expires_in, password=wish.password, redaction=redaction)


def make(owner: Any, runs: Sequence[Run], wish: Wish) -> tuple[Share, str]:
    """A new link to one run, or to the comparison of some, and its token. Raises `WrongShare`."""
    if not 1 <= len(runs) <= MOST_RUNS or len({run.pk for run in runs}) < len(runs):
        raise WrongShare(f"Name 1 to {MOST_RUNS} different runs.")
    wish = checked(wish)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        share = Share.objects.create(
            owner=owner,
            digest=digest(token),
            encrypted_token=sealing.sealed(token, PURPOSE),
            scope=wish.scope,
            password=make_password(wish.password) if wish.password else "",
            redaction=wish.redaction.as_json(),
            snapshot=snapshot(runs),
            expires_at=None if wish.expires_in is None else timezone.now() + timedelta(seconds=wish.expires_in),
        )
        ShareRun.objects.bulk_create(
            ShareRun(share=share, run=run, position=position) for position, run in enumerate(runs)
        )
    return share, token


def draft(owner: Any, runs: Sequence[Run], wish: Wish) -> Share:
    """The same without keeping it, for a look at what viewers would see. Raises `WrongShare`."""
    wish = checked(wish)
    return Share(owner=owner, scope=wish.scope, redaction=wish.redaction.as_json(), snapshot=snapshot(runs))


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def token_of(share: Share) -> str | None:
    """For its owner; None when it was kept under another secret key."""
    return sealing.opened(bytes(share.encrypted_token), PURPOSE)


def revoke(share: Share) -> None:
    """At once and for good, on every door."""
    Share.objects.filter(pk=share.pk, revoked_at=None).update(revoked_at=timezone.now())

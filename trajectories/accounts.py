"""Who may come in: the owner's account, API tokens and sign-in links.

Tokens and links are random and shown once; only their SHA-256 is kept, so a look-up compares digests, never secrets.
"""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser as User
from django.db.models import Q
from django.utils import timezone

from trajectories.models import ApiToken, SignInLink

OWNER = "owner"
LINK_LIFETIME = timedelta(hours=24)
LAST_USE_PRECISION = timedelta(minutes=1)
"""How exactly `ApiToken.last_used_at` is kept: a busy client costs one write a minute, not one a request."""


def owner_account() -> User:
    """The one account of a local installation. It has no password: its owner comes in by a printed link."""
    users = get_user_model()
    owner, made = users.objects.get_or_create(
        **{users.USERNAME_FIELD: OWNER}, defaults={"is_staff": True, "is_superuser": True}
    )
    if made:
        owner.set_unusable_password()
        owner.save(update_fields=["password"])
    return owner


def make_token(user: User, name: str) -> str:
    """A new API token. This is the only time it can be read."""
    token = secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, name=name[:80] or "token", digest=_digest(token))
    return token


def user_of_token(token: str) -> User | None:
    found = ApiToken.objects.select_related("user").filter(digest=_digest(token)).first()
    if found is None or not found.user.is_active:
        return None
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USE_PRECISION)
    if found.last_used_at is None or found.last_used_at < now - LAST_USE_PRECISION:
        ApiToken.objects.filter(stale, pk=found.pk).update(last_used_at=now)
    return found.user


def make_sign_in_link_token(user: User) -> str:
    """The `…` of `/?token=…`: signs this user in once, within 24 hours."""
    token = secrets.token_urlsafe(24)
    now = timezone.now()
    SignInLink.objects.filter(Q(created_at__lt=now - LINK_LIFETIME) | Q(used_at__lt=now - LINK_LIFETIME)).delete()
    SignInLink.objects.create(user=user, digest=_digest(token))
    return token


def redeem_sign_in_token(token: str) -> User | None:
    """Uses a link up. Of two who come at once with the same link only one gets in."""
    now = timezone.now()
    fresh = SignInLink.objects.filter(digest=_digest(token), used_at=None, created_at__gte=now - LINK_LIFETIME)
    if not fresh.update(used_at=now):
        return None
    user = SignInLink.objects.select_related("user").get(digest=_digest(token)).user
    return user if user.is_active else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()

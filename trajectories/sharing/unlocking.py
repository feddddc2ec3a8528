"""Passwords of links. Who gave the right one holds a signed proof for some hours; who guesses is slowed down."""

import hashlib
import time

from django.contrib.auth.hashers import check_password
from django.core import signing
from django.core.cache import cache

from trajectories.models import Share

HOURS = 12
FREE_TRIES = 5
"""Wrong passwords for one link until each further try has to wait."""
FIRST_WAIT, LONGEST_WAIT = 5, 60
REMEMBERED = 3_600
"""Seconds after the first try in which tries are counted together."""
SALT = "unlocked shares"


class TooSoon(Exception):
    """The password was not even looked at."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, round(seconds + 0.5))
        super().__init__(f"Too many wrong passwords. Wait {self.seconds} s, then try again.")


def fits(share: Share, password: str) -> bool:
    """Raises `TooSoon`. Tries are counted before they are looked at, so a hundred at once are no way round."""
    _take_turn(share)
    right = check_password(password, share.password)
    if right:
        _give_back(share)
    return right


def _take_turn(share: Share) -> None:
    tries, waiting = _keys(share)
    until = cache.get(waiting)
    if until is not None:
        raise TooSoon(until - time.time())
    cache.add(tries, 0, REMEMBERED)
    number = cache.incr(tries)
    if number <= FREE_TRIES:
        return
    pause = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(number - FREE_TRIES - 1, 10))
    if not cache.add(waiting, time.time() + pause, pause):
        raise TooSoon(pause)


def _give_back(share: Share) -> None:
    """A right password counts as no try; what others tried stays counted."""
    try:
        cache.decr(_keys(share)[0])
    except ValueError:  # it was forgotten in the meantime
        return


def _keys(share: Share) -> tuple[str, str]:
    return f"share-tries-{share.pk}", f"share-wait-{share.pk}"


def cookie_name(share: Share, run_id: str = "") -> str:
    """Where a viewer holds the proof: for the pages, and for the socket of each run."""
    return f"share-{share.pk}-{run_id}" if run_id else f"share-{share.pk}"


def proof(share: Share) -> str:
    return signing.dumps(_said(share), salt=SALT)


def is_open(share: Share, shown: str | None) -> bool:
    """Whether somebody with this proof may see it; everybody may where there is no password."""
    if not share.password:
        return True
    try:
        return bool(signing.loads(shown or "", salt=SALT, max_age=HOURS * 3600) == _said(share))
    except signing.BadSignature:
        return False


def _said(share: Share) -> list[str]:
    return [share.pk, hashlib.sha256(share.password.encode()).hexdigest()[:16]]

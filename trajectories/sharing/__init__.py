"""Links by which others see a run, or a comparison of some, without an account. This is the front door.

scopes      what a link lets through
making      tokens, expiry, passwords;  snapshots: what later edits do not change
finding     from a token to a run as its viewers see it
redactor    what is blacked out;  fields: what each field can hold, blackout, pieces, patterns, literals: how
unlocking   passwords and guessing;  viewing: counting
"""

from trajectories.sharing.blackout import BLACK
from trajectories.sharing.calls import is_call
from trajectories.sharing.fields import Carries
from trajectories.sharing.finding import DEAD, DeadLink, Seen, find, is_alive, runs_of, see, status_of
from trajectories.sharing.making import (
    LONGEST_PASSWORD,
    MOST_RUNS,
    Wish,
    WrongShare,
    checked,
    draft,
    make,
    revoke,
    token_of,
)
from trajectories.sharing.redactor import Redaction, Redactor, redaction_of
from trajectories.sharing.scopes import SCOPES, Scope
from trajectories.sharing.unlocking import HOURS, TooSoon, cookie_name, fits, is_open, proof
from trajectories.sharing.viewing import VISIT, count, is_counted, ticket

__all__ = [
    "BLACK",
    "DEAD",
    "HOURS",
    "LONGEST_PASSWORD",
    "MOST_RUNS",
    "SCOPES",
    "Carries",
    "DeadLink",
    "Redaction",
    "Redactor",
    "Scope",
    "Seen",
    "TooSoon",
    "VISIT",
    "Wish",
    "WrongShare",
    "checked",
    "cookie_name",
    "count",
    "draft",
    "find",
    "fits",
    "is_alive",
    "is_call",
    "is_counted",
    "is_open",
    "make",
    "proof",
    "redaction_of",
    "revoke",
    "runs_of",
    "see",
    "status_of",
    "ticket",
    "token_of",
]

"""Runs by what their rows say: states, names, figures, days. The database does it."""

from datetime import UTC, datetime, timedelta
from datetime import time as day_time
from decimal import Decimal
from typing import Any

from django.db.models import CharField, DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from trajectories.models import Document, Run, RunTag, Share
from trajectories.search.query import Among, Between, Days, Query, Reads

MOST_USD = Decimal(10**7)
MOST_SECONDS = Decimal(10**9)
"""What is beyond fits into no column, and into no run."""
LIVE = (Run.Status.QUEUED, Run.Status.RUNNING)


def narrowed(runs: "QuerySet[Run]", query: Query) -> "QuerySet[Run]":
    """Those that all conditions of the query fit; what it says of texts is left."""
    began, ended = F("started_at"), Coalesce(F("finished_at"), timezone.now(), output_field=DateTimeField())
    runs = runs.alias(
        took=ExpressionWrapper(ended - began, output_field=DurationField()),
        tokens=F("input_tokens") + F("output_tokens"),
        models=Cast(KT("policy__models"), TextField()),
        policy_named=Cast(KT("policy__name"), CharField()),
    )
    for term in query.conditions:
        condition = _condition(term)
        runs = runs.exclude(condition) if term.negated else runs.filter(condition)
    return runs


def _condition(term: Any) -> Q:
    match term:
        case Among():
            return _NAMED[term.word](term.values)
        case Between():
            return _between(term)
        case Days():
            return _days(term)
        case Reads():
            return _documents((term.name,))
    raise TypeError(f"{term} asks nothing of a run")


def _any(field: str, values: tuple[str, ...]) -> Q:
    """A name that contains one of these."""
    found = Q()
    for value in values:
        found |= Q(**{f"{field}__icontains": value})
    return found


def _what(values: tuple[str, ...]) -> Q:
    found = Q()
    for value in values:
        found |= _WHAT[value]()
    return found


def _documents(values: tuple[str, ...]) -> Q:
    named = Document.objects.filter(_any("name", values)).values("pk")
    return Q(pk__in=Run.documents.through.objects.filter(document__in=named).values("run"))


def _marked(values: tuple[str, ...]) -> Q:
    found = Q()
    for value in values:
        thumb = {"right": "up", "wrong": "down"}[value]
        found |= Q(pk__in=Run.objects.all().with_thumb(thumb).values("pk"))  # type: ignore[attr-defined]
    return found


_NAMED: dict[str, Any] = {
    "status": lambda values: Q(status__in=values),
    "is": _what,
    "marked": _marked,
    "tag": lambda values: Q(pk__in=RunTag.objects.filter(_any("name", values)).values("run")),
    "document": _documents,
    "model": lambda values: _any("models", values),
    "policy": lambda values: _any("policy_named", values),
    "error": lambda values: _any("error__kind", values),
}
_WHAT: dict[str, Any] = {
    "pinned": lambda: ~Q(pinned_at=None),
    "live": lambda: Q(status__in=LIVE),
    "imported": lambda: ~Q(imported_from=""),
    "forked": lambda: ~Q(forked_from=""),
    "shared": lambda: Q(pk__in=Share.objects.alive(timezone.now()).values("runs")),
}
_FIGURES = {"cost": "cost_usd", "time": "took", "tokens": "tokens", "calls": "calls", "nodes": "nodes"}


def _between(term: Between) -> Q:
    field = _FIGURES[term.word]
    found = Q(**{f"{field}__isnull": False})
    if term.low is not None:
        found &= Q(**{f"{field}__{'gte' if term.low_in else 'gt'}": _figure(term.word, term.low)})
    if term.high is not None:
        found &= Q(**{f"{field}__{'lte' if term.high_in else 'lt'}": _figure(term.word, term.high)})
    return found


def _figure(word: str, value: Decimal) -> Any:
    if word == "cost":
        return min(value, MOST_USD)
    if word == "time":
        return timedelta(seconds=float(min(value, MOST_SECONDS)))
    return value


def _days(term: Days) -> Q:
    found = Q()
    if term.first is not None:
        found &= Q(created_at__gte=datetime.combine(term.first, day_time(), UTC))
    if term.last is not None:
        found &= Q(created_at__lte=datetime.combine(term.last, day_time.max, UTC))
    return found

"""“What if other models had run it?”: the table of variants on the page Cost, and the form that adds one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frontend.templatetags.words import usd
from trajectories import repricing
from trajectories.charts import Record

FIELD = "with-"
"""Begins the name of a field of the form; the role follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A field of the form."""

    field: str
    role: str
    model: str
    """As recorded."""
    value: str
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A row of the table."""

    name: str
    models: str
    cost: str
    exact: str
    change: str
    place: float | None
    """Of the mark on the scale, in per cent; None where nothing is known."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    rows: list[Shown]
    fields: list[Asked]
    """Empty where nobody can choose."""
    most: str
    """The end of the scale; empty where nothing is known to cost anything."""
    assumption: str = repricing.ASSUMPTION


def what_if(record: Record, owner: Any, given: Mapping[str, str]) -> WhatIf | None:
    """`owner`: whose prices may be used; None where it is not their page. None for a run that asked no model."""
    if not record.calls:
        return None
    variants = [repricing.as_recorded(record), *repricing.own_variants(record)]
    fields: list[Asked] = []
    if owner is not None:
        fields, rates = _chosen(record, owner, given)
        if rates:
            variants.append(repricing.repriced(record, "Your choice", rates))
    most = max(variant.usd for variant in variants)
    return WhatIf(
        rows=[_row(variant, variants[0], most) for variant in variants], fields=fields, most=usd(most) if most else ""
    )


def _chosen(record: Record, owner: Any, given: Mapping[str, str]) -> tuple[list[Asked], dict[str, repricing.Rate]]:
    fields, rates = [], {}
    for role, model in repricing.roles(record).items():
        value, error = given.get(f"{FIELD}{role}", "").strip()[: repricing.LONGEST_NAME], ""
        if value:
            try:
                rates[role] = repricing.find_rate(owner, value)
            except repricing.UnknownPrice as unknown:
                error = str(unknown)
        fields.append(Asked(field=f"{FIELD}{role}", role=role or "no role", model=model, value=value, error=error))
    return fields, rates


def _row(variant: repricing.Variant, recorded: repricing.Variant, most: Any) -> Shown:
    least = "at least " if variant.unpriced else ""
    is_known = bool(variant.usd) or not variant.unpriced
    return Shown(
        name=variant.name,
        models=" · ".join(f"{role or 'no role'}: {model}" for role, model in variant.models.items()),
        cost=f"{least}{usd(variant.usd)}" if is_known else "unknown",
        exact=f"{variant.usd:f} US dollars" if is_known else "",
        change="" if variant is recorded else _change(variant, recorded),
        place=100 * float(variant.usd / most) if is_known and most else None,
        note=variant.note or {"exact": "exact", "estimated": "tokens estimated"}.get(variant.kind, ""),
    )


def _change(variant: repricing.Variant, recorded: repricing.Variant) -> str:
    """“−14 %”, “×4.2”; nothing where a price is missing."""
    if variant.unpriced or recorded.unpriced or not recorded.usd:
        return ""
    ratio = float(variant.usd / recorded.usd)
    if ratio >= 3:
        return f"×{ratio:.1f}"
    percent = round(100 * (ratio - 1))
    return f"{'+' if percent > 0 else '−' if percent < 0 else '±'}{abs(percent)} %"

"""How numbers are written on charts and in their tables."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple


class Spent(NamedTuple):
    """Money for some calls. Unknown is never 0."""

    usd: Decimal
    """Of those with a known price."""
    unpriced: int
    """Calls without one."""


def usd(amount: Decimal) -> str:
    places = Decimal("0.0001") if 0 < amount < Decimal("0.01") else Decimal("0.01")
    return f"${amount.quantize(places, ROUND_HALF_UP):,}"


def spent(money: Spent) -> str:
    """“$0.55”, “at least $0.40”, “unknown”."""
    if money.unpriced:
        return f"at least {usd(money.usd)}" if money.usd else "unknown"
    return usd(money.usd)


def clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes:,} min {rest} s" if rest else f"{minutes:,} min"


def percent(part: float | Decimal, whole: float | Decimal) -> str:
    """Whole per cents; a part that is not all never becomes 100, one that is something never 0."""
    if not whole or not part:
        return "0 %"
    value = 100 * float(part) / float(whole)
    if value < 1:
        return "under 1 %"
    return "over 99 %" if 99.5 <= value < 100 else f"{value:.0f} %"


def count(number: float) -> str:
    """1,204 · 733 k · 3.2 M"""
    if number >= 1_000_000:
        return f"{number / 1e6:.1f} M"
    return f"{number / 1000:.0f} k" if number >= 10_000 else f"{number:,.0f}"


def several(number: int, noun: str) -> str:
    """“1 call”, “1,204 calls”"""
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}{'es' if noun.endswith('ch') else 's'}"


def calls_words(number: int) -> str:
    return several(number, "call")


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def plain(words: str) -> str:
    """Plotly reads labels as a little HTML: what a server named must stay words."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quantile(ordered: Sequence[float], part: float) -> float:
    """The smallest value that at least this part of all does not exceed."""
    index = -int(-len(ordered) * part // 1) - 1
    return ordered[max(0, min(len(ordered) - 1, index))]

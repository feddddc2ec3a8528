"""How numbers, money, times and states are written on every page (`format.js` says the same in the browser)."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from frontend.place import Place
from frontend.sources import Source
from trajectories import exporters
from trajectories.models import Document, Run
from trajectories.representations import encode

register = template.Library()

# status or ending → (class of the chip, icon, word)
STATES = {
    "queued": ("", "clock", "Queued"),
    "running": ("run", "", "Running"),
    "succeeded": ("ok", "check", "Answered"),
    "failed": ("err", "err", "Failed"),
    "cancelled": ("", "stop", "Cancelled"),
    "processing": ("run", "", "Reading"),
    "ready": ("ok", "check", "Ready"),
}
ENDINGS = {
    "last_chance": ("warn", "warn", "Steps used up"),
    "limit_cost": ("warn", "warn", "Budget reached"),
    "limit_tokens": ("warn", "warn", "Token limit reached"),
    "limit_calls": ("warn", "warn", "Call limit reached"),
    "limit_time": ("warn", "warn", "Time limit reached"),
    "limit_steps": ("warn", "warn", "Steps used up"),
    "early_stop": ("warn", "warn", "Stopped early"),
}
FORMATS = {
    "html": ("Page", "One file that opens offline: answer, sources, trace, costs"),
    "jsonl": ("Log", "Every event and text, for other programs and to import again"),
    "csv": ("Table", "A row for each node: times, tokens, costs"),
}
"""Name of an export format → what the menu calls it, and what it is for."""
CHECKS = {
    "checked": ("check", "checked", "The same words stand in the document there."),
    "changed": ("warn", "The document says something else there now", "The words shown are those of the record."),
    "gone": ("warn", "The document can no longer be read", "The words shown are those of the record."),
}


ISOLATION = {"interpreter": "reduced interpreter"}
"""Levels whose word alone says too little."""


@register.filter
def isolation_word(level: str) -> str:
    """What isolates a run's code: full, syscalls, reduced interpreter."""
    return ISOLATION.get(level, level)


# ------------------------------------------------------------------------------------------------ numbers


@register.filter
def count(number: int | None) -> str:
    """1,204 · 733 k · 3.2 M"""
    if number is None:
        return "–"
    if number >= 1_000_000_000:
        return f"{number / 1e9:.1f} G"
    if number >= 1_000_000:
        return f"{number / 1e6:.1f} M"
    return f"{round(number / 1000)} k" if number >= 10_000 else f"{number:,}"


@register.filter
def whole(number: int | None) -> str:
    """1,097,510"""
    return "–" if number is None else f"{number:,}"


@register.filter
def size(number: int) -> str:
    """184 MB"""
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 10 else f"{number:.1f} {unit}"
        number /= 1000  # type: ignore[assignment]
    return f"{number:.1f} GB"


@register.filter
def usd(amount: Decimal | str | None) -> str:
    """$0.55, four digits under one cent; unknown is a word, never 0."""
    if amount is None:
        return "unknown"
    amount = Decimal(amount)
    places = Decimal("0.0001") if 0 < amount < Decimal("0.01") else Decimal("0.01")
    return f"${amount.quantize(places, ROUND_HALF_UP):,}"


@register.filter
def cost(run: Run) -> str:
    """What a run cost in words: “$0.55”, “at least $1.24”, “unknown”."""
    if run.unpriced_calls:
        return f"at least {usd(run.cost_usd)}" if run.cost_usd else "unknown"
    return "$0.00" if run.cost_usd is None and not run.calls else usd(run.cost_usd)


@register.filter
def clock(seconds: float | None) -> str:
    """3:36, or 1:03:36"""
    if seconds is None:
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def duration(seconds: float | None) -> str:
    """310 ms · 2.1 s · 1 min 26 s"""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


@register.filter
def share(part: float, whole: float) -> str:
    """96.9 %, with as many digits as say something."""
    percent = 100 * part / whole if whole else 0.0
    digits = 1 if percent >= 1 else 2 if percent >= 0.1 else 3
    return f"{percent:.{digits}f} %" if percent else "0 %"


@register.filter
def ago(moment: datetime) -> str:
    """just now · 12 min ago · yesterday · 20 Nov"""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    days = (timezone.now().date() - moment.date()).days
    if days == 0:
        return f"{int(seconds // 3600)} h ago"
    if days == 1:
        return "yesterday"
    return f"{moment.day} {moment:%b}" if moment.year == timezone.now().year else f"{moment.day} {moment:%b %Y}"


@register.filter
def when(moment: datetime) -> str:
    """22 Nov 2026, 14:07"""
    return f"{moment.day} {moment:%b %Y, %H:%M}"


@register.filter
def day(moment: datetime) -> str:
    """3 December, or 3 December 2027; today and tomorrow with the hour."""
    if (moment.date() - timezone.now().date()).days < 2:
        return f"{moment.day} {moment:%B, %H:%M} UTC"
    return f"{moment.day} {moment:%B}" if moment.year == timezone.now().year else f"{moment.day} {moment:%B %Y}"


# ------------------------------------------------------------------------------------------------ pieces


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html('<svg class="i i-{}" aria-hidden="true"><use href="#i-{}"/></svg>', name, name)


@register.simple_tag
def kind_glyph(kind: str) -> SafeString:
    """The small sign of a node's kind."""
    return format_html('<span class="k {}" title="{}">{}</span>', kind, kind, icon(kind))


def _chip(style: str, sign: str, word: str) -> SafeString:
    mark = icon(sign) if sign else mark_safe('<span class="pulse"></span>')
    return format_html('<span class="chip {}">{}{}</span>', style, mark, word)


@register.simple_tag
def run_chip(run: Run) -> SafeString:
    """How a run stands: a colour, a sign and a word."""
    state = ENDINGS.get(run.ended_by) if run.status != Run.Status.CANCELLED else None
    return _chip(*(state or STATES[run.status]))


@register.simple_tag
def source_check(source: Source) -> SafeString:
    """What came of comparing a cited passage with its document."""
    if source.check == "untold":
        return mark_safe("")
    sign, words, told = CHECKS[source.check]
    style = "checked" if source.check == "checked" else "unchecked"
    return format_html('<span class="{}" title="{}">{}{}</span>', style, told, icon(sign), words)


@register.simple_tag
def export_formats() -> list[dict[str, str]]:
    """The kinds of files a run can be saved as, with a word for each; one without a word of its own comes last."""
    names = sorted(exporters.NAMES, key=lambda name: (name not in FORMATS, [*FORMATS, name].index(name)))
    found = []
    for name in names:
        exporter = exporters.find(name)
        title, words = FORMATS.get(name, (name, "For other programs"))
        found.append(
            {"name": name, "title": title, "words": words, "extension": exporter.EXTENSION if exporter else ""}
        )
    return found


@register.simple_tag
def document_chip(status: str) -> SafeString:
    return _chip(*STATES[status])


@register.filter
def is_offline(run: Run) -> bool:
    """Whether no language model took part."""
    return root_model(run).startswith("offline/")


@register.filter
def root_model(run: Run) -> str:
    return str(run.policy.get("models", {}).get("root", ""))


@register.filter
def models_short(run: Run) -> str:
    """“gpt-5 / gpt-5-mini”: root and worker, without their connections."""
    if is_offline(run):
        return "no language model"
    models = run.policy.get("models", {})
    names = [str(models.get(role, "")).partition("/")[2] for role in ("root", "worker")]
    return " / ".join(dict.fromkeys(name for name in names if name)) or "–"


@register.filter
def gist(run: Run) -> str:
    """One line of the answer, or of what stands in its place."""
    if run.answer:
        return " ".join(run.answer[:400].replace("*", "").replace("#", "").replace("`", "").split())
    if run.status == Run.Status.QUEUED:
        return "Waiting for its turn"
    if run.is_live:
        return f"At work: {run.calls:,} calls so far"
    return str((run.error or {}).get("message", "")) or "No answer"


@register.filter
def initials(user: Any) -> str:
    words = user.get_full_name().split() or [user.get_username()]
    return (words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]).upper()


@register.filter
def as_json(value: Any) -> str:
    """For a data attribute that a script reads."""
    return encode(value).decode()


# ------------------------------------------------------------------------------------------------ shell


@register.simple_tag(takes_context=True)
def theme_attribute(context: template.Context) -> SafeString:
    """` data-theme="dark"` when the reader has chosen one (a cookie set by `ui.js`)."""
    request = context.get("request")
    theme = request.COOKIES.get("theme") if request else None
    return format_html(' data-theme="{}"', theme) if theme in ("light", "dark") else mark_safe("")


@register.simple_tag(takes_context=True)
def nav_link(context: template.Context, name: str, word: str, style: str = "") -> SafeString:
    """A link of the main navigation, marked when the page lies under it."""
    address = reverse(name)
    here = context["request"].path
    inside = here == address if address == "/" else here.startswith(address.rstrip("/"))
    current = mark_safe(' aria-current="page"') if inside else ""
    return format_html('<a class="{}" href="{}"{}>{}</a>', style, address, current, word)


@register.filter
def spaced(name: str) -> str:
    """no_new_reading → no new reading"""
    return name.replace("_", " ")


# ------------------------------------------------------------------------------------------------ places


@register.simple_tag(takes_context=True)
def place_data(context: dict[str, Any]) -> SafeString:
    """What `place.js` reads of the page's main element."""
    place: Place = context["place"]
    told = format_html(
        'data-run="{}" data-pages="{}" data-data="{}" data-socket="{}"',
        context["run"].pk,
        place.pages,
        place.data,
        place.socket,
    )
    if place.documents:
        told += format_html(' data-documents="{}"', place.documents)
    return told + mark_safe(" data-own") if place.is_own else told


@register.simple_tag(takes_context=True)
def document_link(context: dict[str, Any], document: Document, style: str = "") -> SafeString:
    """A document's name, as a link where it can be opened."""
    return _link(context["place"].document(document.pk), document.name, style)


@register.simple_tag(takes_context=True)
def span_link(context: dict[str, Any], document: Document, start: int, end: int) -> SafeString:
    """“1,204–1,310”, as a link into the document where it can be opened."""
    return _link(context["place"].document(document.pk, start, end), f"{start:,}–{end:,}", "")


def _link(address: str, words: str, style: str) -> SafeString:
    if not address:
        return format_html('<span class="{}">{}</span>', style, words)
    return format_html('<a class="{}" href="{}">{}</a>', style, address, words)

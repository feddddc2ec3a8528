"""The path in one sentence. Its figures add up as they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from trajectories.critical.path import Clause, CriticalPath

MICRO = 1_000_000
DIGITS = {MICRO: 0, MICRO // 10: 1, MICRO // 100: 2}
"""Microseconds that one step of the last digit stands for → digits after the point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of the sentence."""

    text: str
    key: str = ""
    """Of the clause, unlike any other's: `root`, `calls`, `calls2` …; `total` and `workers` for the first and the last;
    empty for what joins them."""
    node: int | None = None
    """Where a link leads: the one of `nodes` that took longest. None: no link."""
    nodes: tuple[int, ...] = ()


def words(path: CriticalPath) -> list[Part]:
    unit = _unit(path.micros)
    whole = _rounded(path.micros, unit)
    so_far = " so far" if path.live else ""
    parts = [Part(text=f"{_text(whole, unit)}{so_far}", key="total", node=path.nodes[0], nodes=path.nodes)]
    units = _shared_out([clause.micros for clause in path.clauses], whole, unit)
    joint, calls = " = ", 0
    for clause, share in zip(path.clauses, units, strict=True):
        if share:
            calls += clause.key == "calls"
            key = f"calls{calls}" if clause.key == "calls" and calls > 1 else clause.key
            told = f"{_text(share, unit)} {_what(clause)}{_of_it(clause, unit)}"
            parts += [Part(text=joint), Part(text=told, key=key, node=clause.longest, nodes=clause.nodes)]
            joint = " + "
    return parts + _workers(path, unit)


def _what(clause: Clause) -> str:
    if clause.key != "calls":
        return "idle" if clause.key == "rest" else clause.key
    many, one = len(clause.sizes), "sub-RLM" if clause.kind == "rlm" else "call"
    if not clause.is_batch:
        return f"one {one}" if many == 1 else f"{many:,} {one}s in a row"
    if many > 1:
        return f"slowest {one}s of {many:,} batches"
    size = clause.sizes[0]
    if size == 1:
        return f"one {one}"
    return f"slowest of {size:,}" + (" sub-RLMs" if clause.kind == "rlm" else "")


def _of_it(clause: Clause, unit: int) -> str:
    """What of a clause's time was waiting."""
    waits = ((clause.queued, "queued"), (clause.retried, "retried"))
    told = [f"{_text(_rounded(micros, unit), unit)} {word}" for micros, word in waits if _rounded(micros, unit)]
    return f" ({', '.join(told)})" if told else ""


def _workers(path: CriticalPath, unit: int) -> list[Part]:
    """What more slots for calls could save; nothing is said where code awaited no calls."""
    if not any(clause.key == "calls" for clause in path.clauses):
        return []
    saved = _rounded(path.micros - path.least, unit)
    if not saved or not path.waited:
        return [Part(text="; "), Part(text="more workers would save nothing", key="workers")]
    text = f"more workers would save at most {_text(saved, unit)}"
    return [Part(text="; "), Part(text=text, key="workers", node=path.waited[0], nodes=path.waited)]


def _unit(micros: int) -> int:
    """Microseconds that one step of the last digit stands for."""
    if micros >= 20 * MICRO:
        return MICRO
    if micros >= 2 * MICRO:
        return MICRO // 10
    return MICRO // 100 if micros >= MICRO // 5 else MICRO // 1000


def _rounded(micros: int, unit: int) -> int:
    return (micros + unit // 2) // unit


def _text(units: int, unit: int) -> str:
    if unit not in DIGITS:
        return f"{units} ms"
    return f"{units * unit / MICRO:,.{DIGITS[unit]}f} s"


def _shared_out(micros: Sequence[int], whole: int, unit: int) -> list[int]:
    """Rounded so that they add up to `whole`: those that lose most by rounding down are rounded up."""
    units = [each // unit for each in micros]
    order = sorted(range(len(micros)), key=lambda index: (-(micros[index] % unit), index))
    for index in order[: whole - sum(units)]:
        units[index] += 1
    return units

"""Sentences of what happened between the steps and after them: limits, restarts, the last chance, the end, what was
cited."""

from collections.abc import Iterator, Sequence

from frontend.story.traced import Brief, Happening, Seen, Traced
from frontend.story.words import Clause, Part, Sentence, counted, joined, said, short_model

ENDS = {
    "limit_cost": "The limit on cost was reached",
    "limit_tokens": "The limit on tokens was reached",
    "limit_calls": "The limit on calls was reached",
    "limit_time": "The limit on time was reached",
    "limit_steps": "All steps were used up",
    "last_chance": "All steps were used up",
    "early_stop": "The run was ended early, because it led nowhere",
}
RULES = {"repetition": "a reply repeated itself"}


def between(traced: Traced) -> Iterator[Sentence]:
    """In order of time."""
    for each in traced.happenings:
        if each.type == "run.resumed":
            yield _line(each, [Part(text="The worker was started again; the run went on with nothing lost.")])
        elif each.type == "early_stop.noticed" and each.data.get("mode") == "shadow":
            rule = str(each.data.get("rule") or "")
            why = said(str(each.data.get("reason") or "")) or RULES.get(rule, rule)
            yield _line(each, [Part(text="Would have been ended early here", node=each.node), Part(text=f": {why}.")])


def _line(each: Happening, parts: Sequence[Part]) -> Sentence:
    return Sentence(node=each.node, kind="step", parts=tuple(parts), start=each.at)


def last_chances(traced: Traced) -> Iterator[Sentence]:
    """A root that met a limit was asked once more: a call that is no step."""
    for root in traced.roots:
        for call in traced.of(root, "lm"):
            parts = [
                *_limit(traced, root),
                Part(text="asked once more, "),
                Part(text=short_model(call.model), node=call.number),
            ]
            parts.append(Part(text=_came_of_it(traced, root, call)))
            seconds = None if call.end is None else call.end - call.start
            yield Sentence(
                node=call.number, kind="lm", parts=tuple(parts), start=call.start, seconds=seconds, usd=call.usd
            )


def _limit(traced: Traced, root: Brief) -> Clause:
    told = [each for each in traced.happenings if each.type == "budget.reached" and each.node == root.number]
    if told:
        return [Part(text=f"{said(str(told[-1].data.get('message') or '')) or 'A limit was reached'}; ")]
    ended_by = str(traced.detail(root).get("ended_by") or traced.ended_by)
    return [Part(text=f"{ENDS.get(ended_by, 'The steps had led to no answer')}; ")]


def _came_of_it(traced: Traced, root: Brief, call: Brief) -> str:
    if call.end is None:
        return " is writing …"
    if call.status == "cancelled":
        return " was stopped."
    return " gave the answer from what there was." if root.status == "succeeded" else " gave no answer."


def ending(traced: Traced) -> Iterator[Sentence]:
    """Where no step and no last chance tells how the run ended."""
    if traced.is_live:
        return
    root = traced.roots[-1] if traced.roots else None
    number = root.number if root else None
    if traced.status == "cancelled":
        yield Sentence(node=number, kind="step", parts=(Part(text="It was stopped by its user.", node=number),))
    elif traced.status == "failed":
        why = said(str((traced.error or {}).get("message") or "")) or "no reason was recorded"
        parts = (Part(text="It ended without an answer", node=number), Part(text=f": {why}."))
        yield Sentence(node=number, kind="step", parts=parts)


def citing(traced: Traced, step_names: dict[int, str]) -> Iterator[Sentence]:
    """From which steps the cited passages came: each counts where a model first saw it."""
    if not traced.seen:
        return
    clauses = [clause for number in step_names if (clause := _seen_in(number, step_names[number], traced.seen))]
    lost = [each for each in traced.seen if each.step is None]
    if lost:
        clauses.append([*_passages(lost), Part(text=" without a recorded read")])
    head = f"The answer cites {counted(len(traced.seen), 'passage')}: "
    root = traced.roots[-1].number if traced.roots else None
    yield Sentence(node=root, kind="doc", parts=(Part(text=head), *joined(clauses), Part(text=".")))


def _seen_in(number: int, name: str, seen: Sequence[Seen]) -> Clause:
    here = [each for each in seen if each.step == number]
    if not here:
        return []
    by_code = not any(each.by_model for each in here)
    words = " first read by code in " if by_code else " first seen by a model in "
    return [*_passages(here), Part(text=words), Part(text=name, node=number)]


def _passages(some: Sequence[Seen]) -> Clause:
    """Their numbers; so many that nobody reads them: how many."""
    if len(some) > 8:
        return [Part(text=f"{len(some):,}")]
    return [part for index, each in enumerate(some) for part in _number(index, each)]


def _number(index: int, each: Seen) -> Clause:
    return [*([Part(text=" ")] if index else []), Part(text=str(each.source), source=each.source)]

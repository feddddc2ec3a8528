"""Where the answers of a batch differ: equal ones together, then those that say nearly the same, outliers first.

JSON is compared as values, text without case, spacing and marks around it. Of JSON answers of which hardly two are
equal, those go together that agree in the fields with few values (`expired`, not `quote`); of texts, those that share
most of their words. No model is asked; the same answers always give the same groups. Bounded for ten thousand answers.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from trajectories import recorder
from trajectories.models import Node, Run

MOST_CHARS = 20_000
"""Of an answer that are looked at."""
MOST_GROUPS = 200
MOST_FIELDS = 40
MOST_VALUES = 30
FEW = 12
"""A field with so many different values, or fewer, says what kind of answer it is."""
ALIKE = 0.7
"""Words that two texts share, of all the words in either, to say nearly the same."""
MOST_WORDS = 120
MOST_COMPARED = 12
"""Groups that a text is compared with: those that share most of its rarest words."""
SAMPLE = 600
LARGEST = 2**53
"""Numbers beyond it are words here."""
_FENCED = re.compile(r"^\s*```[\w-]*\n(.*?)\n?```\s*$", re.DOTALL)
_WORD = re.compile(r"\w+")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one item of the batch said."""

    number: int
    """Of its node: the first call of the item."""
    text: str | None
    """None: it said nothing."""
    status: str
    """`running`, `succeeded`, `failed` or `cancelled`; `refused` where a gate refused the last reply."""
    error: str = ""
    """What kind of failure it was."""


@dataclass(slots=True)
class Group:
    """Answers that say the same, or nearly."""

    how: str
    """`same`, `alike`, `failed` or `open`."""
    label: str
    sample: str
    """The beginning of the answer that is most frequent in it."""
    numbers: list[int] = field(default_factory=list)
    equal: int = 0
    """How many are just like the sample."""


# ------------------------------------------------------------------------------------------------ reading


def read_answers(run: Run, batch: int) -> list[Answer]:
    """Of each item of a batch, in order; empty for a batch that is not there."""
    items: dict[int, _Call] = {}
    firsts: dict[int, int] = {}
    rows = Node.objects.filter(run=run, batch=batch).order_by("number")
    for number, index, kind, status, error, texts in rows.values_list(*_COLUMNS).iterator(chunk_size=2_000):
        item = -number if index is None else index
        firsts.setdefault(item, number)
        said = texts.get("answer" if kind == "rlm" else "response")
        items[item] = _Call(number, status, (error or {}).get("kind", ""), said)  # the last call of an item counts
    texts = recorder.kept_texts([call.said["sha"] for call in items.values() if call.said])
    refused = _refused(run, [call.number for call in items.values()])
    return [
        Answer(
            number=firsts[item],
            text=texts.get(call.said["sha"], call.said["head"]) if call.said else None,
            status="refused" if call.number in refused else call.status,
            error=call.error,
        )
        for item, call in items.items()
    ]


_COLUMNS = ("number", "index", "kind", "status", "error", "texts")


@dataclass(frozen=True, slots=True)
class _Call:
    number: int
    status: str
    error: str
    said: Json | None
    """Reference to its text."""


def _refused(run: Run, numbers: Iterable[int]) -> set[int]:
    """Those of the calls whose reply a gate refused."""
    wanted = set(numbers)
    gates = Node.objects.filter(run=run, kind="gate", data__accepted=False).values_list("data__of", flat=True)
    return {of for of in gates if of in wanted}


# ------------------------------------------------------------------------------------------------ comparing


def dissent(answers: Sequence[Answer]) -> Json:
    """{count, answered, groups, more, fields}: groups with outliers first, and what the fields of JSON answers hold."""
    given = [answer for answer in answers if answer.text is not None and answer.status == "succeeded"]
    values = {answer.number: _value(answer.text or "") for answer in given}
    objects = {number: value for number, value in values.items() if isinstance(value, dict)}
    groups = [*_grouped(given, values), *_without(answers)]
    groups.sort(key=lambda group: (group.how != "failed", len(group.numbers), group.numbers[0]))
    return {
        "count": len(answers),
        "answered": len(given),
        "groups": [_told(group, len(answers)) for group in groups[:MOST_GROUPS]],
        "more": {
            "groups": len(groups[MOST_GROUPS:]),
            "answers": sum(len(each.numbers) for each in groups[MOST_GROUPS:]),
        },
        "fields": _fields(objects) if len(objects) > len(given) / 2 else [],
    }


def _told(group: Group, count: int) -> Json:
    return {
        "how": group.how,
        "label": group.label,
        "sample": group.sample,
        "count": len(group.numbers),
        "share": round(len(group.numbers) / count, 6),
        "equal": group.equal,
        "numbers": sorted(group.numbers),
    }


def _without(answers: Sequence[Answer]) -> list[Group]:
    """Items that gave no answer, by what went wrong."""
    found: dict[tuple[str, str], Group] = {}
    for answer in answers:
        if answer.status == "succeeded" and answer.text is not None:
            continue
        if answer.status == "running":
            how, label = "open", "not answered yet"
        else:
            how, label = "failed", "refused by a gate" if answer.status == "refused" else answer.error or answer.status
        sample = (answer.text or "")[:SAMPLE]
        found.setdefault((how, label), Group(how, label, sample)).numbers.append(answer.number)
    return list(found.values())


def _grouped(given: Sequence[Answer], values: dict[int, Any]) -> list[Group]:
    equal: dict[str, list[Answer]] = defaultdict(list)
    for answer in given:
        equal[_key(answer.text or "", values[answer.number])].append(answer)
    same = sorted(equal.values(), key=lambda each: (-len(each), each[0].number))
    if len(same) <= max(2, len(given) // 10):
        return [_group("same", each, _label(values[each[0].number], each[0])) for each in same]
    objects = [each for each in same if isinstance(values[each[0].number], dict)]
    others = [each for each in same if not isinstance(values[each[0].number], dict)]
    return [*_by_fields(objects, values), *_by_words(others)]


def _group(how: str, answers: Sequence[Answer], label: str, equal: int | None = None) -> Group:
    return Group(
        how=how,
        label=label,
        sample=(answers[0].text or "")[:SAMPLE],
        numbers=[answer.number for answer in answers],
        equal=len(answers) if equal is None else equal,
    )


def _key(text: str, value: Any) -> str:
    """Equal for answers that say the same."""
    if isinstance(value, dict | list):
        return "json " + _canonical(value)
    said = value if isinstance(value, str) else text
    return "text " + _plain(said)


def _plain(text: str) -> str:
    """Without case, spacing, and marks around it."""
    return " ".join(text[:MOST_CHARS].casefold().split()).strip(" .,;:!?\"'`*_()[]“”‘’")


def _value(text: str) -> Any:
    """What a reply says as JSON; its own text where it is none."""
    fenced = _FENCED.match(text[:MOST_CHARS])
    inner = fenced[1] if fenced else text
    if len(text) > MOST_CHARS or not inner.lstrip().startswith(("{", "[", '"')):
        return inner.strip()
    try:
        return json.loads(inner, parse_constant=str)
    except (ValueError, RecursionError):
        return inner.strip()


def _canonical(value: Any) -> str:
    try:
        return json.dumps(_even(value), sort_keys=True, ensure_ascii=False)
    except RecursionError:
        return repr(type(value))


def _even(value: Any) -> Any:
    """5.0 is 5, and space around words says nothing."""
    if isinstance(value, dict):
        return {str(key).strip(): _even(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_even(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return " ".join(value.split()) if isinstance(value, str) else value


def _label(value: Any, answer: Answer) -> str:
    if isinstance(value, dict):
        told = [f"{_short(str(key))}: {_short(each)}" for key, each in list(value.items())[:4]]
        return " · ".join(told) or "{}"
    return " ".join((answer.text or "").split())[:120] or "(empty)"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else _canonical(value)
    text = " ".join(text[:400].split()).encode("utf-8", "replace").decode()  # halves of pairs have no place in UTF-8
    return text if len(text) <= 40 else text[:39] + "…"


# ------------------------------------------------------------------------------------------------ nearly the same


def _by_fields(same: Sequence[Sequence[Answer]], values: dict[int, Any]) -> list[Group]:
    """Objects that agree in the fields that have few values."""
    objects = {each[0].number: values[each[0].number] for each in same}
    names = _telling(list(objects.values()))
    if not names:
        return _by_words(same)

    def kind(each: Sequence[Answer]) -> Hashable:
        value = objects[each[0].number]
        return tuple(_canonical(value[name]) if name in value else None for name in names)

    def label(each: Sequence[Answer]) -> str:
        value = objects[each[0].number]
        return " · ".join(
            f"{_short(name)}: {_short(value[name])}" if name in value else f"no {_short(name)}" for name in names
        )

    return _merged(same, kind, label)


def _telling(objects: Sequence[Json]) -> list[str]:
    """Names of fields with few values, the fewest first, as long as they make few kinds together."""
    distinct: dict[str, set[str]] = defaultdict(set)
    for value in objects:
        for name, each in list(value.items())[:MOST_FIELDS]:
            if len(distinct[name]) <= FEW:
                distinct[name].add(_canonical(each)[:200])
    few = [name for name, found in distinct.items() if len(found) <= FEW]
    chosen: list[str] = []
    many = 1
    for name in sorted(few, key=lambda name: len(distinct[name])):
        kinds = {tuple(_canonical(value.get(each)) for each in [*chosen, name]) for value in objects}
        if many < len(kinds) <= FEW:
            chosen.append(name)
            many = len(kinds)
    order = list(distinct)
    return sorted(chosen, key=order.index)


def _merged(
    same: Sequence[Sequence[Answer]],
    kind: Callable[[Sequence[Answer]], Hashable],
    label: Callable[[Sequence[Answer]], str],
) -> list[Group]:
    """Groups of the same kind as one; the largest of them, which come first, gives the sample."""
    found: dict[Hashable, Group] = {}
    for each in same:
        group = found.get(kind(each))
        if group is None:
            found[kind(each)] = _group("same", each, label(each))
        else:
            group.how = "alike"
            group.numbers += [answer.number for answer in each]
    return list(found.values())


def _by_words(same: Sequence[Sequence[Answer]]) -> list[Group]:
    """Texts that share most of their words: each goes to the first larger group that it is like."""
    words = [frozenset(_words(each[0].text or "")) for each in same]
    frequency = Counter(word for each in words for word in each)
    rarest = [sorted(each, key=lambda word: (frequency[word], word)) for each in words]
    leaders: dict[str, list[int]] = defaultdict(list)
    """Word → places of those groups that have it among the words of which one must be shared."""
    home: list[int] = []
    for place, mine in enumerate(words):
        telling = rarest[place][: len(mine) - int(ALIKE * len(mine)) + 1]
        met = Counter(leader for word in telling for leader in leaders[word][:MOST_COMPARED])
        like = [leader for leader, _ in met.most_common(MOST_COMPARED) if _alike(mine, words[leader])]
        home.append(min(like) if like else place)
        if home[place] == place:
            for word in telling:
                leaders[word].append(place)
    places = {id(each): home[place] for place, each in enumerate(same)}
    return _merged(same, lambda each: places[id(each)], lambda each: _label(None, each[0]))


def _words(text: str) -> list[str]:
    return _WORD.findall(text[:MOST_CHARS].casefold())[:MOST_WORDS]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    return shared >= ALIKE * (len(one) + len(other) - shared)


# ------------------------------------------------------------------------------------------------ fields of JSON


def _fields(objects: dict[int, Json]) -> list[Json]:
    """What each field of the answers holds, rare values first."""
    held: dict[str, dict[str, list[int]]] = {}
    values: dict[str, dict[str, Any]] = defaultdict(dict)
    for number, value in objects.items():
        for name, each in islice(_flat(value), MOST_FIELDS):
            key = _canonical(each)
            if name not in held and len(held) == MOST_FIELDS:
                continue
            held.setdefault(name, {}).setdefault(key, []).append(number)
            values[name].setdefault(key, each)
    return [_field(name, held[name], values[name], len(objects)) for name in held]


def _flat(value: Json, prefix: str = "", depth: int = 0) -> Iterable[tuple[str, Any]]:
    """Fields of fields by dotted names, three levels deep."""
    for key, each in list(value.items())[:MOST_FIELDS]:
        name = f"{prefix}{_short(str(key))}"
        if isinstance(each, dict) and depth < 2 and each:
            yield from _flat(each, f"{name}.", depth + 1)
        else:
            yield name, each


def _field(name: str, held: dict[str, list[int]], values: dict[str, Any], count: int) -> Json:
    counted = sorted(held, key=lambda key: (len(held[key]), held[key][0]))
    present = sum(len(numbers) for numbers in held.values())
    numeric = [
        (values[key], len(numbers))
        for key, numbers in held.items()
        if isinstance(values[key], int | float) and not isinstance(values[key], bool) and abs(values[key]) < LARGEST
    ]
    told: Json = {
        "name": name,
        "present": present,
        "missing": count - present,
        "distinct": len(held),
        "values": [
            {"value": _short(values[key]), "count": len(held[key]), "numbers": held[key]} for key in _ends(counted)
        ],
    }
    if sum(times for _, times in numeric) == present and len(held) > 2:
        told["range"] = _range(numeric)
    return told


def _ends(counted: list[str]) -> list[str]:
    """The rarest and the most frequent, where there are too many to tell all."""
    if len(counted) <= MOST_VALUES:
        return counted
    return counted[: MOST_VALUES // 2] + counted[-MOST_VALUES // 2 :]


def _range(numeric: list[tuple[float, int]]) -> Json:
    numeric.sort(key=lambda pair: pair[0])
    half, seen = sum(times for _, times in numeric) / 2, 0
    middle = numeric[0][0]
    for value, times in numeric:
        seen += times
        if seen >= half:
            middle = value
            break
    return {"least": numeric[0][0], "median": middle, "most": numeric[-1][0]}

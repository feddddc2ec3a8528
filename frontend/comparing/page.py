"""The context of the page Compare: the same for its owner and for a share, which only have other places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.datastructures import MultiValueDict

from frontend.comparing.answers import marked_answers
from frontend.comparing.steps import MOST_SHOWN, Steps, rows_for_script
from frontend.comparing.strips import coverage_view
from frontend.comparing.words import figure_words, setting_value
from frontend.place import Place
from frontend.templatetags.words import clock, duration, models_short, usd
from trajectories import comparison, recorder
from trajectories.comparison import LETTERS, Comparison, Divergence, Fetch, Record
from trajectories.models import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One run."""

    run: Run
    place: Place
    letter: str
    is_base: bool
    about: list[tuple[str, bool]]
    """Short settings, and whether they differ from the baseline's."""

    @property
    def style(self) -> str:
        return self.letter.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingWords:
    name: str
    values: list[tuple[str, bool]]
    """By column, and whether it differs from the baseline's."""


def compare_context(
    records: Sequence[Record],
    seen_from: Iterable[Place],
    query: "MultiValueDict[str, str]",
    *,
    fetch: Fetch = recorder.kept_texts,
    read_only: bool = False,
) -> dict[str, Any]:
    """For `compare.html`. `seen_from`: the place of each run; what its `parts` do not have is not told. `fetch` gives
    texts by their hashes. Of the query `base` (id of a run), `only` and `all` count here; the rest is the script's."""
    places = list(seen_from)
    parts = frozenset.intersection(*(place.parts for place in places))
    base = next((index for index, record in enumerate(records) if record.run.id == query.get("base")), 0)
    found = comparison.compare_records(records, base, fetch)
    order = [base, *(run for run in range(len(records)) if run != base)]
    columns = _columns(found, places, order)
    answers = marked_answers([column.run for column in columns], [column.place for column in columns])
    context: dict[str, Any] = {
        "columns": columns,
        "base": columns[0],
        "parts": parts,
        "read_only": read_only,
        "question": _question(records),
        "lead": _lead(found, order, parts),
        "figures": [each for each in figure_words(found, order) if "coverage" in parts or not each.is_coverage],
        "answers": answers,
        "answer_columns": list(zip(columns, answers.html, strict=True)),
        "live": any(column.run.is_live for column in columns),
        "data": _for_script(found, order, places),
    }
    if "settings" in parts:
        context |= _settings(found, order)
    if "coverage" in parts:
        context["coverage"] = coverage_view([found.records[run] for run in order], [LETTERS[run] for run in order])
        context["data"]["strips"] = context["coverage"].drawn
    if "trace" in parts:
        context |= _steps(found, order, places, query)
        context["data"]["rows"] = rows_for_script(found)
    return context


def _for_script(found: Comparison, order: Sequence[int], places: Sequence[Place]) -> dict[str, Any]:
    return {
        "runs": [
            {"id": record.run.id, "letter": letter, "data": place.data, "trace": place.trace}
            for record, letter, place in zip(found.records, LETTERS, places, strict=False)
        ],
        "order": order,
        "rows": {},
        "strips": [],
    }


def _settings(found: Comparison, order: Sequence[int]) -> dict[str, Any]:
    return {
        "settings": [_setting(each, order) for each in found.settings if each.differs],
        "equal_settings": [(each.name, setting_value(each.values[0])) for each in found.settings if not each.differs],
    }


def _steps(
    found: Comparison, order: Sequence[int], places: Sequence[Place], query: "MultiValueDict[str, str]"
) -> dict[str, Any]:
    pairs = list(islice(Steps(found, order, LETTERS, places).pairs(), None if "all" in query else MOST_SHOWN))
    in_all = sum(1 for row in found.rows for _ in row.all())
    return {
        "divergence": _divergence(found, order, places),
        "pairs": pairs,
        "pairs_in_all": len(found.rows),
        "differing": sum(count for result, count in found.counts.items() if result != "same"),
        "hidden": max(0, in_all + found.left_out - sum(not pair.is_end for pair in pairs)),
        "all_shown": "all" in query,
        "only": "only" in query,
        "kept_query": [(name, value) for name in query for value in query.getlist(name) if name != "only"],
        "timeline": _timeline(found, order),
    }


def _question(records: Sequence[Record]) -> str:
    """The one they share, or empty."""
    return records[0].run.question if len({record.run.question for record in records}) == 1 else ""


def _timeline(found: Comparison, order: Sequence[int]) -> list[tuple[str, str, str, str]]:
    """When the steps of each run started and how long they took: what the picture shows, as a table."""
    sides = [
        (LETTERS[run], comparison.side(thing))
        for run in order
        for row in found.rows
        if (thing := row.sides[run]) is not None
    ]
    return [(letter, told.name, clock(told.start), duration(told.seconds)) for letter, told in sides[:MOST_SHOWN]]


# ------------------------------------------------------------------------------------------------ columns


def _columns(found: Comparison, places: Sequence[Place], order: Sequence[int]) -> list[Column]:
    about = [_about(record.run, len(record.documents)) for record in found.records]
    base = about[order[0]]
    return [
        Column(
            run=found.records[run].run,
            place=places[run],
            letter=LETTERS[run],
            is_base=run == order[0],
            about=[(words, words != of_base) for words, of_base in zip(about[run], base, strict=True)],
        )
        for run in order
    ]


def _about(run: Run, documents: int) -> tuple[str, ...]:
    limit = (run.policy.get("limits") or {}).get("cost_usd")
    return (
        models_short(run),
        f"{documents:,} document{'' if documents == 1 else 's'}",
        f"depth {run.policy.get('max_depth', '–')}",
        usd(limit) if limit else "no cost limit",
    )


def _setting(setting: comparison.Setting, order: Sequence[int]) -> SettingWords:
    values = [(setting_value(setting.values[run]), setting.values[run] != setting.values[order[0]]) for run in order]
    return SettingWords(name=setting.name, values=values)


# ------------------------------------------------------------------------------------------------ the first sentence


def _lead(found: Comparison, order: Sequence[int], parts: frozenset[str]) -> str:
    alike = _alike(found) if "trace" in parts else ""
    return " ".join(filter(None, [_answers(found, order), _money_and_time(found, order), alike]))


def _answers(found: Comparison, order: Sequence[int]) -> str:
    silent = [LETTERS[run] for run in order if found.records[run].run.answer is None]
    if len(silent) == len(order):
        return "None of the runs has an answer."
    if silent:
        return f"{' and '.join(silent)} {'has' if len(silent) == 1 else 'have'} no answer."
    texts = {(found.records[run].run.answer or "").strip() for run in order}
    both = "Both" if len(order) == 2 else "All"
    return f"{both} runs gave the same answer." if len(texts) == 1 else "The answers differ."


def _money_and_time(found: Comparison, order: Sequence[int]) -> str:
    """Of two runs the second against the first; of more, which was cheapest and which quickest."""
    cost, seconds = (next(each for each in found.figures if each.name == name) for name in ("cost", "seconds"))
    if len(order) > 2:
        best = [(words, each) for words, each in (("cost the least", cost), ("took the least time", seconds))]
        said = [f"{LETTERS[_least(each)]} {words}" for words, each in best if None not in each.values]
        return f"{', '.join(said)}." if said else ""
    parts = []
    if (delta := cost.deltas[order[1]]) and delta.absolute:
        parts.append(f"cost {usd(abs(delta.absolute))} {'more' if delta.absolute > 0 else 'less'}")  # type: ignore[arg-type]
    if (delta := seconds.deltas[order[1]]) and delta.absolute:
        parts.append(f"took {duration(abs(delta.absolute))} {'longer' if delta.absolute > 0 else 'less'}")  # type: ignore[arg-type]
    return f"{LETTERS[order[1]]} {' and '.join(parts)}." if parts else ""


def _least(figure: comparison.Figure) -> int:
    return min(range(len(figure.values)), key=lambda run: figure.values[run])  # type: ignore[arg-type, return-value]


def _alike(found: Comparison) -> str:
    if not found.rows:
        return ""
    same, all_rows = found.counts["same"], len(found.rows)
    return "All steps are the same." if same == all_rows else f"{same:,} of {all_rows:,} steps are the same."


def _divergence(found: Comparison, order: Sequence[int], places: Sequence[Place]) -> dict[str, Any] | None:
    """The earliest, with links to both places."""
    if found.first_divergence is None:
        return None
    run, told = found.first_divergence
    links = [_link(LETTERS[each], places[each], node) for each, node in zip((order[0], run), told.nodes, strict=True)]
    says = (
        "They first differ at"
        if len(order) == 2
        else f"{LETTERS[run]} is the first to differ from {LETTERS[order[0]]}, at"
    )
    return {
        "says": says,
        "told": told,
        "links": [link for link in links if link],
        "pair": _pair_of(found, told, (order[0], run)),
    }


def _link(letter: str, place: Place, node: int | None) -> dict[str, str] | None:
    return None if node is None else {"letter": letter, "address": f"{place.trace}?node={node}"}


def _pair_of(found: Comparison, told: Divergence, runs: tuple[int, int]) -> str:
    """Id of the row it lies in."""
    for row in found.rows:
        for run, step in zip(runs, told.steps, strict=True):
            thing = row.sides[run]
            if isinstance(thing, comparison.Step) and (thing.position or None) == step and step:
                return comparison.row_id(row)
    return ""

"""The context of the page Compare: the same for its owner and for a share, which only have other places."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.datastructures import MultiValueDict

from frontend.comparing.answers import marked_answers
from frontend.comparing.steps import MOST_SHOWN, Steps, for_script
from frontend.comparing.strips import coverage_view
from frontend.comparing.words import figure_words, setting_value
from frontend.place import Place
from frontend.templatetags.words import clock, duration, models_short, usd
from trajectories import comparison
from trajectories.comparison import LETTERS, Comparison, Divergence
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
    runs: Sequence[Run], places: Sequence[Place], query: "MultiValueDict[str, str]", *, read_only: bool
) -> dict[str, Any]:
    """For `compare.html`. `places[n]` is from where run n is looked at. Of the query `base` (id of a run), `only` and
    `all` count here; the rest is the script's."""
    base = _base(runs, str(query.get("base", "")))
    found = comparison.compare(runs, base)
    order = [base, *(run for run in range(len(runs)) if run != base)]
    columns = _columns(found, places, order)
    steps = Steps(found, order, LETTERS, places)
    pairs = list(islice(steps.pairs(), None if "all" in query else MOST_SHOWN))
    in_all = sum(1 for row in found.rows for _ in row.all())
    answers = marked_answers([runs[run] for run in order], [places[run] for run in order])
    covered = coverage_view([found.records[run] for run in order], [LETTERS[run] for run in order])
    return {
        "columns": columns,
        "base": columns[0],
        "read_only": read_only,
        "question": _question(runs),
        "lead": _lead(found, order),
        "divergence": _divergence(found, order, places),
        "figures": figure_words(found, order),
        "settings": [_setting(each, order) for each in found.settings if each.differs],
        "equal_settings": [(each.name, setting_value(each.values[0])) for each in found.settings if not each.differs],
        "answers": answers,
        "answer_columns": list(zip(columns, answers.html, strict=True)),
        "coverage": covered,
        "pairs": pairs,
        "pairs_in_all": len(found.rows),
        "differing": sum(count for result, count in found.counts.items() if result != "same"),
        "hidden": max(0, in_all + found.left_out - sum(not pair.is_end for pair in pairs)),
        "all_shown": "all" in query,
        "only": "only" in query,
        "kept_query": [(name, value) for name in query for value in query.getlist(name) if name != "only"],
        "timeline": _timeline(found, order),
        "live": any(run.is_live for run in runs),
        "data": {
            "runs": [
                {
                    "id": run.id,
                    "letter": letter,
                    "pages": place.pages,
                    "data": place.data,
                    "trace": place.trace,
                }
                for run, letter, place in zip(runs, LETTERS, places, strict=False)
            ],
            "order": order,
            "rows": for_script(found),
            "strips": covered.drawn,
        },
    }


def _base(runs: Sequence[Run], wanted: str) -> int:
    return next((index for index, run in enumerate(runs) if run.id == wanted), 0)


def _question(runs: Sequence[Run]) -> str:
    return runs[0].question if len({run.question for run in runs}) == 1 else ""


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


def _lead(found: Comparison, order: Sequence[int]) -> str:
    return " ".join(filter(None, [_answers(found, order), _money_and_time(found, order), _alike(found)]))


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

"""Bars with names: lying where the names are words, standing where they are numbers of steps or turns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trajectories.charts._chart import Json, bar, label

MOST_LABELLED = 16
"""Bars beside which their value is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    names: Sequence[str]
    lying: bool = True

    def trace(self, name: str, color: str, values: Sequence[float], **more: Any) -> Json:
        """A value for each bar. Wants `text` and `customdata`, too."""
        if self.lying:
            return bar(name, color, orientation="h", y=list(self.names), x=list(values), **more)
        return bar(name, color, x=list(self.names), y=list(values), **more)

    def layout(self, values: Json, **more: Any) -> Json:
        """`values`: the axis of the values."""
        names: Json = {"type": "category", "showgrid": False}
        if self.lying:
            names |= {"autorange": "reversed", "tickfont": {"color": "var(--text)"}}
            return {"xaxis": values, "yaxis": names, **more}
        names |= {"tickvals": list(self.names), "ticktext": [self._short(name) for name in self.names]}
        return {"xaxis": names, "yaxis": values, **more}

    def ends(self, values: Sequence[float], words: Callable[[int], str]) -> list[Json]:
        """What is written at the end of each bar; `words` of its place. Nothing where there is no room."""
        if len(self.names) > MOST_LABELLED:
            return []
        ends = [(words(place), name, value) for place, (name, value) in enumerate(zip(self.names, values, strict=True))]
        if self.lying:
            return [label(text, x=end, y=name, xanchor="left", xshift=4) for text, name, end in ends]
        return [label(text, x=name, y=end, yanchor="bottom") for text, name, end in ends]

    def _short(self, name: str) -> str:
        return name.rpartition(" ")[2]

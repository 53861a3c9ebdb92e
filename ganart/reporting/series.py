"""Series: the runs behind one line of a chart, one run or all seeds of a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ganart.reporting.charts import Pen
from ganart.reporting.differences import SEED, groups_but_for_seed
from ganart.runs.read import Run

COLOURS, DASHES = 7, 4


@dataclass(frozen=True)
class Series:
    """`runs` are positions in the report: all seeds of a recipe, or one run."""

    label: str
    pen: Pen
    runs: list[int]


def pens(runs: Sequence[Run]) -> list[Pen]:
    """Return a pen for each run; if recipes have several seeds, one colour per recipe and one dash pattern per seed."""
    groups = groups_but_for_seed(runs)
    places = {run: (g, s) for g, group in enumerate(groups) for s, run in enumerate(group)}
    if len(groups) > COLOURS or len(groups) == len(runs):
        return [Pen(position % COLOURS, position // COLOURS % DASHES) for position in range(len(runs))]
    return [Pen(places[position][0], places[position][1] % DASHES) for position in range(len(runs))]


def series_of(runs: Sequence[Run], labels: Sequence[str], own: Sequence[Sequence[str]]) -> list[Series]:
    """Return one series per recipe, named by the overrides in `own`, those typed for each run alone."""
    groups = groups_but_for_seed(runs)
    found = []
    for number, group in enumerate(groups):
        pen = Pen(number % COLOURS, number // COLOURS % DASHES)
        label = labels[group[0]] if len(group) == 1 else f"{recipe_of(own[group[0]])} · {len(group)} seeds"
        found.append(Series(label, pen, group))
    return found


def recipe_of(overrides: Sequence[str]) -> str:
    """Return the overrides that distinguish a recipe, without the seed."""
    return " ".join(typed for typed in overrides if not typed.startswith(f"{SEED}=")) or "this recipe"

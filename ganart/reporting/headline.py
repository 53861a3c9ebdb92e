"""Headline numbers at the top of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ganart.numbers import short, with_deviation
from ganart.reporting.score_tables import Column, Repeated, ScoreTable
from ganart.reporting.series import recipe_of
from ganart.reporting.shown import Shown

MOST = 5


@dataclass(frozen=True)
class Tile:
    """A score with its value and notes for comparison."""

    name: str
    value: str
    notes: list[str]


def tiles(table: ScoreTable, repeated: Sequence[Repeated], shown: Sequence[Shown]) -> list[Tile]:
    """Return a tile per score: of one run, of the best of several, or the best mean of recipes with several seeds."""
    found = []
    for column in table.columns[:MOST]:
        if repeated:
            found.append(_best_recipe(column, repeated, shown))
        else:
            found.append(_best_run(table, column, shown))
    return [tile for tile in found if tile is not None]


def _best_recipe(column: Column, repeated: Sequence[Repeated], shown: Sequence[Shown]) -> Tile | None:
    groups = [group for group in repeated if column in group.values]
    if not groups:
        return None
    best = (min if column.lower_is_better else max)(groups, key=lambda group: group.values[column][1])
    count, mean, std = best.values[column]
    seeds = f"mean of {count} seeds" if count > 1 else "one seed"
    return Tile(arrow(column), with_deviation(mean, std), [recipe_of(shown[best.runs[0]].own_overrides), seeds])


def _best_run(table: ScoreTable, column: Column, shown: Sequence[Shown]) -> Tile | None:
    rows = [(row[column], measurement) for measurement, row in table.rows if column in row]
    rows = [(score, measurement) for score, measurement in rows if math.isfinite(score.value)]
    if not rows:
        return None
    score, measurement = (min if column.lower_is_better else max)(rows, key=lambda row: row[0].value)
    notes = [] if len(shown) == 1 else [shown[measurement.run].label]
    if score.floor is not None:
        notes.append(f"real pictures {short(score.floor)}")
    if score.times_floor is not None:
        notes.append(f"{score.times_floor:.1f} × floor")
    return Tile(arrow(column), with_deviation(score.value, score.std), notes)


def arrow(column: Column) -> str:
    """Return the name with an arrow in the direction of improvement."""
    return f"{column.name} {'↓' if column.lower_is_better else '↑'}"

"""The plot of runs over any two of their numbers, with the Pareto front."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganart.numbers import number
from ganart.reporting.axes import Axis
from ganart.reporting.charts import Pen
from ganart.reporting.score_tables import ScoreTable
from ganart.runs.read import Run

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 16, 44


@dataclass(frozen=True)
class Quantity:
    """A number of every run, None if missing."""

    name: str
    lower_is_better: bool
    values: list[float | None]

    @property
    def title(self) -> str:
        return f"{self.name} {'↓' if self.lower_is_better else '↑'}"


@dataclass(frozen=True)
class Plot:
    """The plot of two quantities; the page's script draws any other pair from `data`."""

    quantities: list[Quantity]
    across: int
    down: int
    x: Axis
    y: Axis
    points: list[tuple[float, float, int, bool]]
    """x, y, position of the run, and whether it is on the front."""

    front: str
    data: dict[str, Any]


def front(across: Sequence[float], down: Sequence[float], lower: tuple[bool, bool]) -> list[int]:
    """Return the positions of the Pareto-optimal points, sorted by the first number; equal points are all kept."""
    points = [(a if lower[0] else -a, d if lower[1] else -d) for a, d in zip(across, down, strict=True)]
    kept: list[int] = []
    best = math.inf
    for position in sorted(range(len(points)), key=lambda position: points[position]):
        first, second = points[position]
        if second < best or (kept and points[kept[-1]] == (first, second)):
            kept.append(position)
            best = second
    return kept


def quantities(runs: Sequence[Run], tables: Sequence[ScoreTable]) -> list[Quantity]:
    """Return every column of every table, then the cost."""
    found = []
    for table in tables:
        for column in table.columns:
            values: list[float | None] = [None] * len(runs)
            for measurement, row in table.rows:
                if column in row and math.isfinite(row[column].value):
                    values[measurement.run] = row[column].value
            words = [table.kind.lower(), *(f"{k}={v[:12]}" for k, v in table.differs.items())]
            words += [f"{key}={value}" for key, value in table.own_differences(column)]
            found.append(Quantity(f"{column.name} ({', '.join(words)})", column.lower_is_better, values))
    found.append(Quantity("seconds of training", True, [number(run.summary.get("seconds_training")) for run in runs]))
    found.append(Quantity("images per second", False, [images_per_second(run) for run in runs]))
    return [quantity for quantity in found if sum(value is not None for value in quantity.values) > 1]


def images_per_second(run: Run) -> float | None:
    """Return the median of the logged images per second of training."""
    curve = run.curves.get("machine/images_per_second")
    return float(np.median(curve.finite)) if curve is not None and len(curve.finite) else None


def plot(found: Sequence[Quantity], labels: Sequence[str], pens: Sequence[Pen]) -> Plot | None:
    """Return the plot of the first quantity over the cost, else over the second; None if there are fewer than two."""
    if len(found) < 2:
        return None
    down = 0
    across = next((i for i, quantity in enumerate(found) if quantity.name == "seconds of training" and i), 1)
    a, d = found[across].values, found[down].values
    both = [(run, x, y) for run, (x, y) in enumerate(zip(a, d, strict=True)) if x is not None and y is not None]
    if not both:
        return None
    x = Axis.fitting([point[1] for point in both], LEFT, WIDTH - RIGHT)
    y = Axis.fitting([point[2] for point in both], HEIGHT - BOTTOM, TOP)
    lower = found[across].lower_is_better, found[down].lower_is_better
    best = front([point[1] for point in both], [point[2] for point in both], lower)
    places = [(x.place(point[1]), y.place(point[2])) for point in both]
    return Plot(
        quantities=list(found),
        across=across,
        down=down,
        x=x,
        y=y,
        points=[(*place, run, i in best) for i, (place, (run, _, _)) in enumerate(zip(places, both, strict=True))],
        front=" ".join(f"{places[i][0]:g},{places[i][1]:g}" for i in best),
        data={
            "quantities": [{"name": q.title, "lower": q.lower_is_better, "values": q.values} for q in found],
            "runs": [{"name": label, "colour": pen.colour} for label, pen in zip(labels, pens, strict=True)],
            "box": [LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, TOP],
        },
    )

"""Charts of the quantities in `metrics.csv`, and their grouping."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ganart.numbers import brief
from ganart.reporting.charts import Chart, Line, Pen, draw
from ganart.reporting.differences import differences, flatten
from ganart.reporting.series import Series
from ganart.runs.curves import Curve, mean_and_deviation
from ganart.runs.read import Json, Run, mapping

TREND = "trend/"
SUFFIXES = ("_std", "_floor")
MOST_DIFFERENCES = 4

TOGETHER: dict[str, tuple[str, ...]] = {
    "Losses": ("players/discriminator_loss", "players/generator_loss"),
    "D(real) and D(fake)": ("players/d_real", "players/d_fake"),
    "Gradient norms": ("players/gradient_norm_",),
    "Penalties": ("penalties/",),
    "Terms": ("terms/",),
    "Augmentation": ("augment/",),
    "Learning rates": ("players/learning_rate_",),
    "Images per second": ("machine/images_per_second",),
}
"""Quantities that share an axis, by prefix of their names; with several runs each has its own chart."""

LINEAR = ("players/d_real", "players/d_fake", "augment/", "players/learning_rate_", "machine/images_per_second")


@dataclass(frozen=True)
class Panels:
    """The main charts, and those of all other quantities."""

    main: list[Chart]
    more: list[Chart]


def panels(runs: Sequence[Run], series: Sequence[Series]) -> Panels:
    """Draw every logged quantity: several per chart for one run, one per chart for several series."""
    most = most_points(len(series))
    names = list(dict.fromkeys(name for run in runs for name in run.curves if not name.startswith("scores/")))
    together = {title: [n for n in names if n.startswith(starts)] for title, starts in TOGETHER.items()}
    drawn = [name for group in together.values() for name in group]
    others = [name for name in names if name not in drawn and not name.startswith(TREND)]
    if len(runs) == 1:
        main = [_one_run(runs[0], title, group, most) for title, group in together.items()]
    else:
        main = [_quantity(runs, series, name, most) for name in drawn]
    more = [_quantity(runs, series, name, most) for name in others]
    trends = list(_trends(runs, series, most))
    return Panels([*trends, *(chart for chart in main if chart)], [chart for chart in more if chart])


def most_points(num_lines: int) -> int:
    """Return the maximum number of points of a curve, which limits the size of the page."""
    return max(60, min(500, 2000 // num_lines))


def _one_run(run: Run, title: str, names: Sequence[str], most: int) -> Chart | None:
    lines = [Line(name, Pen(i % 7, i // 7), run.curves[name]) for i, name in enumerate(names) if name in run.curves]
    return draw(title, lines, most=most, may_be_log=not any(map(_is_linear, names)))


@dataclass(frozen=True)
class Measured:
    """One quantity of one run over a span with one protocol: `how`, {} if it needs none."""

    curve: Curve
    std: Curve | None
    floor: float | None = None
    how: Json = field(default_factory=dict)


def _quantity(runs: Sequence[Run], series: Sequence[Series], name: str, most: int) -> Chart | None:
    members = [(each, [runs[run].curves for run in each.runs if name in runs[run].curves]) for each in series]
    parts = [(each, [Measured(curves[name], curves.get(f"{name}_std")) for curves in found]) for each, found in members]
    found = [line for each, measured in parts for line in _lines(each, measured)]
    return draw(name, found, most=most, may_be_log=not _is_linear(name))


def _lines(series: Series, measured: Sequence[Measured]) -> list[Line]:
    """Return the mean of several runs with their deviation, or the curve of one with its logged deviation.

    Runs without a common range of images seen have no mean, and keep their own curves.
    """
    if len(measured) > 1:
        mean, deviation = mean_and_deviation([one.curve for one in measured])
        if len(mean.x):
            return [Line(series.label, series.pen, mean, deviation, measured[0].floor, is_mean=True)]
    return [Line(series.label, series.pen, one.curve, one.std, one.floor) for one in measured]


def _is_linear(name: str) -> bool:
    return name.startswith(LINEAR)


def _trends(runs: Sequence[Run], series: Sequence[Series], most: int) -> Iterator[Chart]:
    """Yield one chart for each trend score and protocol: values with different protocols never share a chart."""
    lines: dict[tuple[str, str], list[Line]] = {}
    protocols: dict[tuple[str, str], Json] = {}
    for each in series:
        alike: dict[tuple[str, str], list[Measured]] = {}
        for run in (runs[position] for position in each.runs):
            for name in run.curves:
                if name.startswith(TREND) and not name.endswith(SUFFIXES):
                    for one in _measured_alike(run, name):
                        place = name, json.dumps(one.how, sort_keys=True, default=str)
                        alike.setdefault(place, []).append(one)
                        protocols[place] = one.how
        for place, members in alike.items():
            lines.setdefault(place, []).extend(_lines(each, members))
    kinds = [name for name, _ in lines]
    for place in sorted(lines, key=lambda place: kinds.index(place[0])):
        name, drawn = place[0], lines[place]
        note = f"measured alike: {', '.join(_few(drawn))}" if kinds.count(name) > 1 else ""
        apart = _apart(protocols[place], [how for (other, _), how in protocols.items() if other == name])
        if chart := draw(f"{name.removeprefix(TREND)}, while learning", drawn, most=most, note=note + apart):
            yield chart


def _apart(how: Json, others: Sequence[Json]) -> str:
    """Return the entries of `how` that differ between the protocols of the same score, as text."""
    keys = differences(others).keys
    return "".join(
        f", {key} {brief(how[key], longest=24)}" for key in keys[:MOST_DIFFERENCES] if how.get(key) is not None
    )


def _few(lines: Sequence[Line], most: int = 3) -> list[str]:
    names = list(dict.fromkeys(line.label.partition(" · ")[0] for line in lines))
    return names if len(names) <= most else [*names[:most], f"{len(names) - most} more"]


def _measured_alike(run: Run, name: str) -> Iterator[Measured]:
    """Yield the trend `name` of `run` in pieces with one protocol each: a run resumed elsewhere may have several."""
    known = run.protocols.get(name, [])
    starts = [-math.inf, *(seen for seen, _ in known[1:]), math.inf]
    for place, (first, end) in enumerate(pairwise(starts)):
        curve = run.curves[name].between(first, end)
        if len(curve.x):
            of_piece = {
                key: run.curves[key].between(first, end)
                for key in (f"{name}{s}" for s in SUFFIXES)
                if key in run.curves
            }
            floor = _last(of_piece.get(f"{name}_floor"))
            how = flatten(known[place][1]) if known else _settings(run)
            how = {**how, "floor of real pictures": None if floor is None else f"{floor:.3g}"}
            yield Measured(curve, of_piece.get(f"{name}_std"), floor, how)


def _settings(run: Run) -> Json:
    """Return the settings that determine a trend's protocol, for runs that have not recorded it."""
    scores = mapping(mapping(run.config.get("callback")).get("scores"))
    settings = {key: value for key, value in flatten(scores).items() if key != "every_images"}
    return {"data": run.dataset.get("hash"), **settings}


def _last(curve: Curve | None) -> float | None:
    """Return the last finite value of `curve`."""
    return float(curve.finite[-1]) if curve is not None and len(curve.finite) else None

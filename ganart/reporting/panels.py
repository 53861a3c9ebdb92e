"""Which quantities of `metrics.csv` are drawn, and what shares a chart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ganart.reporting.charts import Chart, Line, Pen, draw
from ganart.reporting.curves import mean_and_deviation
from ganart.reporting.differences import flatten
from ganart.reporting.run import Run, mapping
from ganart.reporting.series import Series

TREND = "trend/"
SUFFIXES = ("_std", "_floor")

TOGETHER: dict[str, tuple[str, ...]] = {
    "Losses": ("players/discriminator_loss", "players/generator_loss"),
    "D(real) and D(fake)": ("players/d_real", "players/d_fake"),
    "Gradient norms": ("players/gradient_norm_",),
    "Penalties": ("penalties/",),
    "Learning rates": ("players/learning_rate_",),
    "Images per second": ("machine/images_per_second",),
}
"""What shares an axis, by the beginnings of names; with several runs each quantity has a chart of its own."""

LINEAR = ("players/d_real", "players/d_fake", "players/learning_rate_", "machine/images_per_second")


@dataclass(frozen=True)
class Panels:
    """The charts that everyone looks at, and those of all other quantities."""

    main: list[Chart]
    more: list[Chart]


def panels(runs: Sequence[Run], series: Sequence[Series]) -> Panels:
    """Draw all that the runs have logged: several quantities of one run a chart, or one quantity of several series."""
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
    """Points a curve may have: together they decide how large the page is."""
    return max(60, min(500, 2000 // num_lines))


def _one_run(run: Run, title: str, names: Sequence[str], most: int) -> Chart | None:
    lines = [Line(name, Pen(i % 7, i // 7), run.curves[name]) for i, name in enumerate(names) if name in run.curves]
    return draw(title, lines, most=most, may_be_log=not any(map(_is_linear, names)))


def _quantity(runs: Sequence[Run], series: Sequence[Series], name: str, most: int) -> Chart | None:
    members = [(each, [runs[run] for run in each.runs if name in runs[run].curves]) for each in series]
    found = [line for each, its_runs in members for line in _lines(each, its_runs, name)]
    return draw(name, found, most=most, may_be_log=not _is_linear(name))


def _lines(series: Series, runs: Sequence[Run], name: str, floor: float | None = None) -> list[Line]:
    """The mean of several runs with their deviation, or the curve of one with the deviation that it logged.

    Runs that were never measured at the same number of images have no mean: they stay curves of their own.
    """
    if len(runs) > 1:
        mean, deviation = mean_and_deviation([run.curves[name] for run in runs])
        if len(mean.x):
            return [Line(series.label, series.pen, mean, deviation, floor, is_mean=True)]
    return [Line(series.label, series.pen, run.curves[name], run.curves.get(f"{name}_std"), floor) for run in runs]


def _is_linear(name: str) -> bool:
    return name.startswith(LINEAR)


def _trends(runs: Sequence[Run], series: Sequence[Series], most: int) -> Iterator[Chart]:
    """A chart for each trend score and protocol: what was measured differently is not drawn over one another."""
    charts: dict[tuple[str, str], list[Line]] = {}
    for each in series:
        alike: dict[tuple[str, str], list[Run]] = {}
        for run in (runs[position] for position in each.runs):
            for name in run.curves:
                if name.startswith(TREND) and not name.endswith(SUFFIXES):
                    floor = _floor(run, name)
                    how = json.dumps([_trend_protocol(run), None if floor is None else f"{floor:.3g}"])
                    alike.setdefault((name, how), []).append(run)
        for (name, how), members in alike.items():
            charts.setdefault((name, how), []).extend(_lines(each, members, name, _floor(members[0], name)))
    kinds = [name for name, _ in charts]
    for (name, _), lines in sorted(charts.items(), key=lambda item: kinds.index(item[0][0])):
        note = f"measured alike: {', '.join(_few(lines))}" if kinds.count(name) > 1 else ""
        if chart := draw(f"{name.removeprefix(TREND)}, while learning", lines, most=most, note=note):
            yield chart


def _few(lines: Sequence[Line], most: int = 3) -> list[str]:
    names = [line.label.partition(" · ")[0] for line in lines]
    return names if len(names) <= most else [*names[:most], f"{len(names) - most} more"]


def _trend_protocol(run: Run) -> dict[str, Any]:
    """All that the numbers of a trend may depend on, beside the network that is scored."""
    scores = mapping(mapping(run.config.get("callback")).get("scores"))
    settings = {key: value for key, value in flatten(scores).items() if key != "every_images"}
    return {"data": run.dataset.get("hash"), **settings}


def _floor(run: Run, name: str) -> float | None:
    """What real pictures reach in the trend `name`."""
    curve = run.curves.get(f"{name}_floor")
    return float(curve.finite[-1]) if curve is not None and len(curve.finite) else None

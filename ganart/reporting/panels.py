"""Which quantities of `metrics.csv` are drawn, and what shares a chart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ganart.reporting.charts import Chart, Line, Pen, draw
from ganart.reporting.curves import Curve
from ganart.reporting.differences import flatten
from ganart.reporting.run import Run, mapping

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


def panels(runs: Sequence[Run], labels: Sequence[str], pens: Sequence[Pen]) -> Panels:
    """Draw all that the runs have logged: several quantities of one run a chart, or one quantity of several runs."""
    most = most_points(len(runs))
    names = list(dict.fromkeys(name for run in runs for name in run.curves if not name.startswith("scores/")))
    together = {title: [n for n in names if n.startswith(starts)] for title, starts in TOGETHER.items()}
    drawn = [name for group in together.values() for name in group]
    others = [name for name in names if name not in drawn and not name.startswith(TREND)]
    if len(runs) == 1:
        main = [_one_run(runs[0], title, group, most) for title, group in together.items()]
    else:
        main = [_quantity(runs, labels, pens, name, most) for name in drawn]
    more = [_quantity(runs, labels, pens, name, most) for name in others]
    trends = list(_trends(runs, labels, pens, most))
    return Panels([*trends, *(chart for chart in main if chart)], [chart for chart in more if chart])


def most_points(num_runs: int) -> int:
    """Points a curve may have: together they decide how large the page is."""
    return max(60, min(500, 2000 // num_runs))


def _one_run(run: Run, title: str, names: Sequence[str], most: int) -> Chart | None:
    lines = [Line(name, Pen(i % 7, i // 7), run.curves[name]) for i, name in enumerate(names) if name in run.curves]
    return draw(title, lines, most=most, may_be_log=not any(map(_is_linear, names)))


def _quantity(runs: Sequence[Run], labels: Sequence[str], pens: Sequence[Pen], name: str, most: int) -> Chart | None:
    drawn = zip(runs, labels, pens, strict=True)
    lines = [Line(label, pen, run.curves[name]) for run, label, pen in drawn if name in run.curves]
    return draw(name, lines, most=most, may_be_log=not _is_linear(name))


def _is_linear(name: str) -> bool:
    return name.startswith(LINEAR)


def _trends(runs: Sequence[Run], labels: Sequence[str], pens: Sequence[Pen], most: int) -> Iterator[Chart]:
    """A chart for each trend score and protocol: what was measured differently is not drawn over one another."""
    charts: dict[tuple[str, str], list[Line]] = {}
    for run, label, pen in zip(runs, labels, pens, strict=True):
        how = _trend_protocol(run)
        for name, curve in run.curves.items():
            if name.startswith(TREND) and not name.endswith(SUFFIXES):
                floor = _floor(run.curves.get(f"{name}_floor"))
                key = name, json.dumps([how, None if floor is None else f"{floor:.3g}"])
                line = Line(label, pen, curve, run.curves.get(f"{name}_std"), floor)
                charts.setdefault(key, []).append(line)
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


def _floor(curve: Curve | None) -> float | None:
    return float(curve.finite[-1]) if curve is not None and len(curve.finite) else None

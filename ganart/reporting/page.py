"""The HTML page: all facts about the runs, rendered with the template."""

from __future__ import annotations

import base64
import datetime
import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ganart import __version__, numbers
from ganart.reporting.differences import configuration_differences, differences, groups_but_for_seed, shared, text
from ganart.reporting.headline import arrow, tiles
from ganart.reporting.panels import panels
from ganart.reporting.pareto import plot, quantities
from ganart.reporting.score_tables import (
    ENOUGH_FOR_FRECHET,
    LAST,
    ScoreTable,
    best_mean,
    measurements,
    over_seeds,
    tables,
)
from ganart.reporting.series import recipe_of, series_of
from ganart.reporting.shown import commands, show
from ganart.reporting.sweep_charts import Sweep
from ganart.runs.read import Run

PARTS = Path(__file__).parent / "page"
FRECHET = ("fid", "fd_")


def render(runs: Sequence[Run], sweeps: Sequence[Sweep] = ()) -> str:
    """Return the page about `runs` (≥ 1) and the sweeps that made them: one HTML file with everything embedded."""
    shown = show(runs)
    labels, pens = [each.label for each in shown], [each.pen for each in shown]
    series = series_of(runs, labels, [each.own_overrides for each in shown])
    of_scores = tables(list(measurements(runs)))
    groups = groups_but_for_seed(runs)
    seeds = [over_seeds(table, groups) for table in of_scores]
    found = quantities(runs, of_scores) if len(runs) > 2 else []
    finished = [each for each in shown if each.run.summary] or shown  # runs without a summary have no versions yet
    facts = [each.facts for each in finished]
    script = (PARTS / "script.js").read_text(encoding="utf-8")
    return (
        environment()
        .get_template("page.html")
        .render(
            title=shown[0].name if len(runs) == 1 else f"{len(runs)} runs",
            data=sorted({str(run.dataset["name"]) for run in runs if "name" in run.dataset}),
            shown=shown,
            sweeps=sweeps,
            unfinished=[each for each in shown if not each.run.has_finished],
            tiles=tiles(of_scores[0], seeds[0], shown) if of_scores else [],
            differences=configuration_differences(runs),
            tables=list(zip(of_scores, seeds, strict=True)),
            last=LAST,
            caveats=caveats(of_scores),
            plot=plot(found, labels, pens),
            panels=panels(runs, series),
            series=series,
            commands=commands(shown),
            finished=finished,
            shared_facts=shared(facts),
            differing_facts=differences(facts),
            style=Markup((PARTS / "style.css").read_text(encoding="utf-8")),
            script=Markup(script),
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
            version=__version__,
            now=f"{datetime.datetime.now():%Y-%m-%d %H:%M}",
        )
    )


def caveats(of_scores: Sequence[ScoreTable]) -> list[str]:
    """Return warnings about the scores: several protocols, or Fréchet distances of few images, biased by about c/N."""
    found = []
    if len({frozenset(table.protocol.items()) for table in of_scores}) > 1:
        found.append(
            "Not all scores were taken in the same way: each table has one protocol, and compares within itself."
        )
    counts = {
        int(count)
        for table in of_scores
        for _, row in table.rows
        for column, score in row.items()
        if column.name.startswith(FRECHET) and (count := numbers.number(score.protocol.get("n_fake"))) is not None
    }
    few = [f"{count:,}" for count in sorted(counts) if count < ENOUGH_FOR_FRECHET]
    if few:
        found.append(
            f"Fréchet distances of {' and '.join(few)} pictures are too high, by something like c/N: compare them only "
            "at the same count, or go by the kernel distance, which has no bias."
        )
    return found


def environment() -> Environment:
    """Return the Jinja environment, which escapes all values and raises for undefined names."""
    environment = Environment(
        loader=FileSystemLoader(PARTS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown_as: dict[str, Any] = {
        name: getattr(numbers, name) for name in ("short", "with_deviation", "share", "count", "brief")
    }
    environment.filters.update(shown_as, duration=numbers.duration, number=numbers.number, text=text)
    environment.globals.update(arrow=arrow, best_mean=best_mean, recipe_of=recipe_of, infinity=math.inf)
    return environment

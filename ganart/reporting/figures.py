"""The charts of a report as self-contained SVG files, in colours for print."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ganart.reporting.differences import own_overrides, short_names
from ganart.reporting.page import environment
from ganart.reporting.panels import panels
from ganart.reporting.series import series_of
from ganart.runs.read import Run


def figures(runs: Sequence[Run]) -> dict[str, str]:
    """Return every chart in the report of `runs`, as SVG by file name."""
    labels = short_names([run.path for run in runs])
    own = own_overrides(runs) if len(runs) > 1 else [[]]
    found = panels(runs, series_of(runs, labels, own))
    template = environment().get_template("figure.svg")
    drawn: dict[str, str] = {}
    for chart in [*found.main, *found.more]:
        plain = re.sub(r"[^\w]+", "_", chart.title).strip("_").lower()
        name = next(
            name for number in range(1, 100) if (name := f"{plain}{f'_{number}' * (number > 1)}.svg") not in drawn
        )
        drawn[name] = template.render(drawing=chart)
    return drawn

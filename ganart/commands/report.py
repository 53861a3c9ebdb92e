"""`ganart report RUN [RUN …]`: one HTML file about one run or many, that needs nothing beside itself."""

from __future__ import annotations

from pathlib import Path

import hydra
from omegaconf import DictConfig

from ganart.arguments import asks, refuse_multirun
from ganart.complaints import tells_users
from ganart.errors import UserError
from ganart.paths import conf_dir, quoted


@hydra.main(config_path=str(conf_dir()), config_name="report", version_base="1.3")
@tells_users
def main(cfg: DictConfig) -> None:
    """Report on `runs`."""
    named = [cfg.runs] if isinstance(cfg.runs, str) else cfg.runs
    report([str(path) for path in named], cfg.output)


def report(paths: list[str], output: str | None = None) -> Path:
    """Write the page about the runs that `paths` name or hold, say where it is, and return its place.

    Of several runs results.csv stands beside it.

    Raises:
        UserError: if there is no run, or the page cannot be written.
    """
    from ganart.console import console, working
    from ganart.paths import write_atomically
    from ganart.reporting.folders import find_runs, place_of_report
    from ganart.reporting.numbers import size
    from ganart.reporting.page import render
    from ganart.reporting.results import results_csv
    from ganart.reporting.run import Run
    from ganart.reporting.sweep import sweeps_in

    runs = [Run(path) for path in find_runs(paths)]
    place = place_of_report(paths, output)
    with working(f"reading {len(runs)} run{'s' if len(runs) > 1 else ''}"):
        page = render(runs, sweeps_in(paths))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, page)
        if len(runs) > 1:
            write_atomically(place.with_name("results.csv"), results_csv(runs))
    except OSError as error:
        raise UserError(f"{place} cannot be written: {error.strerror}. Say where else: output=FILE.html") from error
    unfinished = sum(not run.has_finished for run in runs)
    about = f"{len(runs)} run{'s' if len(runs) > 1 else ''}" + (f", {unfinished} unfinished" if unfinished else "")
    console.print(f"{place} ({size(place.stat().st_size)}): {about}", soft_wrap=True)
    return place


def prepare_arguments(arguments: list[str]) -> list[str]:
    """`ganart report RUN [RUN …]`: the arguments that are no key=value are the runs."""
    if asks(arguments):
        return arguments
    refuse_multirun(arguments, "One page is about all the runs that are named: ganart report RUN RUN …")
    runs = [a for a in arguments if Path(a).expanduser().exists() or not ("=" in a or a.startswith("-"))]
    others = [a for a in arguments if a not in runs]
    if runs:
        return [*others, f"runs=[{','.join(map(quoted, runs))}]"]
    if not any(a.startswith("runs=") for a in others):
        raise UserError("Which runs? Name their folders, or a folder that holds them: ganart report runs/…")
    return others

"""The verb `ganart report`: one self-contained HTML file about one run or many, tables, or figures."""

from __future__ import annotations

from pathlib import Path

import hydra
from omegaconf import DictConfig

from ganart.command_line.arguments import asks, refuse_multirun, without_paths
from ganart.config.messages import reports_user_errors
from ganart.errors import UserError
from ganart.files.paths import conf_dir, quoted, shown

KINDS = ("html", "csv", "markdown", "latex", "svg", "pdf")


@hydra.main(config_path=str(conf_dir()), config_name="report", version_base="1.3")
@reports_user_errors
def main(cfg: DictConfig) -> None:
    """Report on the runs in `cfg.runs`."""
    named = [cfg.runs] if isinstance(cfg.runs, str) else cfg.runs
    paths = [str(path) for path in named]
    if cfg.format == "html":
        report(paths, cfg.output)
    else:
        export(paths, cfg.format, cfg.output, cfg.font)


def report(paths: list[str], output: str | None = None) -> Path:
    """Write the page about the runs that `paths` name or hold, print its place, and return it.

    For several runs, results.csv is written beside it.

    Raises:
        UserError: if there is no run, or the page cannot be written.
    """
    from ganart.console import console, working
    from ganart.files.paths import write_atomically
    from ganart.numbers import size
    from ganart.reporting.page import render
    from ganart.reporting.rows import results_csv
    from ganart.reporting.sweep_charts import sweeps_in
    from ganart.runs.find import find_runs, place_of_report
    from ganart.runs.read import Run

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
    console.say(f"{shown(place)} ({size(place.stat().st_size)}): {about}")
    return place


def export(paths: list[str], kind: str, output: str | None = None, font: str | None = None) -> None:
    """Write the scores of the runs that `paths` name or hold as a table for papers, or their charts as figures.

    Raises:
        UserError: for an unknown kind, if there is nothing to write, or if the file cannot be written.
    """
    from ganart.console import console
    from ganart.files.paths import replacing
    from ganart.reporting.figures import figures
    from ganart.reporting.paper import FORMATS
    from ganart.reporting.pdf import as_pdf, refuse_without_fpdf
    from ganart.runs.find import FIGURES, find_runs, place_of_report
    from ganart.runs.read import Run

    if kind not in KINDS:
        raise UserError(f"format={kind}: it is one of {', '.join(KINDS)}.")
    if kind == "pdf":
        refuse_without_fpdf()
    runs = [Run(path) for path in find_runs(paths)]
    beside = place_of_report(paths, None).parent
    if kind in ("svg", "pdf"):
        folder = Path(output).expanduser() if output else beside / FIGURES
        drawn = {folder / name: text for name, text in figures(runs).items()}
        files = {file: text.encode() for file, text in drawn.items()}
        if kind == "pdf":
            files = {file.with_suffix(".pdf"): as_pdf(text, font) for file, text in drawn.items()}
        table, about = "", f"{len(files)} figures in {shown(folder, is_folder=True)}"
    else:
        name, write = FORMATS[kind]
        table = write(runs)
        files = {Path(output).expanduser() if output else beside / name: table.encode()}
        about = shown(next(iter(files)))
    if not any(files.values()):
        raise UserError(f"{', '.join(paths)}: there is nothing to show yet. Train or score first: ganart evaluate RUN")
    try:
        for file, content in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(file) as unfinished:
                unfinished.write_bytes(content)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be written: {error.strerror}. Say where else: output=…") from error
    if table:
        console.print(f"{table}\n", soft_wrap=True)  # not wrapped, so that it can be pasted
    console.say(about)


def prepare_arguments(arguments: list[str]) -> list[str]:
    """Rewrite `ganart report RUN [RUN …]` as `runs=[RUN,…]`."""
    if asks(arguments):
        return arguments
    refuse_multirun(arguments, "One page is about all the runs that are named: ganart report RUN RUN …")
    runs, others = without_paths(arguments)
    if runs:
        return [*others, f"runs=[{','.join(map(quoted, runs))}]"]
    if not any(a.startswith("runs=") for a in others):
        raise UserError("Which runs? Name their folders, or a folder that holds them: ganart report runs/…")
    return others

"""Multiruns: failed jobs recorded while the others go on, threads shared, a table of all jobs at the end."""

from __future__ import annotations

import functools
import math
import os
import shutil
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.table import Table

from ganart.config.naming import in_multirun
from ganart.console import console, error_console, fail
from ganart.errors import OccupiedError, TrainingDivergedError, UserError
from ganart.files.paths import from_here, shell, text_without_places, write_atomically
from ganart.machine.launch import AT_ONCE, num_processes
from ganart.numbers import counted, number, with_deviation
from ganart.runs.find import runs_in
from ganart.runs.read import Run, mapping


def failure_stays_in_its_job(main: Callable[[DictConfig], float | None]) -> Callable[[DictConfig], float | None]:
    """Wrap `main` so that in a multirun a failed job records its error and the next ones run.

    A failed job returns inf: some sweepers stop at NaN, and all at an exception.
    """

    @functools.wraps(main)
    def wrapped(cfg: DictConfig) -> float | None:
        if not in_multirun():
            return main(cfg)
        try:
            return main(cfg)
        except Exception as error:
            from ganart.runs.folder import RunFolder

            run = RunFolder(Path(cfg.run_folder))
            if not isinstance(error, OccupiedError) and not run.has_finished:
                run.record_failure(error)
            if not isinstance(error, UserError | TrainingDivergedError):
                error_console.print(traceback.format_exc(), soft_wrap=True)
            error_console.say(f"This job failed: {error}\nThe others go on.")
            hydra = HydraConfig.get()
            (_failed(hydra.sweep.dir) / Path(hydra.runtime.output_dir).name).touch()
            return math.inf

    return wrapped


class Jobs(Callback):
    """Hydra callback that prints a table of all jobs at the end of a multirun, and fails if one did not finish."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        folder = config.hydra.sweep.dir
        shutil.rmtree(_failed(folder), ignore_errors=True)
        with suppress(OSError):  # Hydra would only warn; the next write there reports the error
            _failed(folder).mkdir(parents=True)
        set_jobs_at_once(config)

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        if in_multirun():
            unplace(Path(config.hydra.sweep.dir) / "multirun.yaml")

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        folder = Path(config.hydra.sweep.dir)
        os.environ.pop(AT_ONCE, None)
        unplace(folder / "multirun.yaml")
        jobs = [Run(path) for path in runs_in(folder)]
        console.print(table(jobs))
        shown = from_here(folder)
        console.say(f"compare them   {shell('ganart', 'report', shown)}")
        failed = {file.name for file in _failed(folder).iterdir()}  # maybe in the folder of a finished run
        shutil.rmtree(_failed(folder))
        if unfinished := [job for job in jobs if not job.has_finished or job.path.name in failed]:
            fail(
                f"{len(unfinished)} of {len(jobs)} jobs did not finish. The same command with resume=auto trains these "
                "alone, each from its last checkpoint."
            )


def unplace(file: Path) -> None:
    """Remove paths and host names from Hydra's multirun.yaml, which is published with its runs."""
    if file.is_file():
        before = file.read_text(encoding="utf-8")
        after = yaml.safe_dump(_unplaced(yaml.safe_load(before)), allow_unicode=True, sort_keys=False, width=10_000)
        if after != before:
            write_atomically(file, after)


def _unplaced(value: Any) -> Any:
    match value:
        case dict():
            return {key: _unplaced(inner) for key, inner in value.items()}
        case list():
            return [_unplaced(inner) for inner in value]
        case str():
            return text_without_places(value)
        case _:
            return value


def set_jobs_at_once(config: DictConfig) -> None:
    """Set the number of jobs that run at a time for the jobs of a multirun, and print the threads that each gets."""
    at_once = jobs_at_once(config)
    os.environ[AT_ONCE] = str(at_once)
    if at_once == 1:
        return
    from ganart.machine.hardware import choose
    from ganart.machine.threads import cores, share

    with suppress(UserError):  # the jobs report it themselves
        if choose(config.trainer.accelerator, "auto", "auto").accelerator != "cpu":
            return
    of_a_job, wanted = num_processes(config.trainer) or 1, config.trainer.get("threads", "auto")
    processes, each = at_once * of_a_job, wanted if isinstance(wanted, int) else share(of_a_job)[0]
    of_each = f"{counted(each, 'thread')} each"
    console.say(f"machine   {processes} processes at a time, {of_each}, on {cores()} cores")
    if processes * each > cores():
        console.say(
            "          More threads than cores wait for each other. hydra/launcher=joblib hydra.launcher.n_jobs="
            f"{cores()} trains that many at a time, and trainer.threads=auto shares the cores out."
        )


def jobs_at_once(config: DictConfig) -> int:
    """Count the jobs of a multirun that this machine trains at a time; 1 if they run in turn or on other machines."""
    params = config.hydra.sweeper.get("params") or {}
    several = [*(f"{key}={written}" for key, written in params.items()), *config.hydra.overrides.task]
    jobs = math.prod(
        len(list(override.sweep_string_iterator()))
        for override in OverridesParser.create().parse_overrides(several)
        if override.is_sweep_override()
    )
    launcher = str(config.hydra.launcher._target_)
    if launcher.startswith("hydra_plugins.hydra_joblib_launcher."):
        number = config.hydra.launcher.n_jobs
        return min(jobs, number if number > 0 else max(1, (os.cpu_count() or 1) + 1 + number))
    return jobs if launcher.endswith(".submitit_launcher.LocalLauncher") else 1


def _failed(sweep_dir: str | Path) -> Path:
    """Return the folder in which failed jobs create a file of their name: they may run in other processes."""
    return Path(sweep_dir) / ".failed"


def table(jobs: Sequence[Run]) -> Table:
    """Build a table with a row for each job: name, first score, cost, and how it ended."""
    scores = [first_score(job) for job in jobs]
    names = {name for name, _ in scores if name}
    sheet = Table()
    for name in ("job", names.pop() if len(names) == 1 else "score", "× floor", "seconds", "ended"):
        sheet.add_column(name, justify="left" if name in ("job", "ended") else "right", overflow="fold")
    for job, (name, score) in zip(jobs, scores, strict=True):
        value, times = number(score.get("value")), number(score.get("times_floor"))
        sheet.add_row(
            job.path.name,
            "" if value is None else f"{name + ' ' if names else ''}{with_deviation(value, number(score.get('std')))}",
            "" if times is None else f"{times:.1f}",
            f"{number(job.summary.get('seconds_training')) or 0:.0f}" if job.summary else "",
            job.state,
        )
    return sheet


def first_score(job: Run) -> tuple[str, dict[str, Any]]:
    """Return name and row of the first final score; empty if there is none."""
    return next(((str(name), mapping(row)) for name, row in mapping(job.summary.get("scores")).items()), ("", {}))

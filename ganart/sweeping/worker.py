"""One process that works on a study: takes a trial, trains its runs, tells what came of it, until all are done."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from omegaconf import DictConfig, open_dict
from optuna.trial import TrialState
from rich.markup import escape

from ganart.console import console
from ganart.errors import TrainingDivergedError, UserError
from ganart.naming import what_differs
from ganart.resume import Resume
from ganart.run_folder import RunFolder
from ganart.sweeping.objective import Objective
from ganart.sweeping.space import Compose, Space
from ganart.sweeping.study import REASON, Claim, Study
from ganart.sweeping.watch import PRUNED, Watch
from ganart.training import train

OVERRIDES, VALUES_BY_SEED, SECONDS = "overrides", "values_by_seed", "seconds"


class PrunedError(Exception):
    """The study has ended the trial early."""


@dataclass(frozen=True)
class Worker:
    """Works on `study`: each trial trains one run for each of `seeds`, and its value is the mean over them."""

    study: Study
    space: Space
    objectives: Sequence[Objective]
    compose: Compose
    seeds: Sequence[int]
    base_overrides: Sequence[str]
    prunes: bool

    def work(self, n_trials: int, deadline: float = math.inf) -> None:
        """Run trials until the study has `n_trials`, over all processes, or `deadline` (time.monotonic) has passed."""
        while time.monotonic() < deadline:
            claim = self.study.claim(n_trials)
            if claim is None:
                return
            with claim.lock:
                self._run(claim, n_trials)

    def _run(self, claim: Claim, n_trials: int) -> None:
        trial, begun = claim.trial, time.monotonic()
        overrides = self.space.suggest(trial, self.compose)
        trial.set_user_attr(OVERRIDES, overrides)
        console.print(
            f"\n[bold]trial {trial.number}[/bold] of {n_trials}   {escape(' '.join(overrides))}", soft_wrap=True
        )
        try:
            values = self._train(claim, overrides)
        except PrunedError:
            self._tell(claim, begun, TrialState.PRUNED, None, "pruned")
        except Exception as error:  # whatever it is, the study goes on
            self._tell(claim, begun, TrialState.FAIL, None, str(error) or type(error).__name__)
            if not isinstance(error, UserError | TrainingDivergedError):
                console.print_exception()
        else:
            self._tell(claim, begun, TrialState.COMPLETE, values, None)

    def _tell(
        self, claim: Claim, begun: float, state: TrialState, values: Sequence[float] | None, reason: str | None
    ) -> None:
        trial = claim.trial
        trial.set_user_attr(SECONDS, round(time.monotonic() - begun, 1))
        if reason is not None:
            trial.set_user_attr(REASON, reason)
        self.study.optuna.tell(trial, values=values, state=state)
        outcome = ", ".join(f"{value:.4g}" for value in values) if values else reason
        console.print(f"trial {trial.number}: {outcome}", markup=False, soft_wrap=True)

    def _train(self, claim: Claim, overrides: list[str]) -> list[float]:
        """Train a run a seed; returns the mean of each objective.

        Raises:
            PrunedError: if the study has ended the first run early. Later ones are not looked at: a trial that is as
                good as others with one seed is worth all of them.
        """
        by_seed = []
        for position, seed in enumerate(self.seeds):
            place = self.study.folder / claim.folder / (f"seed-{seed}" if len(self.seeds) > 1 else "")
            run = RunFolder(place)
            goal = self.objectives[0] if self.prunes and position == 0 else None
            self._train_run(run, [*overrides, f"seed={seed}"], partial(Watch, claim.trial, goal))
            if run.summary.get("ended_by") == PRUNED:
                raise PrunedError
            found = [objective.in_summary(run.summary) for objective in self.objectives]
            self.study.refuse_other_protocols([protocol for _, protocol in found])
            by_seed.append([value for value, _ in found])
            claim.trial.set_user_attr(VALUES_BY_SEED, by_seed)
        return [statistics.fmean(column) for column in zip(*by_seed, strict=True)]

    def _train_run(self, run: RunFolder, overrides: list[str], watch: Callable[[int], Watch]) -> None:
        """Train `run`, or go on with it where a process that died has left it."""
        if run.has_finished:
            return
        cfg = self.compose(overrides)
        told = [*self.base_overrides, *overrides]
        place = run.path.relative_to(self.study.folder / "trials")
        with open_dict(cfg):
            cfg.run_folder, cfg.resume = str(run.path), "auto"
            if "wandb" in cfg.logger:
                cfg.logger.wandb.group = self.study.folder.name
                cfg.logger.wandb.name = f"{place} {what_differs(overrides)}"
        resume = Resume.find("auto", told, run)
        if resume is not None:
            cfg, told = resume.config(cfg), resume.all_overrides
        try:
            train(cfg, run, told, resume, {"watch": watch(cfg.total_images)})
        except Exception as error:
            run.record_failure(error)
            raise


def composer(config_name: str, base: Sequence[str], own_keys: Sequence[str]) -> Compose:
    """Compose what a sweep's configuration makes of its runs: everything but the sweep's `own_keys`."""
    from hydra import compose

    @cache
    def composed(overrides: tuple[str, ...]) -> DictConfig:
        cfg = compose(config_name, [*base, *overrides])
        with open_dict(cfg):
            for key in own_keys:
                del cfg[key]
        return cfg

    return lambda overrides: composed(tuple(overrides)).copy()

"""A process that works on a study: it claims trials, trains their runs and reports their values until all are done."""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from omegaconf import DictConfig, open_dict
from optuna.trial import Trial, TrialState

from ganart.config.naming import what_differs
from ganart.console import console, remark
from ganart.errors import PlaceError, TrainingDivergedError, UserError
from ganart.numbers import counted
from ganart.runs.folder import RunFolder
from ganart.sweeping.objective import Objective
from ganart.sweeping.space import Compose, SearchSpace
from ganart.sweeping.storage import StorageAwayError
from ganart.sweeping.study import REASON, Claim, Study
from ganart.sweeping.watch import PRUNED, Watch
from ganart.training.resume import Resume, overrides_of
from ganart.training.run import train

VALUES_BY_SEED, SECONDS = "values_by_seed", "seconds"
OWN_FAULTS = (TrainingDivergedError, UserError, torch.OutOfMemoryError)
"""Errors that fail the trial. Any other, such as a full disk, ends the process: it would hit the next trial too."""

OF_THE_MACHINE = ("trainer", "logger")
"""Config groups that a resumed trial takes from the process that resumes it."""


class PrunedError(Exception):
    """The study has ended the trial early."""


@dataclass(frozen=True)
class Worker:
    """Works on `study`: each trial trains one run per seed in `seeds`, and its value is the mean over them."""

    study: Study
    space: SearchSpace
    objectives: Sequence[Objective]
    compose: Compose
    seeds: Sequence[int]
    base_overrides: Sequence[str]
    prunes: bool

    def work(self, n_trials: int, deadline: float = math.inf, after_each: Callable[[], object] = lambda: None) -> None:
        """Run trials until the study has `n_trials`, over all processes, or `deadline` (time.monotonic) has passed."""
        while time.monotonic() < deadline:
            claim = self.study.claim(n_trials, self._suggest, self._untried)
            if claim is None:
                if (tried := len(self.study.trials())) < n_trials:
                    console.say(
                        f"\nAll there is to try has been tried, or is at this moment: {counted(tried, 'trial')}."
                    )
                return
            with self.study.held(claim):
                self._run(claim, n_trials)
            after_each()

    def _suggest(self, trial: Trial) -> list[str]:
        return self.space.suggest(trial, self.compose)

    def _untried(self, tried: Set[tuple[str, ...]]) -> Mapping[str, Any] | None:
        return self.space.untried(tried, self.compose, seed=len(tried))

    def _run(self, claim: Claim, n_trials: int) -> None:
        number, begun = claim.trial.number, time.monotonic()
        remark(
            f"\ntrial {number}",
            "bold",
            f"({self.study.position_of(claim.trial)} of {n_trials})   {' '.join(claim.overrides)}",
        )
        state, values, reason = TrialState.COMPLETE, None, None
        try:
            values = self._train(claim)
        except PrunedError:
            state, reason = TrialState.PRUNED, PRUNED
        except (StorageAwayError, PlaceError):  # not the trial's fault
            raise
        except OWN_FAULTS as error:
            state, reason = TrialState.FAIL, str(error)
        facts = {SECONDS: round(time.monotonic() - begun, 1), **({REASON: reason} if reason else {})}
        kept = self.study.tell(claim.trial, state, values, **facts)
        outcome = ", ".join(f"{value:.4g}" for value in values) if values else str(reason)
        note = "" if kept else " (another machine had given this trial up, and goes by its own)"
        console.say(f"trial {number}: {outcome}{note}")

    def _train(self, claim: Claim) -> list[float]:
        """Train one run per seed; return the mean of each objective.

        Raises:
            PrunedError: if the study has ended the first run early. Later runs are not pruned: a trial that is
                competitive with one seed is trained with all.
        """
        by_seed = []
        for position, seed in enumerate(self.seeds):
            place = self.study.folder / claim.folder / (f"seed-{seed}" if len(self.seeds) > 1 else "")
            run = RunFolder(place)
            goal = self.objectives[0] if self.prunes and position == 0 else None
            self._train_run(run, [*claim.overrides, f"seed={seed}"], partial(Watch, claim.trial, goal))
            if run.summary.get("ended_by") == PRUNED:
                raise PrunedError
            found = [objective.in_summary(run.summary) for objective in self.objectives]
            self.study.refuse_other_protocols([protocol for _, protocol in found])
            by_seed.append([value for value, _ in found])
            claim.trial.set_user_attr(VALUES_BY_SEED, by_seed)
        return [statistics.fmean(column) for column in zip(*by_seed, strict=True)]

    def _train_run(self, run: RunFolder, overrides: list[str], watch: Callable[[int], Watch]) -> None:
        """Train `run`, or resume it if an earlier process died."""
        overrides_of_trial = [*self.base_overrides, *overrides]
        if run.has_begun and not set(overrides) <= set(overrides_of(run)):
            raise UserError(f"{run.path} holds a run of something else. Give this study a folder of its own.")
        if run.has_finished:
            return
        cfg = self.compose(overrides)
        place = run.path.relative_to(self.study.folder / "trials")
        with open_dict(cfg):
            cfg.run_folder, cfg.resume = str(run.path), "auto"
            if "wandb" in cfg.logger:
                cfg.logger.wandb.group = self.study.folder.name
                cfg.logger.wandb.name = f"{place} {what_differs(overrides)}"
        latest = run.latest_checkpoint if run.has_begun else None
        resume = Resume(run, latest, []) if latest else None
        if resume is not None:
            here, cfg = cfg, resume.config(cfg)
            begun_with = cfg.trainer.get("threads")
            for group in OF_THE_MACHINE:
                cfg[group] = here[group]
            cfg.trainer.threads = begun_with  # the number of threads changes the last bits of the results
        if status := train(cfg, run, overrides_of_trial, resume, {"watch": watch(cfg.total_images)}):
            sys.exit(status)


def composer(config_name: str, base: Sequence[str], own_keys: Sequence[str]) -> Compose:
    """Return a function that composes a run's configuration from overrides, without the sweep's `own_keys`."""
    from hydra import compose

    @cache
    def composed(overrides: tuple[str, ...]) -> DictConfig:
        cfg = compose(config_name, [*base, *overrides])
        with open_dict(cfg):
            for key in own_keys:
                del cfg[key]
        return cfg

    return lambda overrides: composed(tuple(overrides)).copy()

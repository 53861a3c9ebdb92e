"""Optuna samplers whose random numbers depend on the trial's number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, GridSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from ganart.seeds import mix


class SeededByTrial(BaseSampler):
    """Builds `make(seed)` anew for each trial, with a seed derived from the study's seed and the trial's number.

    A sampler with one stream of random numbers repeats the same first trials in every process that joins a study, and
    after every restart. All other state of samplers is stored in the study.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make, self._seed = make, seed
        self._inner = make(seed)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        if not isinstance(self._inner, GridSampler):  # a new seed would reshuffle the grid
            self._inner = self._make(mix("trial", self._seed, trial.number) % 2**32)
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        if not isinstance(self._inner, GridSampler):  # it stops `optimize`, which is not used here
            self._inner.after_trial(study, trial, state, values)

"""What a trial tells its study while it trains, and how the study ends it early."""

from __future__ import annotations

import time
from typing import Any

from optuna.trial import Trial
from pytorch_lightning import Callback, Trainer

from ganart.callbacks import Interrupt, Scores
from ganart.callbacks.scores import View
from ganart.gan import GAN
from ganart.sweeping.objective import Objective
from ganart.sweeping.study import ALIVE

PRUNED = "pruned"
SIGN_OF_LIFE_SECONDS = 30.0


class Watch(Callback):
    """Gives a sign of life now and then, and reports each trend of `objective` by images seen.

    When the pruner finds the trial hopeless, all processes of the run stop after the same round, with a checkpoint and
    without final scores. Steps are the multiples of the trend's interval, so that batch sizes can be compared.
    """

    def __init__(self, trial: Trial, objective: Objective | None, total_images: int) -> None:
        self._trial = trial
        self._objective = objective
        self._total_images = total_images
        self._next = 0.0
        self._reported = -1

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._interrupt = next(c for c in trainer.callbacks if isinstance(c, Interrupt))  # type: ignore[attr-defined]
        self._every = next(c.every_images for c in trainer.callbacks if isinstance(c, Scores))  # type: ignore[attr-defined]

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + SIGN_OF_LIFE_SECONDS
            self._trial.set_user_attr(ALIVE, time.time())

    def on_view(self, trainer: Trainer, gan: GAN, view: View) -> None:
        row = next((row for row in view.results if self._objective and row.key == self._objective.key), None)
        if row is None or not self._every or not trainer.is_global_zero:
            return
        step = gan.images_seen // self._every * self._every
        if step == self._reported:  # the end of a run has a trend too, of the same step
            return
        self._reported = step
        self._trial.report(row.value, step)
        if gan.images_seen < self._total_images and self._trial.should_prune():  # at the end it is paid for
            self._interrupt.stop(PRUNED)

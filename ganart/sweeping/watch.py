"""The callback that reports a trial's trend to its study and stops the run when the study prunes it."""

from __future__ import annotations

import logging
from typing import Any

from optuna.trial import Trial
from pytorch_lightning import Callback, Trainer

from ganart.callbacks.interrupt import Interrupt
from ganart.callbacks.order import Order, callbacks_of
from ganart.callbacks.scores import Scores, Trend
from ganart.errors import UserError
from ganart.gan import GAN
from ganart.sweeping.objective import Objective

PRUNED = "pruned"
log = logging.getLogger(__name__)


class Watch(Callback):
    """Reports each trend value of `objective` by images seen; without an objective it only requires scores.

    When the pruner stops the trial, all processes of the run stop after the same round, with a checkpoint and without
    final scores. Steps are multiples of the trend's interval, so that different batch sizes can be compared.
    """

    order = Order.WATCH

    def __init__(self, trial: Trial, objective: Objective | None, total_images: int) -> None:
        self._trial = trial
        self._objective = objective
        self._total_images = total_images
        self._reported = -1
        self._has_ended = False

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        callbacks = callbacks_of(trainer)
        self._interrupt = next(c for c in callbacks if isinstance(c, Interrupt))
        scores = next(c for c in callbacks if isinstance(c, Scores))
        self._every = scores.every_images
        if not scores.ready:
            raise UserError("A sweep goes by scores, and these pictures get none: see above why.")

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self._has_ended = True  # `Scores` takes the last trend after this callback

    def on_trend(self, trainer: Trainer, gan: GAN, view: Trend) -> None:
        row = next((row for row in view.results if self._objective and row.key == self._objective.key), None)
        if row is None or not self._every or not trainer.is_global_zero:
            return
        step = gan.images_seen // self._every * self._every
        if step == self._reported:  # the trend at the end of a run can have the same step
            return
        self._reported = step
        is_over = self._has_ended or gan.images_seen >= self._total_images
        try:
            self._trial.report(row.value, step)
            if not is_over and self._trial.should_prune():  # at the end, pruning saves nothing
                self._interrupt.stop(PRUNED)
        except Exception as error:  # an unreachable data base must not end a training
            log.warning("The study could not be told of the trend at %d images: %s", step, error)

"""Every so many images: the one way in which callbacks recur."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytorch_lightning import Callback, Trainer

from ganart.callbacks.interrupt import told_to_stop
from ganart.gan import GAN
from ganart.loggers import ExperimentLogger


class EveryImages(Callback):
    """Calls `act` when the number of images seen passes a multiple of `every_images`, and at the end of training.

    Which multiples have passed follows from the clock alone, so a resumed run acts where the uninterrupted one would.
    A run that is told to stop, and may go on later, has not come to its end.
    """

    at_start = False
    at_end = True

    def __init__(self, *, every_images: int) -> None:
        self.every_images = every_images
        self._acted_at = -1
        self._before = 0

    def act(self, trainer: Trainer, gan: GAN) -> None:
        raise NotImplementedError

    def has_passed(self, seen: int) -> bool:
        """Whether the round that ends at `seen` images has passed a multiple of `every_images`."""
        return bool(self.every_images) and seen // self.every_images > self._before // self.every_images

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._before = pl_module.images_seen
        if self.at_start and pl_module.images_seen == 0:
            self._act(trainer, pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        if self.has_passed(pl_module.images_seen):
            self._act(trainer, pl_module)
        self._before = pl_module.images_seen

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        if self.at_end and self._acted_at != pl_module.images_seen and not told_to_stop(trainer):
            self._act(trainer, pl_module)

    def _act(self, trainer: Trainer, gan: GAN) -> None:
        self._acted_at = gan.images_seen
        gan.refuse_what_is_not_finite()  # nothing is scored, shown or saved of a training that has diverged
        self.act(trainer, gan)


def experiment_loggers(trainer: Trainer) -> Iterator[ExperimentLogger]:
    """The loggers of `trainer` that take pictures and scores."""
    return (logger for logger in trainer.loggers if isinstance(logger, ExperimentLogger))

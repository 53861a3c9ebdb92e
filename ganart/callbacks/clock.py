"""Every so many images: the one way in which callbacks recur."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytorch_lightning import Callback, Trainer

from ganart.gan import GAN
from ganart.loggers import ExperimentLogger


class EveryImages(Callback):
    """Calls `act` when the number of images seen passes a multiple of `every_images`, and at the end of training.

    Which multiples have passed follows from the clock alone, so a resumed run acts where the uninterrupted one would.
    """

    at_start = False
    at_end = True

    def __init__(self, *, every_images: int) -> None:
        self.every_images = every_images
        self._acted_at = -1
        self._before = 0

    def act(self, trainer: Trainer, gan: GAN) -> None:
        raise NotImplementedError

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._before = pl_module.images_seen
        if self.at_start and pl_module.images_seen == 0:
            self._act(trainer, pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        seen = pl_module.images_seen
        if self.every_images and seen // self.every_images > self._before // self.every_images:
            self._act(trainer, pl_module)
        self._before = seen

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        if self.at_end and self._acted_at != pl_module.images_seen:
            self._act(trainer, pl_module)

    def _act(self, trainer: Trainer, gan: GAN) -> None:
        self._acted_at = gan.images_seen
        self.act(trainer, gan)


def callbacks_of(trainer: Trainer) -> list[Any]:
    """The callbacks of `trainer`, in their order: Lightning sets the list without declaring it."""
    return trainer.callbacks  # type: ignore[attr-defined]


def experiment_loggers(trainer: Trainer) -> Iterator[ExperimentLogger]:
    """The loggers of `trainer` that take pictures and scores."""
    return (logger for logger in trainer.loggers if isinstance(logger, ExperimentLogger))

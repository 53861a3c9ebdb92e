"""The base class of callbacks that act every so many images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytorch_lightning import Callback, Trainer

from ganart.callbacks.interrupt import is_interrupted
from ganart.gan import GAN
from ganart.loggers import ExperimentLogger


class EveryImages(Callback):
    """A callback whose `act` is called when images seen pass a multiple of `every_images`, and at the end of training.

    The passed multiples follow from the clock alone, so a resumed run acts at the same images as an uninterrupted one.
    An interrupted run, which may be resumed, has not ended.
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
        """Return whether the round that ends at `seen` images has passed a multiple of `every_images`."""
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
        if self.at_end and self._acted_at != pl_module.images_seen and not is_interrupted(trainer):
            self._act(trainer, pl_module)

    def _act(self, trainer: Trainer, gan: GAN) -> None:
        self._acted_at = gan.images_seen
        gan.refuse_what_is_not_finite()  # a diverged generator must not be scored, shown or saved
        self.act(trainer, gan)


def experiment_loggers(trainer: Trainer) -> Iterator[ExperimentLogger]:
    """Return the loggers of `trainer` that take pictures and scores."""
    return (logger for logger in trainer.loggers if isinstance(logger, ExperimentLogger))

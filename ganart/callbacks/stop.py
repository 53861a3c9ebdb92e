"""The end of training, in images."""

from __future__ import annotations

from typing import Any

from pytorch_lightning import Callback, Trainer


class StopAtImages(Callback):
    """Stops when the discriminator has seen `total_images` real images."""

    def __init__(self, *, total_images: int) -> None:
        self.total_images = total_images

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self.on_train_batch_end(trainer, pl_module)  # a run that was killed while it was scored has nothing to train

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        if pl_module.images_seen >= self.total_images:
            trainer.should_stop = True

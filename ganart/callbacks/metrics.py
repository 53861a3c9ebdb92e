"""The numbers of the training itself, averaged over the images since the last row."""

from __future__ import annotations

import time
from typing import Any

import torch
from pytorch_lightning import Trainer

from ganart.callbacks.clock import EveryImages
from ganart.gan import GAN


class Metrics(EveryImages):
    """Losses, penalties, logits, D(real) and D(fake), gradient norms, learning rates and images/s to every logger."""

    def __init__(self, *, every_images: int) -> None:
        super().__init__(every_images=every_images)
        self.latest: dict[str, float] = {}

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        super().on_train_start(trainer, pl_module)
        self._time, self._seen = time.monotonic(), pl_module.images_seen

    def act(self, trainer: Trainer, gan: GAN) -> None:
        values = gan.meters.read()
        if not values:
            return
        optimizers = dict(zip(("discriminator", "generator"), trainer.optimizers, strict=True))
        values |= {f"learning_rate/{player}": o.param_groups[0]["lr"] for player, o in optimizers.items()}
        now = time.monotonic()
        values["images_per_second"] = (gan.images_seen - self._seen) / max(now - self._time, 1e-9)
        self._time, self._seen = now, gan.images_seen
        if torch.cuda.is_available() and gan.device.type == "cuda":
            values["gpu_memory_gb"] = torch.cuda.max_memory_allocated(gan.device) / 2**30
        self.latest = values
        for logger in trainer.loggers:
            logger.log_metrics(values, step=gan.images_seen)

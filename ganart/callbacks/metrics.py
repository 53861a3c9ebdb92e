"""The numbers of the training itself, averaged over the images since the last row."""

from __future__ import annotations

import math
import sys
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
        self._busy, self._seen = 0.0, pl_module.images_seen

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        self._begun = time.monotonic()

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        self._busy += time.monotonic() - self._begun
        super().on_train_batch_end(trainer, pl_module, *args)

    def act(self, trainer: Trainer, gan: GAN) -> None:
        values = gan.meters.read()
        if not values:
            return
        optimizers = dict(zip(("discriminator", "generator"), trainer.optimizers, strict=True))
        values |= {f"players/learning_rate_{player}": o.param_groups[0]["lr"] for player, o in optimizers.items()}
        # Of training alone: samples, scores and checkpoints have their own time.
        values["machine/images_per_second"] = (gan.images_seen - self._seen) / max(self._busy, 1e-9)
        self._busy, self._seen = 0.0, gan.images_seen
        values["machine/memory_gb"] = peak_memory_gb()
        if torch.cuda.is_available() and gan.device.type == "cuda":
            values["machine/gpu_memory_gb"] = torch.cuda.max_memory_allocated(gan.device) / 2**30
        self.latest = values
        for logger in trainer.loggers:
            logger.log_metrics(values, step=gan.images_seen)


def peak_memory_gb() -> float:
    """The most that this process has held at once, in GiB; NaN where the system does not tell."""
    if sys.platform == "win32":
        return math.nan
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)  # bytes there, KiB elsewhere

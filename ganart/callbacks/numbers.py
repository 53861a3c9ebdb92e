"""Losses, rates and other numbers of training, averaged over the images since the last row."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

import torch
from pytorch_lightning import Trainer

from ganart.callbacks.clock import EveryImages
from ganart.callbacks.order import Order
from ganart.gan import GAN


class TrainingNumbers(EveryImages):
    """Rows for every logger of losses, penalties, logits, D(real), D(fake), gradient norms, learning rates, images/s.

    The row at the end of a run, between two multiples, does not reset the meters, so that a run that is extended has
    the same rows as one that was longer from the beginning.
    """

    order = Order.NUMBERS

    def __init__(self, *, every_images: int) -> None:
        super().__init__(every_images=every_images)
        self.latest: dict[str, float] = {}
        self._busy, self._images = 0.0, 0

    @property
    def state_key(self) -> str:
        return "Metrics"  # the name in checkpoints of earlier releases

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        self._busy += time.monotonic() - self._begun
        self._images += pl_module.images_seen - self._before
        super().on_train_batch_end(trainer, pl_module, *args)

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        self._begun = time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        return {"busy": self._busy, "images": self._images}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._busy, self._images = state_dict["busy"], state_dict["images"]

    def act(self, trainer: Trainer, gan: GAN) -> None:
        at_multiple = self.has_passed(gan.images_seen)
        values = gan.meters.read() if at_multiple else gan.meters.mean()
        if not values:
            return
        optimizers = dict(zip(("discriminator", "generator"), trainer.optimizers, strict=True))
        values |= {f"players/learning_rate_{player}": o.param_groups[0]["lr"] for player, o in optimizers.items()}
        # Rounds only, without samples, scores and checkpoints.
        values["machine/images_per_second"] = self._images / max(self._busy, 1e-9)
        if at_multiple:
            self._busy, self._images = 0.0, 0
        values["machine/memory_gb"] = peak_memory_gb()
        if torch.cuda.is_available() and gan.device.type == "cuda":
            values["machine/gpu_memory_gb"] = torch.cuda.max_memory_allocated(gan.device) / 2**30
        self.latest = values
        for logger in trainer.loggers:
            logger.log_metrics(values, step=gan.images_seen)


def peak_memory_gb() -> float:
    """Return the peak memory of this process in GiB; NaN on Windows."""
    if sys.platform == "win32":
        return math.nan
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)  # bytes there, KiB elsewhere

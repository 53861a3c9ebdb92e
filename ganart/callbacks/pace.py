"""The number of threads of a training run, and a warning when its rate falls tenfold."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import torch
from omegaconf import DictConfig
from pytorch_lightning import Callback, Trainer

from ganart.callbacks.order import callbacks_of
from ganart.console import console
from ganart.gan import GAN
from ganart.machine import threads
from ganart.play import output_of

SECONDS = 5.0
"""Time of rounds over which the rate is measured."""

TOO_SLOW = 10.0


def choose_threads(cfg: DictConfig, trainer: Trainer, gan: GAN) -> threads.Threads | None:
    """Set the number of threads, that of `cfg` or the fastest, and add the callback `Pace`; return the choice.

    Returns None on a GPU if `cfg` has no number: torch's own number stays.
    """
    wanted = cfg.trainer.get("threads")
    chosen = None
    if trainer.strategy.root_device.type == "cpu" or wanted not in (None, "auto"):
        half = str(trainer.precision).startswith("bf16")
        with torch.random.fork_rng(devices=[]), torch.autocast("cpu", torch.bfloat16, enabled=half):
            pieces = cfg.batch_size // (cfg.accumulate * trainer.world_size)
            chosen = threads.choose(wanted, round_of(gan), most_pictures=pieces, processes=trainer.num_devices)
        threads.use(chosen.count)
    callbacks_of(trainer).append(Pace(num_threads=chosen.count if chosen else None))
    return chosen


def round_of(gan: GAN) -> Callable[[int], object]:
    """Return a function that runs most of a round's computation for a number of images, on copies of the networks."""
    generator, discriminator = copy.deepcopy(gan.generator), copy.deepcopy(gan.discriminator)

    def work(pictures: int) -> None:
        labels = torch.zeros(pictures, sum(gan.label_sizes))
        fake = generator(torch.randn(pictures, gan.latent_dim), labels)
        output_of(discriminator(fake, labels)).logits.sum().backward()

    return work


class Pace(Callback):
    """One warning, with advice, when the rate has fallen tenfold; also sets `num_threads` (None leaves torch's).

    Only rounds count, without samples, scores and checkpoints. The number of threads is set here again because
    Lightning changes it when it starts processes.
    """

    def __init__(self, *, num_threads: int | None) -> None:
        self.num_threads = num_threads
        self._best = 0.0
        self._has_spoken = False

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        if self.num_threads is not None:
            threads.use(self.num_threads)

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._busy, self._seen = 0.0, pl_module.images_seen

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        self._begun = time.monotonic()

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        self._busy += time.monotonic() - self._begun
        if self._busy < SECONDS:
            return
        rate = (pl_module.images_seen - self._seen) / self._busy
        self._busy, self._seen = 0.0, pl_module.images_seen
        self._best = max(self._best, rate)
        if rate * TOO_SLOW < self._best and not self._has_spoken and trainer.is_global_zero:
            self._has_spoken = True
            console.say(f"slower    {self._best:,.0f} → {rate:,.0f} images/s: {self._advice()}")

    def _advice(self) -> str:
        if self.num_threads is None or self.num_threads == 1:
            return "other processes seem to be at work on this machine."
        return (
            f"other processes seem to be at work on the cores of these {self.num_threads} threads, which then wait for "
            "each other. End those, or stop this run (Ctrl-C saves it) and go on with resume=… trainer.threads=1"
        )

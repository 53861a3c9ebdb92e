"""Checkpoints: last, best and every so many images; a file is there whole or not at all."""

from __future__ import annotations

import copy
import math
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from pytorch_lightning import Trainer
from torch import nn

from ganart.callbacks.clock import EveryImages, callbacks_of
from ganart.callbacks.scores import Scores, View
from ganart.errors import UserError
from ganart.gan import GAN
from ganart.run_folder import read_checkpoint


class Checkpoint(EveryImages):
    """Writes `checkpoints/last.ckpt`, `best.ckpt` and, every `every_images`, `images_<seen>.ckpt`.

    `monitor` names the score whose trend decides what is best (`fid` or `fd_classifier`, say); null takes the first
    one. `keep` limits how many of the numbered checkpoints stay, the latest; null keeps all. It belongs after `scores`
    and `doctor`, so that a checkpoint knows what they found in its own round.
    """

    def __init__(self, *, every_images: int, monitor: str | None = None, keep: int | None = None) -> None:
        super().__init__(every_images=every_images)
        self.monitor = monitor
        self.keep = keep
        self.best: dict[str, Any] | None = None

    def act(self, trainer: Trainer, gan: GAN) -> None:
        at_multiple = self.every_images and gan.images_seen // self.every_images > self._before // self.every_images
        names = ["last.ckpt"] + ([f"images_{gan.images_seen:09d}.ckpt"] if at_multiple else [])
        self._save(trainer, names)
        if self.keep is not None and trainer.is_global_zero:
            for old in sorted(self._folder(trainer).glob("images_*.ckpt"))[: -self.keep or None]:
                old.unlink()

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Find out now, not at the first score, whether the one to go by will be taken.

        Raises:
            UserError: if it will not.
        """
        super().on_train_start(trainer, pl_module)
        for callback in callbacks_of(trainer):
            if isinstance(callback, Scores) and callback.ready and self.monitor not in (None, *callback.scorer.names):
                names = ", ".join(callback.scorer.names)
                raise UserError(f"callback.checkpoint.monitor={self.monitor} is not among the scores: {names}.")

    def on_view(self, trainer: Trainer, gan: GAN, view: View) -> None:
        """Keep the best so far by the trend. Called by every process with the same results."""
        result = next((row for row in view.results if self.monitor in (None, row.name)), None)
        if result is None or not math.isfinite(result.value):
            return
        sign = 1 if result.lower_is_better else -1
        if self.best is None or self.best["name"] != result.name or sign * result.value < sign * self.best["value"]:
            self.best = {"name": result.name, "value": result.value, "images_seen": gan.images_seen}
            self._save(trainer, ["best.ckpt", "last.ckpt"])  # the last one knows what is the best

    def save_now(self, trainer: Trainer, gan: GAN) -> None:
        """Save the last checkpoint, if it is not there yet."""
        if self._acted_at != gan.images_seen:
            self._act(trainer, gan)

    def best_average(self, trainer: Trainer, gan: GAN) -> nn.Module:
        """Return the moving average that the best checkpoint holds."""
        state = read_checkpoint(self._folder(trainer) / "best.ckpt")["state_dict"]
        average = copy.deepcopy(gan.generator_ema)
        prefix = "generator_ema."
        average.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
        return average

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best = state_dict["best"]

    def _save(self, trainer: Trainer, names: Sequence[str]) -> None:
        cast(GAN, trainer.lightning_module).refuse_to_save_what_is_not_finite()
        folder = self._folder(trainer)
        unfinished = folder / ".unfinished.ckpt"
        trainer.save_checkpoint(unfinished)  # a collective: every process calls it, the first one writes
        if trainer.is_global_zero:
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())  # a rename must not reach the disk before the content does
            for name in names[1:]:
                copy = folder / f".unfinished-{name}"
                shutil.copyfile(unfinished, copy)
                os.replace(copy, folder / name)
            os.replace(unfinished, folder / names[0])
        trainer.strategy.barrier("checkpoint")

    @staticmethod
    def _folder(trainer: Trainer) -> Path:
        return Path(trainer.default_root_dir) / "checkpoints"

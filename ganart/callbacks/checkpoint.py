"""Checkpoints: last, best and every so many images, written atomically."""

from __future__ import annotations

import copy
import io
import math
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.plugins import TorchCheckpointIO
from torch import nn

from ganart.callbacks.clock import EveryImages
from ganart.callbacks.order import Order, callbacks_of
from ganart.callbacks.scores import Scores, Trend
from ganart.errors import UserError
from ganart.files.paths import RUN_ADVICE, replacing, writing_to
from ganart.gan import GAN
from ganart.runs.checkpoints import read_checkpoint


class Checkpoint(EveryImages):
    """The files `checkpoints/last.ckpt`, `best.ckpt` and, every `every_images`, `images_<seen>.ckpt`.

    `monitor` is the score whose trend decides which is best, for example `fid` or `fd_classifier`; None takes the first
    score. `keep` is the number of numbered checkpoints that stay, the latest; None keeps all. An interrupted run is
    saved too.
    """

    order = Order.CHECKPOINT

    def __init__(self, *, every_images: int = 0, monitor: str | None = None, keep: int | None = None) -> None:
        super().__init__(every_images=every_images)
        self.monitor = monitor
        self.keep = keep
        self.best: dict[str, Any] | None = None
        self._best_is_unsaved = False

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Check that `monitor` is among the scores, before training rather than at the first trend.

        Raises:
            UserError: if it is not.
        """
        super().on_train_start(trainer, pl_module)
        if trainer.is_global_zero:
            for unfinished in self._folder(trainer).glob(".*.ckpt"):  # of a process that was killed
                unfinished.unlink()
        for callback in callbacks_of(trainer):
            if isinstance(callback, Scores) and callback.ready and self.monitor not in (None, *callback.scorer.names):
                names = ", ".join(callback.scorer.names)
                raise UserError(f"callback.checkpoint.monitor={self.monitor} is not among the scores: {names}.")

    def on_trend(self, trainer: Trainer, gan: GAN, view: Trend) -> None:
        """Keep this round if its trend is the best so far; every process calls it with the same results."""
        result = next((row for row in view.results if self.monitor in (None, row.name)), None)
        if result is None or not math.isfinite(result.value):
            return
        sign = 1 if result.lower_is_better else -1
        if self.best is None or self.best["name"] != result.name or sign * result.value < sign * self.best["value"]:
            self.best = {"name": result.name, "value": result.value, "images_seen": gan.images_seen}
            self._best_is_unsaved = True

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        if self._best_is_unsaved or self.has_passed(pl_module.images_seen):
            self._act(trainer, pl_module)
        self._before = pl_module.images_seen

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self.save_now(trainer, pl_module)

    def save_now(self, trainer: Trainer, gan: GAN) -> None:
        """Save the last checkpoint unless it is saved already."""
        if self._best_is_unsaved or self._acted_at != gan.images_seen:
            self._act(trainer, gan)

    def act(self, trainer: Trainer, gan: GAN) -> None:
        """Write last.ckpt, and best.ckpt and the numbered checkpoint of the same round if they are due.

        All are copies of one state. last.ckpt is put in place after the others: a run that resumes from it does not
        write them again.
        """
        gan.refuse_to_save_what_is_not_finite()
        numbered = [f"images_{gan.images_seen:09d}.ckpt"] if self.has_passed(gan.images_seen) else []
        names = [*(["best.ckpt"] if self._best_is_unsaved else []), *numbered]
        self._best_is_unsaved = False
        folder = self._folder(trainer)
        if not trainer.is_global_zero:
            trainer.save_checkpoint(folder / "last.ckpt")  # all processes call it, and the first one writes
        else:
            with writing_to(folder, RUN_ADVICE):
                self._write(trainer, folder, names)
        trainer.strategy.barrier("checkpoint")

    def _write(self, trainer: Trainer, folder: Path, names: list[str]) -> None:
        with replacing(folder / "last.ckpt") as unfinished:
            trainer.save_checkpoint(unfinished)
            for name in names:
                with replacing(folder / name) as copy:
                    shutil.copyfile(unfinished, copy)
        if self.keep is not None:
            for old in sorted(folder.glob("images_*.ckpt"))[: -self.keep or None]:
                old.unlink()

    def best_average(self, trainer: Trainer, gan: GAN) -> nn.Module:
        """Return the moving average in the best checkpoint."""
        state = read_checkpoint(self._folder(trainer) / "best.ckpt")["state_dict"]
        average = copy.deepcopy(gan.generator_ema)
        prefix = "generator_ema."
        average.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
        return average

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best = state_dict["best"]

    @staticmethod
    def _folder(trainer: Trainer) -> Path:
        return Path(trainer.default_root_dir) / "checkpoints"


class WholeFile(TorchCheckpointIO):
    """Writing of checkpoints at their final place, with fsync.

    Lightning's plugin writes into the system's temporary folder, which may be small, and moves the file. A removed run
    folder is not created again, because its other contents are lost.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        content = io.BytesIO()
        torch.save(checkpoint, content)
        with open(path, "wb") as file:
            file.write(content.getbuffer())
            file.flush()
            os.fsync(file.fileno())  # the content must reach the disk before a rename does

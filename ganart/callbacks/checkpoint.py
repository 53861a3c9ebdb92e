"""Checkpoints: last, best and every so many images; a file is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning import Trainer

from ganart.callbacks.clock import EveryImages
from ganart.errors import UserError
from ganart.gan import GAN
from ganart.metrics import Result


class Checkpoint(EveryImages):
    """Writes `checkpoints/last.ckpt`, `best.ckpt` and, every `every_images`, `images_<seen>.ckpt`.

    `monitor` names the score that decides what is best (`fid` or `fd_classifier`, say); null takes the first score that
    is taken. `keep` limits how many of the numbered checkpoints stay, the latest; null keeps all.
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

    def on_scoring(self, trainer: Trainer, gan: GAN, share_done: float) -> None:
        """Only the result matters here."""

    def on_scores(self, trainer: Trainer, gan: GAN, results: Sequence[Result]) -> None:
        """Keep the best so far. Called by every process with the same results."""
        result = self._monitored(results)
        sign = 1 if result.lower_is_better else -1
        if self.best is None or self.best["name"] != result.name or sign * result.value < sign * self.best["value"]:
            self.best = {"name": result.name, "value": result.value, "images_seen": gan.images_seen}
            self._save(trainer, ["best.ckpt"])

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best = state_dict["best"]

    def _monitored(self, results: Sequence[Result]) -> Result:
        wanted = [result for result in results if self.monitor in (None, result.name)]
        if not wanted:
            names = ", ".join(result.name for result in results)
            raise UserError(f"callback.checkpoint.monitor={self.monitor} is not among the scores taken: {names}.")
        return wanted[0]

    def _save(self, trainer: Trainer, names: Sequence[str]) -> None:
        folder = self._folder(trainer)
        unfinished = folder / ".unfinished.ckpt"
        trainer.save_checkpoint(unfinished)  # a collective: every process calls it, the first one writes
        if trainer.is_global_zero:
            for name in names[1:]:
                copy = folder / f".unfinished-{name}"
                shutil.copyfile(unfinished, copy)
                os.replace(copy, folder / name)
            os.replace(unfinished, folder / names[0])
        trainer.strategy.barrier("checkpoint")

    @staticmethod
    def _folder(trainer: Trainer) -> Path:
        return Path(trainer.default_root_dir) / "checkpoints"

"""Weights & Biases: online, offline or disabled."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import wandb
from PIL.Image import Image
from pytorch_lightning.loggers import WandbLogger as LightningWandbLogger
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ganart.errors import UserError
from ganart.loggers.base import ExperimentLogger

CLOCK = "images_seen"
MODES = ("online", "offline", "disabled")
log = logging.getLogger(__name__)


class WandbLogger(LightningWandbLogger, ExperimentLogger):
    """Lightning's, with `images_seen` as the axis of everything, and one W&B run per job.

    The run's id is a function of the run folder, so a resumed run goes on in the same W&B run. `close` finishes it:
    without that, W&B would pour the next job of a multirun into the same run.
    """

    def __init__(
        self,
        *,
        folder: str | Path,
        project: str = "ganart",
        mode: str = "online",
        name: str | None = None,
        group: str | None = None,
        job_type: str = "train",
        tags: Sequence[str] = (),
        entity: str | None = None,
    ) -> None:
        if mode not in MODES:
            raise UserError(f"logger.wandb.mode={mode} is not one of {', '.join(MODES)}.")
        if mode == "online":
            _check_key()
        super().__init__(
            project=project,
            name=name,
            save_dir=str(folder),
            id=hashlib.sha256(str(Path(folder).resolve()).encode()).hexdigest()[:12],
            resume="allow",
            group=group,
            job_type=job_type,
            tags=list(tags),
            entity=entity,
            log_model=False,
            mode=mode,
        )
        self._axes_set = False
        self._scores: set[str] = set()

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self._set_axes()
        self.experiment.log({**metrics, CLOCK: step})

    @rank_zero_only
    def log_pictures(self, name: str, picture: Image, images_seen: int) -> None:
        self._set_axes()
        image = wandb.Image(picture, caption=f"{images_seen:,} images seen")
        self.experiment.log({name: image, CLOCK: images_seen})

    @rank_zero_only
    def expect_scores(self, lower_is_better: Mapping[str, bool]) -> None:
        self._set_axes()
        for name in lower_is_better.keys() - self._scores:
            self.experiment.define_metric(name, step_metric=CLOCK, summary="min" if lower_is_better[name] else "max")
        self._scores |= lower_is_better.keys()

    @rank_zero_only
    def log_protocols(self, protocols: Mapping[str, Mapping[str, Any]]) -> None:
        self.experiment.summary.update({f"{name}/protocol": dict(protocol) for name, protocol in protocols.items()})

    @rank_zero_only
    def close(self) -> None:
        if self._experiment is not None:
            self._experiment.finish()
            wandb.teardown()

    def _set_axes(self) -> None:
        """Make images seen the axis; Lightning has made its own batch count the axis of everything."""
        if not self._axes_set:
            self._axes_set = True
            self.experiment.define_metric(CLOCK, hidden=True)
            self.experiment.define_metric("*", step_metric=CLOCK)


def _check_key() -> None:
    if not wandb.api.api_key:
        raise UserError(
            "logger=wandb: no W&B API key was found. Three ways out:\n"
            "  log in once:            wandb login\n"
            "  keep it on this disk:   logger.wandb.mode=offline   (then: wandb sync RUN_FOLDER/wandb/offline-run-*)\n"
            "  leave W&B out:          logger.wandb.mode=disabled"
        )

"""Weights & Biases: online, offline or disabled."""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec

import wandb
from PIL.Image import Image
from pytorch_lightning.loggers import WandbLogger as LightningWandbLogger
from pytorch_lightning.loggers.logger import rank_zero_experiment
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from wandb.sdk.wandb_run import Run

from ganart.console import console
from ganart.errors import UserError
from ganart.loggers.base import ExperimentLogger

CLOCK = "images_seen"
MODES = ("online", "offline", "disabled")
log = logging.getLogger(__name__)
Arguments = ParamSpec("Arguments")


def never_ends_a_training(method: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Tell once when W&B fails, and go on: what is in the run folder does not depend on it."""

    @functools.wraps(method)
    def wrapped(*arguments: Arguments.args, **named: Arguments.kwargs) -> None:
        try:
            method(*arguments, **named)
        except Exception as error:
            logger = arguments[0]
            assert isinstance(logger, WandbLogger)
            logger.tell_failure(error)

    return wrapped


class WandbLogger(LightningWandbLogger, ExperimentLogger):
    """Lightning's, with `images_seen` as the axis of everything, and one W&B run per job.

    The run's id is a function of the run folder, so a resumed run goes on in the same W&B run. `close` finishes it:
    without that, W&B would pour the next job of a multirun into the same run. With `log_model` the last and the best
    checkpoint are kept as artifacts when the run ends.
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
        log_model: bool = False,
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
        self._folder = Path(folder)
        self._offline = mode != "online"
        self._keeps_models = log_model
        self._axes_set = False
        self._has_failed = False
        self._scores: set[str] = set()

    @property
    @rank_zero_experiment
    def experiment(self) -> Run:
        """The run at W&B; one that goes nowhere but into the run folder where W&B cannot be reached."""
        try:
            return super().experiment
        except Exception as error:
            self.tell_failure(error)
            self._offline = True
            self._wandb_init["mode"] = "offline"
            return super().experiment

    @rank_zero_only
    @never_ends_a_training
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        super().log_hyperparams(params, *args, **kwargs)

    @rank_zero_only
    @never_ends_a_training
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self._set_axes()
        self.experiment.log({**metrics, CLOCK: step})

    @rank_zero_only
    @never_ends_a_training
    def log_pictures(self, name: str, picture: Image, images_seen: int) -> None:
        self._set_axes()
        image = wandb.Image(picture, caption=f"{images_seen:,} images seen")
        self.experiment.log({name: image, CLOCK: images_seen})

    @rank_zero_only
    @never_ends_a_training
    def log_moving_picture(self, name: str, file: Path, images_seen: int) -> None:
        self._set_axes()
        video = wandb.Video(str(file), caption=f"{images_seen:,} images seen", format="gif")
        self.experiment.log({name: video, CLOCK: images_seen})

    @rank_zero_only
    @never_ends_a_training
    def log_rows(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], images_seen: int) -> None:
        self._set_axes()
        table = wandb.Table(columns=list(columns), data=[list(row) for row in rows])
        self.experiment.log({name: table, CLOCK: images_seen})

    @rank_zero_only
    @never_ends_a_training
    def expect_scores(self, lower_is_better: Mapping[str, bool]) -> None:
        self._set_axes()
        for name in lower_is_better.keys() - self._scores:
            self.experiment.define_metric(name, step_metric=CLOCK, summary="min" if lower_is_better[name] else "max")
        self._scores |= lower_is_better.keys()

    @rank_zero_only
    @never_ends_a_training
    def log_protocols(self, protocols: Mapping[str, Mapping[str, Any]]) -> None:
        self.experiment.summary.update({f"{name}/protocol": dict(protocol) for name, protocol in protocols.items()})

    @rank_zero_only
    @never_ends_a_training
    def log_dataset(self, name: str, facts: Mapping[str, Any]) -> None:
        artifact = wandb.Artifact(_artifact_name(f"{name}-data"), type="dataset", metadata=dict(facts))
        artifact.add_file(str(self._folder / "dataset.json"))
        if self._offline:  # what a run uses can be asked of the server only
            self.experiment.log_artifact(artifact)
        else:
            self.experiment.use_artifact(artifact)

    @rank_zero_only
    @never_ends_a_training
    def log_run_folder(self, facts: Mapping[str, Any]) -> None:
        pictures = wandb.Artifact(f"{self._id}-pictures", type="pictures", metadata=dict(facts))
        samples = self._folder / "samples"
        for file in [*sorted(samples.glob("images_*.png"))[-1:], samples / "walk.gif", samples / "nearest.png"]:
            if file.is_file():
                pictures.add_file(str(file))
        self.experiment.log_artifact(pictures)
        if self._keeps_models:
            for which in ("last", "best"):
                if (file := self._folder / "checkpoints" / f"{which}.ckpt").is_file():
                    model = wandb.Artifact(f"{self._id}-{which}", type="model", metadata=dict(facts))
                    model.add_file(str(file))
                    self.experiment.log_artifact(model, aliases=[which])

    @rank_zero_only
    @never_ends_a_training
    def close(self) -> None:
        if self._experiment is not None:
            try:
                self._experiment.finish()
            finally:  # or the next job would go on in this run
                wandb.teardown()

    def tell_failure(self, error: Exception) -> None:
        """Say that W&B failed, once; the details go to log.txt."""
        log.warning("W&B: %s", error, exc_info=error)
        if not self._has_failed:
            self._has_failed = True
            console.print(
                f"wandb     failed, and training goes on: {error}. Everything is in the run folder; what W&B has "
                "kept there can be sent later: wandb sync RUN_FOLDER/wandb/*run-*",
                soft_wrap=True,
            )

    def _set_axes(self) -> None:
        """Make images seen the axis; Lightning has made its own batch count the axis of everything."""
        if not self._axes_set:
            self._axes_set = True
            self.experiment.define_metric(CLOCK, hidden=True)
            self.experiment.define_metric("*", step_metric=CLOCK)


def _artifact_name(wanted: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in wanted)


def _check_key() -> None:
    if not wandb.api.api_key:
        raise UserError(
            "logger=wandb: no W&B API key was found. Three ways out:\n"
            "  log in once:            wandb login\n"
            "  keep it on this disk:   logger.wandb.mode=offline   (then: wandb sync RUN_FOLDER/wandb/offline-run-*)\n"
            "  leave W&B out:          logger.wandb.mode=disabled"
        )

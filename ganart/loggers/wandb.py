"""The Weights & Biases logger: online, offline or disabled."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL.Image import Image
from pytorch_lightning.loggers import WandbLogger as LightningWandbLogger
from pytorch_lightning.loggers.logger import rank_zero_experiment
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ganart.console import console
from ganart.errors import UserError
from ganart.loggers.base import ExperimentLogger, refuse_without

if TYPE_CHECKING:  # importing wandb takes a second, and few runs use it
    from wandb.sdk.wandb_run import Run

CLOCK = "images_seen"
MODES = ("online", "offline", "disabled")
SECONDS_TO_BEGIN = 15


class WandbLogger(LightningWandbLogger, ExperimentLogger):
    """Lightning's W&B logger with `images_seen` as the axis of everything, and one W&B run per job.

    Arguments that are None come from W&B's own variables: WANDB_MODE, WANDB_DISABLED, WANDB_PROJECT, WANDB_ENTITY,
    WANDB_TAGS. The run's id is a hash of the run folder's path, so a resumed run continues in the same W&B run. `close`
    finishes it; otherwise W&B would log the next job of a multirun into the same run. With `log_model` the last and the
    best checkpoint are saved as artifacts when the run ends.
    """

    after_failure = (
        "Everything is in the run folder; what W&B has kept there can be sent later: wandb sync RUN_FOLDER/wandb/*run-*"
    )

    def __init__(
        self,
        *,
        folder: str | Path,
        project: str | None = None,
        mode: str | None = None,
        name: str | None = None,
        group: str | None = None,
        job_type: str = "train",
        tags: str | Sequence[str] | None = None,
        entity: str | None = None,
        log_model: bool = False,
    ) -> None:
        refuse_without("wandb")
        import wandb

        mode = mode or _mode_of_environment()
        if mode not in MODES:
            raise UserError(f"logger.wandb.mode={mode} is not one of {', '.join(MODES)}.")
        if mode == "online":
            _check_key()
        tags = os.environ.get("WANDB_TAGS", "") if tags is None else tags
        project = project or os.environ.get("WANDB_PROJECT") or "ganart"
        _check_project(project)
        super().__init__(
            project=project,
            name=name,
            save_dir=str(folder),
            id=hashlib.sha256(str(Path(folder).resolve()).encode()).hexdigest()[:12],
            resume="allow",
            group=group,
            job_type=job_type,
            tags=[tag for tag in tags.split(",") if tag] if isinstance(tags, str) else list(tags),
            entity=entity or os.environ.get("WANDB_ENTITY") or None,
            log_model=False,
            mode=mode,
            # Do not publish the name of the machine and paths in it.
            settings=wandb.Settings(init_timeout=SECONDS_TO_BEGIN, x_disable_meta=True, host=""),
        )
        self._folder = Path(folder)
        self._stays_here = mode != "online"
        self._keeps_models = log_model
        self._axes_set = False
        self._scores: set[str] = set()

    @property
    @rank_zero_experiment
    def experiment(self) -> Run:
        """The W&B run; if W&B cannot be reached, an offline run in the run folder."""
        try:
            return super().experiment
        except Exception as error:
            import wandb

            if self._stays_here:
                raise
            console.say(f"wandb     cannot be reached: {error}. {self.after_failure}")
            wandb.teardown()  # otherwise the run that failed to begin still holds the id
            self._stays_here = True
            self._wandb_init["mode"] = "offline"
            return super().experiment

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        super().log_hyperparams(params, *args, **kwargs)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self._set_axes()
        self.experiment.log({**metrics, CLOCK: step})

    @rank_zero_only
    def log_pictures(self, name: str, picture: Image, images_seen: int) -> None:
        self._set_axes()
        import wandb

        image = wandb.Image(picture, caption=f"{images_seen:,} images seen")
        self.experiment.log({name: image, CLOCK: images_seen})

    @rank_zero_only
    def log_moving_picture(self, name: str, file: Path, images_seen: int) -> None:
        self._set_axes()
        import wandb

        video = wandb.Video(str(file), caption=f"{images_seen:,} images seen", format="gif")
        self.experiment.log({name: video, CLOCK: images_seen})

    @rank_zero_only
    def log_rows(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], images_seen: int) -> None:
        self._set_axes()
        import wandb

        table = wandb.Table(columns=list(columns), data=[list(row) for row in rows])
        self.experiment.log({name: table, CLOCK: images_seen})

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
    def log_dataset(self, name: str, facts: Mapping[str, Any]) -> None:
        import wandb

        artifact = wandb.Artifact(_artifact_name(f"{name}-data"), type="dataset", metadata=dict(facts))
        artifact.add_file(str(self._folder / "dataset.json"))
        if self._stays_here:  # `use_artifact` needs the server
            self.experiment.log_artifact(artifact)
        else:
            self.experiment.use_artifact(artifact)

    @rank_zero_only
    def log_run_folder(self, facts: Mapping[str, Any]) -> None:
        import wandb

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
    def close(self) -> None:
        if self._experiment is not None:
            import wandb

            try:
                self._experiment.finish()
            finally:  # otherwise the next job would continue in this run
                wandb.teardown()

    def _set_axes(self) -> None:
        """Make images seen the axis of everything; Lightning uses its own step."""
        if not self._axes_set:
            self._axes_set = True
            self.experiment.define_metric(CLOCK, hidden=True)
            self.experiment.define_metric("*", step_metric=CLOCK)


def _artifact_name(wanted: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in wanted)


def _mode_of_environment() -> str:
    """Return the mode that W&B's own variables set, in the words of `MODES`."""
    if os.environ.get("WANDB_DISABLED", "").lower() in ("true", "1", "yes", "on"):
        return "disabled"
    mode = os.environ.get("WANDB_MODE") or "online"
    return {"dryrun": "offline", "run": "online"}.get(mode, mode)


def _check_project(name: str) -> None:
    """Raise `UserError` for an invalid project name, which W&B would only report after the training has begun."""
    import wandb

    try:
        wandb.Settings(project=name)
    except Exception as error:
        reason = str(error).replace("Value error, ", "")
        raise UserError(f"logger.wandb.project={name}: {reason}") from error


def _check_key() -> None:
    import wandb

    if not wandb.api.api_key:
        raise UserError(
            "logger=wandb: no W&B API key was found. Three ways out:\n"
            "  log in once:            wandb login\n"
            "  keep it on this disk:   logger.wandb.mode=offline   (then: wandb sync RUN_FOLDER/wandb/offline-run-*)\n"
            "  leave W&B out:          logger.wandb.mode=disabled"
        )

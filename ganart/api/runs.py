"""Runs as objects: training, loading, and generating."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig
from PIL import Image

from ganart.api.compose import as_typed, composed
from ganart.codecs.image import save_picture
from ganart.command_line.run_dirs import with_folder_to_resume, without_resume
from ganart.datasets.base import PictureSet
from ganart.files.paths import latest_run, remove_if_nothing_is_in
from ganart.generation.painter import Painter, Recipe, device_of
from ganart.generation.provenance import refuse_to_overwrite
from ganart.generation.recipes import caption_of, names_of, plan, seeds_in
from ganart.grids import grid
from ganart.runs.folder import RunFolder
from ganart.training.processes import is_child
from ganart.training.resume import Resume
from ganart.training.run import train as train_in

MOST_ON_SHEET = 64


@dataclass(frozen=True)
class Pictures:
    """Generated pictures in memory, displayed by notebooks as a sheet."""

    images: np.ndarray = field(repr=False)
    """uint8 [N, H, W, C]."""

    recipes: list[Recipe]
    """Seed, class names by factor and truncation of each."""

    painter: Painter = field(repr=False)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def labels(self) -> list[dict[str, str]]:
        """The class names that each picture was conditioned on, by factor."""
        return [recipe.labels for recipe in self.recipes]

    @property
    def pil(self) -> list[Image.Image]:
        """The pictures as Pillow images."""
        return [Image.fromarray(image[..., 0] if image.shape[2] == 1 else image) for image in self.images]

    def sheet(self, columns: int = 8) -> Image.Image:
        """Draw the first pictures, at most 64, on one sheet with captions."""
        captions = [caption_of(recipe) for recipe in self.recipes[:MOST_ON_SHEET]]
        return grid(self.images[:MOST_ON_SHEET], columns, captions=captions)

    def save(self, folder: str | Path) -> list[Path]:
        """Write one PNG per picture into `folder`, with the origin that `ganart regenerate` reads; return the files.

        Raises:
            UserError: if one of the files exists and is a picture of another recipe.
        """
        folder = Path(folder).expanduser()
        files = [folder / f"{name}.png" for name in names_of(self.recipes, self.painter.factors)]
        planned = zip(files, (self.painter.origin(recipe, folder) for recipe in self.recipes), strict=True)
        refuse_to_overwrite(planned, None, "Save into another folder.")
        folder.mkdir(parents=True, exist_ok=True)
        self.painter.keep_checkpoint()
        for image, recipe, file in zip(self.images, self.recipes, files, strict=True):
            save_picture(image, file, self.painter.origin(recipe, folder))
        return files

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.sheet().save(stream, "PNG")
        return stream.getvalue()


@dataclass(frozen=True)
class TrainedRun:
    """A run folder with its generator."""

    folder: RunFolder
    painter: Painter = field(repr=False)

    @property
    def path(self) -> Path:
        return self.folder.path

    @property
    def config(self) -> DictConfig:
        """The configuration of the run, with every value."""
        return self.folder.config

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The content of `summary.json`: scores with protocols, cost, versions; empty for an unfinished run."""
        return self.folder.summary

    @property
    def scores(self) -> dict[str, float]:
        """The final scores by name; `summary["scores"]` has their floors, deviations and protocols."""
        return {name: row["value"] for name, row in self.summary.get("scores", {}).items()}

    @property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """The class names of each factor that the generator is conditioned on."""
        return {factor.name: factor.classes for factor in self.painter.factors}

    @property
    def generator(self) -> torch.nn.Module:
        """The network: latents [N, latent_dim] and labels int64 [N, F] to images [N, C, H, W] in [−1, 1]."""
        return self.painter.generator

    def pictures(self, root: str | Path | None = None) -> PictureSet:
        """Return the run's data set with its splits `train` and `test`; `root` is its present folder if it has moved.

        Raises:
            UserError: if they cannot be found, or have changed.
        """
        return self.folder.pictures(moved={"root": root and str(root)}, allow=self.painter.allow)

    def generate(
        self,
        seeds: Iterable[int] | int | str = range(8),
        labels: Mapping[str, str | Sequence[str]] | None = None,
        *,
        truncation: float | None = None,
    ) -> Pictures:
        """Generate one picture per seed and combination of labels, with the same pixels as `ganart generate`.

        Args:
            seeds: numbers, or `"0-63"` as on the command line.
            labels: `{"style": "cubist"}`; several classes as a list, or `"all"`. The class of a factor that is not
                named is drawn by each seed.
            truncation: τ of `ganart.generation.latents.code_of`: the smaller, the less variety; None for none.

        Raises:
            UserError: for a factor or class that the generator is not conditioned on.
        """
        numbers = (
            seeds_in(seeds) if isinstance(seeds, str) else [seeds] if isinstance(seeds, int) else list(map(int, seeds))
        )
        wanted = {name: [*map(str, few)] if not isinstance(few, str) else few for name, few in (labels or {}).items()}
        recipes = plan(self.painter.factors, numbers, wanted, truncation)
        return Pictures(np.stack([self.painter.paint(recipe) for recipe in recipes]), recipes, self.painter)


def load(
    run: str | Path = "latest",
    *,
    checkpoint: str = "best",
    average: bool = True,
    device: str = "auto",
    allow_targets: Sequence[str] = (),
) -> TrainedRun:
    """Open a run folder, or one of its checkpoints.

    Args:
        run: the folder, `runs/mnist/2026-01-31_20-15-00`, or a file of its `checkpoints/`; the latest below `runs/`.
        checkpoint: best, last, or a file name in `checkpoints/`.
        average: True for the generator's moving average, False for its raw weights.
        device: auto, cpu or cuda.
        allow_targets: packages beside ganart whose networks the run may name.

    Raises:
        UserError: if there is no such run or checkpoint.
    """
    if str(run) == "latest" and not Path(run).exists():
        run = latest_run().absolute()
    folder = RunFolder.open(run)
    which = str(run) if Path(run).expanduser().is_file() else checkpoint
    painter = Painter(folder, folder.checkpoint(which), average, device_of(device), tuple(allow_targets))
    return TrainedRun(folder, painter)


def train(*overrides: str, config_dir: str | Path | None = None) -> TrainedRun:
    """Train a GAN like `ganart train` with the same overrides, and return the run.

    Args:
        overrides: as on the command line, without a shell's quotes: `"experiment=mnist"`, `"total_images=20_000"`.
            `"hydra.run.dir=FOLDER"` names the run folder, `"resume=FOLDER"` resumes a run.
        config_dir: a folder of groups and recipes of your own, as `--config-dir`.

    Raises:
        UserError: if the configuration is not valid, listing all problems.
        TrainingDivergedError: if a loss or a gradient became infinite or NaN.
    """
    typed = as_typed(overrides, config_dir)
    cfg = composed(with_folder_to_resume(typed), "train", config_dir, creates_folder=True)
    try:
        run, _ = train_composed(cfg, without_resume(typed))
    except BaseException:
        remove_if_nothing_is_in(Path(cfg.run_folder))
        raise
    return load(run.path, checkpoint="best", allow_targets=tuple(cfg.allow_targets))


def train_composed(cfg: DictConfig, overrides: list[str]) -> tuple[RunFolder, int | None]:
    """Train the run of `cfg`, composed from `overrides`, in its `run_folder`.

    Returns:
        The run, and the exit status of the command: 0, or 128 plus the number of the signal that stopped it; None if
        `resume=auto` finds the run finished.
    """
    run = RunFolder(Path(cfg.run_folder))
    resume = Resume.find(cfg.resume, overrides, run)
    if cfg.resume == "auto" and run.has_finished and not (resume and resume.overrides):
        return run, None
    if resume is not None and not is_child():
        cfg, overrides = resume.config(cfg), resume.all_overrides
    return run, train_in(cfg, run, overrides, resume)

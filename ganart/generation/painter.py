"""Trained generators that make pictures from recipes, and the origins of these pictures."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from ganart.codecs import Codec, ImageCodec
from ganart.datasets.base import UNKNOWN, Factor
from ganart.errors import UserError
from ganart.files.paths import unplaced
from ganart.files.places import seen_from
from ganart.generation.latents import samples_of
from ganart.layers.conditioning import one_hot
from ganart.machine import threads
from ganart.machine.hardware import full_float32
from ganart.runs.checkpoints import sha256_of
from ganart.runs.folder import RunFolder
from ganart.runs.summary import device_name, versions


@dataclass(frozen=True)
class Recipe:
    """The inputs of one generated picture: a seed, class names by factor, and the truncation."""

    seed: int
    labels: dict[str, str]
    truncation: float | None = None


@dataclass(frozen=True)
class Painter:
    """A generator of a run that makes pictures in float32, one at a time, so that pixels do not depend on a batch."""

    run: RunFolder
    checkpoint: Path
    average: bool
    device: torch.device
    allow: tuple[str, ...] = ()

    @cached_property
    def generator(self) -> torch.nn.Module:
        return self.run.generator(self.checkpoint, average=self.average, allow=self.allow).to(self.device)

    @property
    def latent_dim(self) -> int:
        return cast(int, self.generator.latent_dim)

    @property
    def factors(self) -> list[Factor]:
        """The factors that the generator is conditioned on."""
        return self.run.condition_factors

    def paint(self, recipe: Recipe) -> np.ndarray:
        """Generate the picture of `recipe`, uint8 [H, W, C]."""
        labels = torch.tensor([[self._class(factor, recipe.labels.get(factor.name)) for factor in self.factors]])
        labels = labels.reshape(1, len(self.factors)).long()
        return self.paint_all([recipe.seed], labels, truncation=recipe.truncation)[0].cpu().numpy()

    @torch.inference_mode()
    def paint_all(self, seeds: list[int], labels: torch.Tensor, *, truncation: float | None = None) -> torch.Tensor:
        """Generate a batch from seeds and labels int64 [N, F], uint8 [N, H, W, C]: faster, for scores."""
        weights = one_hot(labels, [len(factor.classes) for factor in self.factors]).to(self.device)
        with full_float32(self.device):
            return self.codec.to_stored(samples_of(self.generator, seeds, weights, truncation=truncation))

    @property
    def codec(self) -> Codec:
        return ImageCodec()

    def keep_checkpoint(self) -> None:
        """Keep `last` or `best` under a second name: further training overwrites it, and its pictures refer to it."""
        kept = self.checkpoint.with_name(f"painted_{self._origin_of_all['checkpoint_sha256'][:12]}.ckpt")
        if self.checkpoint.stem in ("last", "best") and not kept.exists():
            try:
                os.link(self.checkpoint, kept)  # a hard link: no bytes are copied
            except OSError:
                with suppress(OSError):  # a run that cannot be written to is not trained further there either
                    shutil.copyfile(self.checkpoint, kept)

    def origin(self, recipe: Recipe, folder: Path) -> dict[str, Any]:
        """Return the origin of a picture of `recipe` in `folder`: all that tracing and regenerating it needs."""
        return {
            **self._origin_of_all,
            "run_from_here": seen_from(folder, self.run.path),
            "seed": recipe.seed,
            "labels": recipe.labels,
            "latents": {
                "distribution": "N(0, I)",
                "dim": self.latent_dim,
                "drawn": "on the CPU, by this seed alone",
            },
            "truncation": recipe.truncation,
        }

    @cached_property
    def _origin_of_all(self) -> dict[str, Any]:
        config = (self.run.path / "config.yaml").read_bytes()
        data = self.run.dataset
        return {
            "versions": versions(),
            "device": device_name(self.device),
            "device_type": self.device.type,
            "run": unplaced(self.run.path),
            "checkpoint": self.checkpoint.name,
            "checkpoint_sha256": sha256_of(self.checkpoint),
            "config_sha256": hashlib.sha256(config).hexdigest(),
            "weights": "average" if self.average else "raw",
            "dataset": {key: data[key] for key in ("name", "hash", "manifest_hash", "licence")},
        }

    @staticmethod
    def _class(factor: Factor, name: str | None) -> int:
        return UNKNOWN if name is None else factor.classes.index(name)


def device_of(wanted: str) -> torch.device:
    """Return the device `wanted`; `auto` is the GPU if there is one. For a CPU, set the fastest number of threads.

    Raises:
        UserError: if torch cannot use that device.
    """
    try:
        device = torch.device(wanted if wanted != "auto" else "cuda" if torch.cuda.is_available() else "cpu")
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(
            f"device={wanted} cannot be used: {error}. Use device=cpu, device=cuda or device=auto."
        ) from error
    if device.type == "cpu":
        threads.use(threads.choose("auto", threads.stand_in).count)
    return device

"""An animated walk through the latents at the end of a run."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from torch import Tensor

from ganart.callbacks.clock import EveryImages, experiment_loggers
from ganart.callbacks.order import Order
from ganart.callbacks.samples import layout
from ganart.datasets.loader import BatchLoader
from ganart.gan import GAN
from ganart.grids import SHEET, grid
from ganart.seeds import latents_of

TILES = 8
MILLISECONDS = 90


class LatentWalk(EveryImages):
    """The file `samples/walk.gif`: `frames` frames on a closed path through the latents of a few seeds.

    With labels, all tiles have the same path and different classes, which separates the effects of latents and class.
    Without labels, each tile has its own path.
    """

    order = Order.FAREWELL

    def __init__(self, *, frames: int = 48, seeds: int = 4) -> None:
        super().__init__(every_images=0)
        self.frames = frames
        self.seeds = seeds

    @rank_zero_only
    def act(self, trainer: Trainer, gan: GAN) -> None:
        loader = cast(BatchLoader, trainer.train_dataloader)
        labels, columns = layout([loader.pictures.factor(name) for name in loader.condition])
        labels = labels[::columns][:TILES] if len(loader.condition) == 1 else labels[:TILES]
        if loader.condition:
            ways = [closed_path(latents_of(list(range(self.seeds)), gan.latent_dim), self.frames)] * len(labels)
        else:
            starts = [list(range(self.seeds * tile, self.seeds * (tile + 1))) for tile in range(TILES)]
            ways = [closed_path(latents_of(seeds, gan.latent_dim), self.frames) for seeds in starts]
        sheets = [
            grid(gan.generate(latents, labels).cpu().numpy(), 4, min_side=96) for latents in torch.stack(ways, dim=1)
        ]
        file = Path(trainer.default_root_dir) / "samples" / "walk.gif"
        sheets[0].save(
            file, save_all=True, append_images=sheets[1:], duration=MILLISECONDS, loop=0, comment=SHEET.encode()
        )
        for logger in experiment_loggers(trainer):
            logger.log_moving_picture("samples/walk", file, gan.images_seen)


def closed_path(stations: Tensor, frames: int) -> Tensor:
    """Return latents [frames, Z] on arcs from each of `stations` [K, Z] to the next and from the last to the first.

    Spherical interpolation (White 2016, arXiv:1609.04468, section 2.1): straight lines pass near the origin, where
    latents of a Gaussian are hardly ever drawn.
    """
    along = torch.arange(frames) * len(stations) / frames
    start, share = along.long(), (along - along.floor()).unsqueeze(1)
    a, b = stations[start], stations[(start + 1) % len(stations)]
    cosine = torch.nn.functional.cosine_similarity(a, b, dim=1).clamp(-1, 1)
    angle = cosine.acos().clamp(min=1e-6).unsqueeze(1)
    return (((1 - share) * angle).sin() * a + (share * angle).sin() * b) / angle.sin()

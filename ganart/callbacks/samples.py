"""The same latents painted again and again: how the generator learns, as pictures."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import cast

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ganart.callbacks.clock import EveryImages, experiment_loggers
from ganart.callbacks.order import Order
from ganart.datasets.base import Factor
from ganart.datasets.loader import BatchLoader
from ganart.gan import GAN
from ganart.grids import grid, save_sheet
from ganart.seeds import latents_of

MOST_PER_SIDE = 10


class Samples(EveryImages):
    """Writes `samples/images_<seen>.png` from the moving average, with fixed seeds.

    Without labels 8 × 8 pictures; told one factor, one row a class; told two, the first across and the second down.
    """

    order = Order.SAMPLES

    at_start = True

    @rank_zero_only
    def act(self, trainer: Trainer, gan: GAN) -> None:
        loader = cast(BatchLoader, trainer.train_dataloader)
        labels, columns = layout([loader.pictures.factor(name) for name in loader.condition])
        latents = latents_of(list(range(len(labels))), gan.latent_dim)
        pictures = torch.cat([gan.generate(*part) for part in zip(latents.split(16), labels.split(16), strict=True)])
        image = grid(pictures.cpu().numpy(), columns)
        save_sheet(image, Path(trainer.default_root_dir) / "samples" / f"images_{gan.images_seen:09d}.png")
        for logger in experiment_loggers(trainer):
            logger.log_pictures("samples/grid", image, gan.images_seen)


def layout(factors: list[Factor]) -> tuple[torch.Tensor, int]:
    """Labels [N, F] for a grid of pictures in reading order, and its number of columns."""
    sizes = [min(len(factor.classes), MOST_PER_SIDE) for factor in factors]
    if not sizes:
        return torch.zeros(64, 0, dtype=torch.int64), 8
    if len(sizes) == 1:
        return torch.arange(sizes[0]).repeat_interleave(8).unsqueeze(1), 8
    cells = [(across, down) for down, across in product(range(sizes[1]), range(sizes[0]))]
    rest = [[cell % size for size in sizes[2:]] for cell in range(len(cells))]
    return torch.tensor([[*cell, *others] for cell, others in zip(cells, rest, strict=True)]), sizes[0]

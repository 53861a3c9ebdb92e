"""A sheet of generated images and their nearest training images at the end of a run."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
from pytorch_lightning import Trainer
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ganart.callbacks.clock import EveryImages, experiment_loggers
from ganart.callbacks.order import Order, callbacks_of
from ganart.callbacks.scores import Scores
from ganart.datasets.loader import BatchLoader
from ganart.gan import GAN
from ganart.grids import grid, save_sheet
from ganart.metrics.neighbours import nearest


class NearestWorks(EveryImages):
    """The file `samples/nearest.png`: in each row a generated image, then its nearest training images, `works` many.

    Distances are those of the features extracted for the scores, among the scored real images, and so cost nothing;
    `ganart audit` detects copies. It acts after `scores`.
    """

    order = Order.FAREWELL

    def __init__(self, *, rows: int = 8, works: int = 6) -> None:
        super().__init__(every_images=0)
        self.rows = rows
        self.works = works

    @rank_zero_only
    def act(self, trainer: Trainer, gan: GAN) -> None:
        callbacks = callbacks_of(trainer)
        scores = next((c for c in callbacks if isinstance(c, Scores)), None)
        if scores is None or scores.seen is None:
            return
        fake, real = scores.seen.take(slice(0, self.rows)), scores.scorer.real
        _, positions = nearest(fake.features, real.features, min(self.works, len(real)))
        loader = cast(BatchLoader, trainer.train_dataloader)
        works = scores.scorer.store.positions("train", scores.scorer.num_images)[positions.cpu().numpy()]
        painted = scores.generated(trainer, gan, gan.generate)(list(range(len(fake))))[0].cpu().numpy()
        rows = [
            np.concatenate([picture[None], loader.pictures.train.pictures(near)])
            for picture, near in zip(painted, works, strict=True)
        ]
        captions = ["generated", *(f"{n}." for n in range(1, works.shape[1] + 1))] * len(rows)
        sheet = grid(np.concatenate(rows), 1 + works.shape[1], captions=captions)
        save_sheet(sheet, Path(trainer.default_root_dir) / "samples" / "nearest.png")
        for logger in experiment_loggers(trainer):
            logger.log_pictures("nearest/works", sheet, gan.images_seen)

"""Scores while it learns: the moving average against real pictures, every so many images."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import torch
from pytorch_lightning import Trainer
from torch import Tensor

from ganart.callbacks.clock import EveryImages, experiment_loggers
from ganart.callbacks.interrupt import Interrupt
from ganart.console import console
from ganart.datasets.base import PictureSet
from ganart.datasets.loader import BatchLoader
from ganart.errors import NoLabelsError
from ganart.features import Classifier, FeatureNetwork
from ganart.gan import GAN
from ganart.metrics import Result, Score, Scorer
from ganart.seeds import latents_of, mix


@runtime_checkable
class ScoringListener(Protocol):
    """A callback that wants to know how far scoring is."""

    def on_scoring(self, trainer: Trainer, gan: GAN, share_done: float) -> None: ...


@runtime_checkable
class ScoreListener(Protocol):
    """A callback that wants to know the scores when they are there."""

    def on_scores(self, trainer: Trainer, gan: GAN, results: Sequence[Result]) -> None: ...


class Scores(EveryImages):
    """Takes all `metrics` in one pass over `num_images` pictures and tells loggers and the other callbacks."""

    def __init__(
        self,
        *,
        features: FeatureNetwork,
        metrics: Mapping[str, Score],
        num_images: int,
        every_images: int,
        seed: int = 0,
    ) -> None:
        super().__init__(every_images=every_images)
        self.scorer = Scorer(features, metrics, num_images=num_images, seed=seed)
        self.results: Sequence[Result] = []
        self.seconds = 0.0
        self.scored_at: int | None = None
        self.ready = False

    @property
    def names(self) -> list[str]:
        """What the scores are called, with the features at hand."""
        return [self.scorer.features.score_name(score.key) for score in self.scorer.scores.values()]

    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        """Get feature network, real features and floors ready before training and its clock begin.

        Without labels there is no classifier to lend its features; then nothing is scored, and the user is told.
        """
        try:
            self.scorer.prepare(pictures, device)
        except NoLabelsError as reason:
            console.print(f"scores    none. {reason}", soft_wrap=True)
        else:
            self.ready = True
            console.print(f"scores    {describe(self.scorer)}", soft_wrap=True)

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        super().on_train_start(trainer, pl_module)
        if not self.ready:
            return
        lower = [score.lower_is_better for score in self.scorer.scores.values()]
        for logger in experiment_loggers(trainer):
            logger.expect_scores(self.names, lower_is_better=lower)

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Score the end of a run, but not a run that was told to stop: it has to be saved first, and will go on."""
        if not told_to_stop(trainer):
            super().on_train_end(trainer, pl_module)

    def act(self, trainer: Trainer, gan: GAN) -> None:
        if not self.ready:
            return
        begun = time.monotonic()
        try:
            self.results = self._score(trainer, gan)
        except AbandonedError:
            return
        self.scored_at = gan.images_seen
        self.seconds += time.monotonic() - begun
        self._tell(trainer, gan)

    def _score(self, trainer: Trainer, gan: GAN) -> list[Result]:
        loader = cast(BatchLoader, trainer.train_dataloader)
        listeners = [c for c in trainer.callbacks if isinstance(c, ScoringListener)]  # type: ignore[attr-defined]
        scored = 0

        def paint(seeds: list[int]) -> Tensor:
            # Labels as the training pictures have them, each drawn by its own seed like the latents.
            rows = np.array([mix("scored labels", seed) % len(loader.pictures.train) for seed in seeds])
            return gan.paint(latents_of(seeds, gan.latent_dim), loader.told_labels(rows))

        def advance(done: int) -> None:
            nonlocal scored
            if told_to_stop(trainer) and trainer.world_size == 1:  # several would have to agree on where to leave off
                raise AbandonedError
            scored += done * trainer.world_size
            for listener in listeners:
                listener.on_scoring(trainer, gan, scored / self.scorer.num_images)

        return self.scorer.score(paint, rank=trainer.global_rank, world_size=trainer.world_size, advance=advance)

    def _tell(self, trainer: Trainer, gan: GAN) -> None:
        values = {f"scores/{row.name}": row.value for row in self.results}
        values |= {f"scores/{row.name}_std": row.std for row in self.results if row.std is not None}
        values |= {f"scores/{row.name}_floor": row.floor for row in self.results if row.floor is not None}
        for logger in trainer.loggers:
            logger.log_metrics(values, step=gan.images_seen)
        for callback in trainer.callbacks:  # type: ignore[attr-defined]
            if isinstance(callback, ScoreListener):
                callback.on_scores(trainer, gan, self.results)


class AbandonedError(Exception):
    """Scoring was left off: the run has been told to stop."""


def told_to_stop(trainer: Trainer) -> bool:
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    return any(isinstance(callback, Interrupt) and callback.received is not None for callback in callbacks)


def describe(scorer: Scorer) -> str:
    """One line on what will be scored how, with the accuracy of a classifier that lends its features."""
    names = ", ".join(scorer.features.score_name(score.key) for score in scorer.scores.values())
    line = f"{names} on {scorer.num_images:,} pictures, features={scorer.features.name}"
    if isinstance(scorer.features, Classifier):
        shares = ", ".join(f"{name} {share:.1%}" for name, share in scorer.features.accuracy.items())
        line += f" ({scorer.features.reason}; its accuracy on test pictures: {shares})"
    return line

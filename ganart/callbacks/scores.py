"""Scores during training: a cheap trend every so many images, all scores of the last and the best at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol, cast, runtime_checkable

import torch
from pytorch_lightning import Trainer
from torch import Tensor, nn

from ganart.callbacks.clock import EveryImages, experiment_loggers
from ganart.callbacks.interrupt import is_interrupted
from ganart.callbacks.order import Order, callbacks_of
from ganart.console import clock, console, lines_without_terminal
from ganart.datasets.base import Factor, PictureSet
from ganart.datasets.loader import BatchLoader
from ganart.errors import NoLabelsError
from ganart.features import FeatureNetwork
from ganart.features.classifier import Classifier
from ganart.gan import GAN
from ganart.generation.scored import Generated, sample_of
from ganart.metrics import Evaluation, Features, Result, Score, Scorer
from ganart.metrics.results import LabelTable
from ganart.runs import summary
from ganart.seeds import latents_of


@dataclass(frozen=True)
class Trend:
    """Features and results of one trend, for other callbacks."""

    real: Features
    fake: Features
    factors: tuple[Factor, ...]
    results: Sequence[Result]


@runtime_checkable
class ScoringListener(Protocol):
    """A callback that is called with the progress of scoring."""

    def on_scoring(self, trainer: Trainer, gan: GAN, share_done: float) -> None: ...


@runtime_checkable
class TrendListener(Protocol):
    """A callback that is called with the features and results of each trend."""

    def on_trend(self, trainer: Trainer, gan: GAN, view: Trend) -> None: ...


@runtime_checkable
class BestKeeper(Protocol):
    """A callback that keeps the best checkpoint: its score in `best`, and its moving average."""

    best: dict[str, Any] | None

    def save_now(self, trainer: Trainer, gan: GAN) -> None: ...

    def best_average(self, trainer: Trainer, gan: GAN) -> nn.Module: ...


class Scores(EveryImages):
    """Scores of `trend_images` images every `every_images`, and of `num_images` at the end, by the moving average.

    The trend decides which checkpoint is best. At the end the last weights and the best checkpoint are scored in full,
    also by class, on latents that no trend had: the best checkpoint was selected on those, which biases its trend. The
    two kinds have different protocols and names: `trend/…` and `scores/…`.
    """

    order = Order.SCORES

    def __init__(
        self,
        *,
        features: FeatureNetwork,
        metrics: Mapping[str, Score],
        num_images: int,
        trend_images: int,
        every_images: int,
        batch_size: int | Literal["auto"] = "auto",
        seed: int = 0,
    ) -> None:
        super().__init__(every_images=every_images)
        self.scorer = Scorer(features, metrics, num_images=num_images, batch_size=batch_size, seed=seed)
        self.trend_images = trend_images
        self.evaluation: Evaluation | None = None
        self.of_best: Evaluation | None = None
        self.seen: Features | None = None
        """Features of the generated images of the final scores."""
        self._best: dict[str, Any] | None = None
        self.seconds = 0.0
        self.scored_at: int | None = None
        self.ready = False
        self._is_owed = False

    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        """Prepare the feature network, real features and floors before training and its clock begin.

        If the classifier is the feature network and there are no labels, nothing is scored, and a line says so.
        """
        self._pictures = pictures
        try:
            self.scorer.prepare(pictures, device)
        except NoLabelsError as reason:
            console.say(f"scores    none. {reason}")
            return
        self.ready = True
        self.trend_images = min(self.trend_images, self.scorer.num_images)
        self.scorer.refuse_too_few(self.trend_images)
        console.say(f"scores    {describe(self.scorer, self.trend_images)}")
        for caveat in self.scorer.caveats:
            console.say(f"weak      {caveat}", style="yellow")

    def act(self, trainer: Trainer, gan: GAN) -> None:
        """Compute and log the trend, and pass it to the listeners."""
        if not self.ready:
            return
        fake = self._look(trainer, gan, gan.generate, self.trend_images, trend=True)
        self._is_owed = fake is None
        if fake is None:
            return
        with self._timed():
            results = self.scorer.score(fake, weights="average", latents="of the trend")
        log(trainer, gan, "trend", results)
        view = Trend(self.scorer.real.take(slice(0, len(fake))), fake, self._pictures.factors, results)
        for callback in callbacks_of(trainer):
            if isinstance(callback, TrendListener):
                callback.on_trend(trainer, gan, view)

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, *args: Any) -> None:
        """Compute first the trend that was abandoned when the run was interrupted."""
        if self._is_owed:
            self._act(trainer, pl_module)
            if (keeper := keeper_of(trainer)) is not None:
                keeper.save_now(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        return {"is_owed": self._is_owed}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._is_owed = state_dict["is_owed"]

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Score the end of a run; skip an interrupted one, which must be saved quickly and may be resumed."""
        if not self.ready or is_interrupted(trainer):
            return
        super().on_train_end(trainer, pl_module)
        keeper = keeper_of(trainer)
        if keeper:
            keeper.save_now(trainer, pl_module)  # scoring may take long, and the process may be killed
        self.seen = self._look(trainer, pl_module, pl_module.generate, self.scorer.num_images)
        if self.seen is None:
            return
        with self._timed():
            self.evaluation = self.scorer.evaluate(self.seen, weights="average")
        self.scored_at = pl_module.images_seen
        log(trainer, pl_module, "scores", self.evaluation.results)
        for logger in experiment_loggers(trainer):
            for table in self.evaluation.tables:
                logger.log_rows(f"scores/by_{table.factor}", *rows_of(table), pl_module.images_seen)
        if keeper and keeper.best and keeper.best["images_seen"] != self.scored_at:
            average = keeper.best_average(trainer, pl_module)
            fake = self._look(trainer, pl_module, partial(pl_module.generate, by=average), self.scorer.num_images)
            with self._timed():
                self.of_best = self.scorer.evaluate(fake, weights="average") if fake else None
            self._best = {"checkpoint": "best.ckpt", "images_seen": keeper.best["images_seen"]}

    def findings(self) -> dict[str, Any]:
        """Return scores and tables of the last weights and, if it is another one, of the best checkpoint."""
        last = self.evaluation.as_dict() if self.evaluation else {"scores": {}, "per_label": {}}
        best = {**(self._best or {}), **self.of_best.as_dict()} if self.of_best else None
        seconds = {"seconds_scoring": round(self.seconds, 1)}
        return {**seconds, "scored_at_images": self.scored_at, **last, "best": best}

    def report(self) -> None:
        """Print the final scores as a table, with their caveats."""
        results = self.evaluation.results if self.evaluation else []
        if results:
            console.print(summary.table(results))
            for caveat in [*summary.caveats(results), *self.scorer.caveats]:
                console.say(caveat, style="dim")

    def generated(self, trainer: Trainer, gan: GAN, paint: Callable[..., Tensor], *, trend: bool = False) -> Generated:
        """Return the generated images of the final scores, or of the trend, as a function of their numbers."""
        loader = cast(BatchLoader, trainer.train_dataloader)
        sample = sample_of(self.scorer.seed, trend=trend)

        def of_seeds(seeds: list[int], labels: Tensor) -> Tensor:
            return paint(latents_of(seeds, gan.latent_dim), labels)

        return Generated(of_seeds, loader.pictures, loader.condition, sample)

    def _look(
        self, trainer: Trainer, gan: GAN, paint: Callable[..., Tensor], count: int, *, trend: bool = False
    ) -> Features | None:
        """Extract features of `count` generated images; None if the run was interrupted meanwhile."""
        listeners = [c for c in callbacks_of(trainer) if isinstance(c, ScoringListener)]
        scored = 0

        def advance(done: int) -> None:
            nonlocal scored
            if is_interrupted(trainer) and trainer.world_size == 1:  # several processes would have to agree
                raise AbandonedError
            scored += done * trainer.world_size
            for listener in listeners:
                listener.on_scoring(trainer, gan, min(1, scored / count))

        share = {"rank": trainer.global_rank, "world_size": trainer.world_size}
        with self._timed(), suppress(AbandonedError):
            return self.scorer.look(self.generated(trainer, gan, paint, trend=trend), count, advance=advance, **share)
        return None

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begun = time.monotonic()
        try:
            with lines_without_terminal(lambda: f"scoring: {clock(time.monotonic() - begun)} so far"):
                yield
        finally:
            self.seconds += time.monotonic() - begun


def log(trainer: Trainer, gan: GAN, kind: str, results: Sequence[Result]) -> None:
    """Log values, deviations and floors to every logger, as `<kind>/<name>`, `…_std` and `…_floor`."""
    values = {f"{kind}/{row.name}": row.value for row in results}
    values |= {f"{kind}/{row.name}_std": row.std for row in results if row.std is not None}
    values |= {f"{kind}/{row.name}_floor": row.floor for row in results if row.floor is not None}
    for experiment_logger in experiment_loggers(trainer):
        experiment_logger.expect_scores({f"{kind}/{row.name}": row.lower_is_better for row in results})
        experiment_logger.log_protocols({f"{kind}/{row.name}": row.protocol for row in results})
    for logger in trainer.loggers:
        logger.log_metrics(values, step=gan.images_seen)


def rows_of(table: LabelTable) -> tuple[list[str], list[list[Any]]]:
    """Return the columns and rows of a table of classes, for loggers."""
    rows = [row.as_dict() for row in table.rows]
    return list(rows[0]), [list(row.values()) for row in rows]


def keeper_of(trainer: Trainer) -> BestKeeper | None:
    return next((c for c in callbacks_of(trainer) if isinstance(c, BestKeeper)), None)


class AbandonedError(Exception):
    """Scoring abandoned because the run was interrupted."""


def describe(scorer: Scorer, trend_images: int) -> str:
    """Return one line with the scores, counts and features, and the accuracy of the classifier if it is the network."""
    network = scorer.network
    line = f"{', '.join(scorer.names)} on {scorer.num_images:,} pictures at the end and {trend_images:,} meanwhile"
    line += f", features={network.name}"
    if isinstance(network, Classifier):
        shares = ", ".join(f"{name} {share:.1%}" for name, share in network.accuracy.items())
        where = "held-out images" if network.has_held_out else "its training images, as none are held out"
        line += f" ({network.reason}; its accuracy on {where}: {shares})"
    return line

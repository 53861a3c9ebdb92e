"""All scores on the same features, each with its floor and protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch

from ganart import __version__
from ganart.datasets.base import PictureSet
from ganart.errors import UserError
from ganart.features import FeatureNetwork
from ganart.features.classifier import weakness
from ganart.files.json_files import in_json
from ganart.files.sources import code_digest
from ganart.files.store import cached
from ganart.metrics.base import Comparison, Features, Score, Value
from ganart.metrics.by_label import by_label
from ganart.metrics.feature_store import FeatureStore, Paint
from ganart.metrics.results import Evaluation, Result
from ganart.seeds import mix

FEWEST_FOR_SMALL_TESTS = 1000


class Scorer:
    """Scores of generated images against real ones, with floors.

    As many real as generated images are compared: `num_images`, or fewer if the splits of the data set are smaller.
    `split` is the one to compare with: train, test or all. The floor of a score is its value for images of the other
    split in the place of generated ones; without such images, that of one half of the real images against the other.
    """

    def __init__(
        self,
        network: FeatureNetwork,
        scores: Mapping[str, Score],
        *,
        num_images: int,
        split: str = "train",
        batch_size: int | Literal["auto"] = "auto",
        seed: int = 0,
    ) -> None:
        self.store = FeatureStore(network, batch_size=batch_size, seed=seed)
        self.scores = scores
        self.wanted_images = num_images
        self.split = split
        self.seed = seed

    @property
    def network(self) -> FeatureNetwork:
        return self.store.network

    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        """Prepare the feature network, extract the real features and compute the floors, all cached.

        Raises:
            UserError: if there are too few pictures for one of the scores.
        """
        self.store.prepare(pictures, device)
        self._other = {"train": "test", "test": "train", "all": None}[self.split]
        num_own = len(getattr(pictures, self.split))
        self._num_other = len(getattr(pictures, self._other)) if self._other else 0
        has_enough = max(self._num_other, FEWEST_FOR_SMALL_TESTS) if self._num_other else num_own
        self.num_images = min(self.wanted_images, num_own, has_enough)
        self.refuse_too_few(self.num_images)
        self._factors = pictures.factors
        self.real = self.store.real(self.split, self.num_images)
        self._floors: dict[tuple[str, int], dict[str, float]] = {}
        self._protocol = {
            "dataset": pictures.name,
            "dataset_hash": pictures.hash,
            "split_hash": pictures.split_hash,
            "split": self.split,
            "floor": self._other if self._num_other else "halves of the real pictures",
            "size": f"{pictures.width}×{pictures.height}",
            "resize": pictures.resize,
            **self.store.protocol(),
            "seed": self.seed,
            "ganart": __version__,
        }
        for name in self.scores:
            self._floor(name, self.num_images)

    @property
    def names(self) -> list[str]:
        """The names of all values, with these features."""
        return [self.network.score_name(key) for score in self.scores.values() for key in score.keys]

    @property
    def caveats(self) -> list[str]:
        """Sentences on weaknesses of the classifier behind the numbers, for their readers."""
        classifier = self.store.classifier
        weak = weakness(classifier.accuracy, classifier.chance) if classifier else None
        if weak is None:
            return []
        advice = "Give it more pictures of each class, larger ones or fewer classes"
        if classifier is self.network:
            return [f"{weak}. Distances in its features mean little. {advice}, or use features=inception."]
        return [f"{weak}. Shares of classes mean little. {advice}."]

    def refuse_too_few(self, num_images: int) -> None:
        """Raise `UserError` if `num_images` on a side are too few for one of the scores."""
        for name, score in self.scores.items():
            if num_images < score.fewest:
                raise UserError(
                    f"metric={name} needs at least {score.fewest} pictures on each side; there are {num_images}. "
                    f"Give more pictures (num_images), or leave it out: ~metric.{name}"
                )

    def look(self, paint: Paint, count: int, **how: Any) -> Features:
        """Extract features of `count` generated images, see `FeatureStore.look`."""
        return self.store.look(paint, count, **how)

    def score(self, fake: Features, *, num_real: int | None = None, **painted: Any) -> list[Result]:
        """Score generated images against `num_real` real ones; `painted` are facts on them for the protocol.

        Without `num_real`, there are as many real as generated images, or all that there are.
        """
        real = self.real.take(slice(0, num_real or len(fake)))
        sides, count = Comparison(real, fake), len(real)
        sizes = {"n_real": count, "n_fake": len(fake), "n_floor": self._num_floor(count)}
        return [
            Result(
                name=self.network.score_name(value.key),
                value=value.value,
                std=value.std,
                floor=self._floor(name, count).get(value.key),
                lower_is_better=score.lower_is_better,
                protocol={**self._protocol, **sizes, **painted, **score.protocol(min(count, len(fake)))},
                key=value.key,
            )
            for name, score in self.scores.items()
            for value in self._compute(score, sides)
        ]

    def evaluate(self, fake: Features, **painted: Any) -> Evaluation:
        """Return all scores and the tables by class of generated images."""
        with self._own_random_numbers("by label"):
            tables = by_label(self.real, fake, self._factors)
        return Evaluation(self.score(fake, num_real=self.num_images, **painted), tables, self.caveats)

    def _compute(self, score: Score, sides: Comparison) -> list[Value]:
        with self._own_random_numbers(repr(score)):
            return score.compute(sides)

    @contextmanager
    def _own_random_numbers(self, purpose: str) -> Iterator[None]:
        """Fork the random generators with a seed for `purpose`: scoring changes neither training nor another score."""
        device = self.real.features.device
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(mix("scores", self.seed, purpose))
            yield

    def _num_floor(self, count: int) -> int:
        """Return the number of images on each side of the floor for `count` real ones."""
        return min(count, self._num_other) if self._num_other else count // 2

    def _floor(self, name: str, count: int) -> dict[str, float]:
        """Return the values of real images in the place of generated ones, by key; cached on disk."""
        score, count = self.scores[name], self._num_floor(count)
        if count < score.fewest:
            return {}
        if (name, count) not in self._floors:
            self._floors[name, count] = self._floor_from_disk(score, count)
        return self._floors[name, count]

    def _floor_from_disk(self, score: Score, count: int) -> dict[str, float]:
        num_other = min(self.num_images, self._num_other)
        sides = [self.store.key(self.split, self.num_images)]
        sides += [self.store.key(self._other, num_other)] if self._num_other and self._other else []
        code = code_digest(__name__, type(score).__module__, "ganart.seeds", imports=True)
        key = json.dumps([code, sides, count, f"{type(score).__module__}.{score}"])

        def write(file: Path) -> None:
            own = self.real.take(slice(0, count))
            if self._num_other and self._other:
                stand_in = self.store.real(self._other, num_other).take(slice(0, count))
            else:
                stand_in = self.real.take(slice(count, 2 * count))
            values = self._compute(score, Comparison(own, stand_in))
            file.write_text(in_json({value.key: value.value for value in values}), encoding="utf-8")

        return cached("features", key, ".floor.json", write, _floors_in)


def _floors_in(file: Path) -> dict[str, float]:
    return dict(json.loads(file.read_text(encoding="utf-8")))

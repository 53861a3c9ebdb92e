"""All scores in one pass: features are extracted once, real ones are kept on disk, every number knows its protocol."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor

from ganart import __version__
from ganart.console import progress
from ganart.datasets.base import PictureSet, Split
from ganart.features import FeatureNetwork, extract
from ganart.metrics.base import Score
from ganart.paths import cache_dir
from ganart.seeds import mix

Paint = Callable[[list[int]], Tensor]
"""Seeds to generated pictures, uint8 [N, H, W, C]."""

Advance = Callable[[int], None]
"""Told how many pictures have been dealt with."""

FEWEST_FOR_SMALL_TESTS = 1000


@dataclass(frozen=True)
class Result:
    """One score with what it was computed from."""

    name: str
    value: float
    std: float | None
    floor: float | None
    lower_is_better: bool
    protocol: Mapping[str, Any] = field(repr=False)

    @property
    def times_floor(self) -> float | None:
        """How many times the floor a distance is; None where the floor was not taken at the same number of pictures."""
        comparable = self.protocol["n_floor"] == self.protocol["n_real"]
        return self.value / self.floor if self.floor and self.lower_is_better and comparable else None


class Scorer:
    """Scores pictures that a function paints against the training pictures of a data set.

    As many real as generated pictures are compared: `num_images`, or as many as the data set has to give on both of
    its splits. The floor of a score is what real test pictures get in the place of the generated ones.
    """

    def __init__(
        self,
        features: FeatureNetwork,
        scores: Mapping[str, Score],
        *,
        num_images: int,
        batch_size: int = 250,
        seed: int = 0,
    ) -> None:
        self.features = features
        self.scores = scores
        self.wanted_images = num_images
        self._batch_size = batch_size
        self._seed = seed

    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        """Get the feature network ready and take the real features, from the cache where they are there."""
        self._device = device
        self.features.prepare(pictures)
        self.features.to(device)
        num_train, num_test = len(pictures.train), len(pictures.test)
        self.num_images = min(self.wanted_images, num_train, max(num_test, FEWEST_FOR_SMALL_TESTS))
        self.num_floor = min(self.num_images, num_test)
        self._real = self._real_features(pictures, "train", self.num_images)
        self.protocol = {
            "n_real": self.num_images,
            "n_fake": self.num_images,
            "n_floor": self.num_floor,
            "split": "train",
            "dataset_hash": pictures.hash,
            "resize": f"{pictures.width}×{pictures.height} as generated",
            "weights": "average",
            "seed": self._seed,
            "ganart": __version__,
            **self.features.protocol(),
        }
        self._floors = self._take_floors(pictures)

    def score(
        self, paint: Paint, *, rank: int = 0, world_size: int = 1, advance: Advance = lambda n: None
    ) -> list[Result]:
        """Score what `paint` paints from the seeds 0 … num_images − 1, this process taking its share of both sides."""
        seeds = list(range(rank, self.num_images, world_size))
        batches = (seeds[start : start + self._batch_size] for start in range(0, len(seeds), self._batch_size))
        fakes = (extract(self.features, paint(batch), self._device) for batch in batches)
        values = self._values(self._real, fakes, self.num_images, rank, world_size, advance)
        return [
            Result(
                name=self.features.score_name(score.key),
                value=values[key][0],
                std=values[key][1],
                floor=self._floors.get(key),
                lower_is_better=score.lower_is_better,
                protocol={**self.protocol, **score.settings()},
            )
            for key, score in self.scores.items()
        ]

    def _values(
        self,
        real: tuple[Tensor, Tensor],
        fakes: Iterator[tuple[Tensor, Tensor]],
        num_images: int,
        rank: int,
        world_size: int,
        advance: Advance,
    ) -> dict[str, tuple[float, float | None]]:
        for score in self.scores.values():
            score.reset(self.features.num_features, num_images, str(self._device), synchronize=world_size > 1)
            score.update(*(side[rank::world_size].to(self._device) for side in real), real=True)
        for features, logits in fakes:
            for score in self.scores.values():
                score.update(features, logits, real=False)
            advance(len(features))
        # torchmetrics draws its subsets from the global generator: training must not feel that scores were taken.
        with torch.random.fork_rng(devices=[self._device] if self._device.type == "cuda" else []):
            torch.manual_seed(mix("scores", self._seed))
            return {key: score.compute() for key, score in self.scores.items()}

    def _take_floors(self, pictures: PictureSet) -> dict[str, float]:
        if self.num_floor < 2:
            return {}
        features, logits = self._real_features(pictures, "test", self.num_floor)
        train = (self._real[0][: self.num_floor], self._real[1][: self.num_floor])
        fakes = iter([(features.to(self._device), logits.to(self._device))])
        # Every process takes the whole floor by itself: it is one small computation on features that all of them have.
        values = self._values(train, fakes, self.num_floor, 0, 1, lambda n: None)
        return {key: value for key, (value, _) in values.items()}

    def _real_features(self, pictures: PictureSet, name: str, count: int) -> tuple[Tensor, Tensor]:
        key = json.dumps([pictures.hash, self.features.protocol(), name, count, self._seed], sort_keys=True)
        file = cache_dir() / "features" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):
            if not file.exists():
                self._extract_into(file, pictures.train if name == "train" else pictures.test, count)
        with np.load(file) as arrays:
            return torch.from_numpy(arrays["features"]), torch.from_numpy(arrays["logits"])

    def _extract_into(self, file: Path, split: Split, count: int) -> None:
        chosen = np.sort(np.random.default_rng(self._seed).permutation(len(split))[:count])
        sides: list[tuple[Tensor, Tensor]] = []
        with progress("looking at real pictures", count) as advance:
            for start in range(0, count, self._batch_size):
                batch = torch.from_numpy(split.pictures(chosen[start : start + self._batch_size]))
                sides.append(extract(self.features, batch, self._device))
                advance(len(batch))
        features, logits = (torch.cat(side).cpu().numpy() for side in zip(*sides, strict=True))
        order = np.random.default_rng(self._seed + 1).permutation(count)  # any prefix is a fair sample
        unfinished = file.with_name(f"{file.stem}.unfinished-{os.getpid()}.npz")
        np.savez(unfinished, features=features[order], logits=logits[order])
        os.replace(unfinished, file)

"""Features of real and generated images, extracted once for all scores; those of real images are cached on disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torchmetrics.utilities.distributed import gather_all_tensors

from ganart.console import progress
from ganart.datasets.base import PictureSet, Split
from ganart.errors import UserError
from ganart.features import FeatureNetwork, extract, pictures_at_once
from ganart.features.base import code_of
from ganart.features.classifier import Classifier
from ganart.files.store import cached
from ganart.metrics.base import Features

Paint = Callable[[list[int]], tuple[Tensor, Tensor]]
"""A function from seeds to images, uint8 [N, H, W, C], and conditioning labels, int64 [N, F], −1 if unknown."""

COLUMNS = ("features", "logits", "labels", "recognised")
"""The fields of `Features`, in their order."""

Advance = Callable[[int], None]
"""A callback that gets the number of images extracted since its last call."""


class FeatureStore:
    """Extraction of features by a feature network and, if the data have labels, of recognised labels by a classifier.

    `batch_size` images are generated and extracted together; auto: see `pictures_at_once`.
    """

    def __init__(self, network: FeatureNetwork, *, batch_size: int | Literal["auto"] = "auto", seed: int = 0) -> None:
        if batch_size != "auto" and not (isinstance(batch_size, int) and batch_size > 0):
            raise UserError(f"batch_size={batch_size} is not a number of pictures. Use batch_size=auto, or 1 or more.")
        self.network = network
        self._asked_batch_size = batch_size
        self._seed = seed
        self.classifier: Classifier | None = None
        """The classifier that recognises labels: the feature network itself or another one; None without labels."""

    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        """Load or train the feature network and the classifier on `pictures`."""
        self._pictures, self._device = pictures, device
        at_once = pictures_at_once(pictures.height, pictures.width)
        self._batch_size = at_once if self._asked_batch_size == "auto" else self._asked_batch_size
        self.network.prepare(pictures, device)
        self.network.to(device)
        if isinstance(self.network, Classifier):
            self.classifier = self.network
        elif any(len(factor.classes) > 1 for factor in pictures.factors):
            self.classifier = Classifier()
            self.classifier.prepare(pictures, device)
            self.classifier.to(device)

    def protocol(self) -> dict[str, Any]:
        """Return the facts that must be equal for features to be comparable."""
        return {**self.network.protocol(), "precision": "float32"}

    def real(self, name: str, count: int) -> Features:
        """Return features of `count` images of a split (train, test, all), shuffled: any prefix is a fair sample."""
        features = cached(
            "features",
            self.key(name, count),
            ".npz",
            lambda file: _save(self._look_at_split(name, count), file),
            _load,
        )
        return features.to(self._device)

    def positions(self, name: str, count: int) -> np.ndarray:
        """Return the positions in the split of the images that `real` returns, in its order, [count]."""
        order = np.random.default_rng(self._seed + 1).permutation(count)  # any prefix is a fair sample
        return self._chosen(name, count)[order]

    def key(self, name: str, count: int) -> str:
        """Return all that the features of `count` images of a split depend on, as text."""
        recognised = self.classifier.protocol() if self.classifier else None
        networks = [network for network in (self.network, self.classifier) if network is not None]
        code = code_of(*networks, beside=(__name__,))
        parts = [code, self._pictures.split_hash, self.protocol(), recognised, name, count, self._seed]
        return json.dumps(parts, sort_keys=True)

    def look(
        self, paint: Paint, count: int, *, rank: int = 0, world_size: int = 1, advance: Advance = lambda n: None
    ) -> Features:
        """Extract features of the images that `paint` generates from the seeds 0 … count − 1, shared by all processes.

        Whole batches are distributed, so that every image is in the same batch for any number of processes; each
        process returns the features of all images.
        """
        batches = range(0, count, self._batch_size)
        mine = []
        for start in batches[rank::world_size]:
            pictures, labels = paint(list(range(start, min(start + self._batch_size, count))))
            mine.append(self._see(pictures, labels))
            advance(len(pictures))
        features = _joined(mine) if mine else self._nothing()
        return features if world_size == 1 else _gather_shares(features, count, self._batch_size, world_size)

    def _see(self, pictures: Tensor, labels: Tensor) -> Features:
        features, logits = extract(self.network, pictures, self._device)
        if not features.isfinite().all():
            raise UserError(
                f"features={self.network.name} gives values that are not finite for some pictures: its weights are "
                "damaged, or it is not made for pictures of this size. Try features=classifier."
            )
        recognised = torch.empty(len(pictures), 0, dtype=torch.int64, device=self._device)
        if self.classifier is self.network and self.classifier:
            recognised = self.classifier.recognise(features)
        elif self.classifier:
            recognised = self.classifier.recognise(extract(self.classifier, pictures, self._device)[0])
        return Features(features, logits, labels.to(self._device), recognised)

    def _nothing(self) -> Features:
        """Return features of no images, with the widths that gathering from all processes needs."""
        pictures = self._pictures
        blank = torch.zeros(1, pictures.height, pictures.width, pictures.channels, dtype=torch.uint8)
        return self._see(blank, torch.zeros(1, len(pictures.factors), dtype=torch.int64)).take(slice(0, 0))

    # ------------------------------------------------------------------------------------------ the real side

    def _look_at_split(self, name: str, count: int) -> Features:
        split: Split = getattr(self._pictures, name)
        chosen = self._chosen(name, count)
        seen = []
        with progress(f"looking at real pictures ({name})", count) as advance:
            for indices in self._batches(chosen):
                seen.append(
                    self._see(torch.from_numpy(split.pictures(indices)), torch.from_numpy(split.labels_of(indices)))
                )
                advance(len(indices))
        # Extracted in the order of the data, so that batches are read from neighbouring places on the disk.
        return _joined(seen).take(torch.from_numpy(np.searchsorted(chosen, self.positions(name, count))))

    def _chosen(self, name: str, count: int) -> np.ndarray:
        size = len(getattr(self._pictures, name))
        return np.sort(np.random.default_rng(self._seed).permutation(size)[:count])

    def _batches(self, indices: np.ndarray) -> Iterator[np.ndarray]:
        return (indices[start : start + self._batch_size] for start in range(0, len(indices), self._batch_size))


def _save(features: Features, file: Path) -> None:
    np.savez(file, **{key: getattr(features, key).cpu().numpy() for key in COLUMNS})


def _load(file: Path) -> Features:
    with np.load(file) as arrays:
        return Features(*(torch.from_numpy(arrays[key]) for key in COLUMNS))


def _joined(parts: list[Features]) -> Features:
    columns = zip(*((s.features, s.logits, s.labels, s.recognised) for s in parts), strict=True)
    return Features(*(torch.cat(column) for column in columns))


def _gather_shares(mine: Features, count: int, batch_size: int, world_size: int) -> Features:
    """Gather the shares of all processes, in the order of the seeds."""
    owner = torch.arange(count) // batch_size % world_size
    order = torch.cat([torch.nonzero(owner == rank).flatten() for rank in range(world_size)]).argsort()
    columns = (mine.features, mine.logits, mine.labels, mine.recognised)
    gathered = Features(*(torch.cat(gather_all_tensors(column)) for column in columns))
    return gathered.take(order.to(mine.features.device))

"""The loader of training batches: index lookups in an order that depends on the seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ganart.datasets.base import PictureSet
from ganart.datasets.in_memory import CHANNELS, in_range
from ganart.errors import UserError


class Batch(NamedTuple):
    """Real images: `images` uint8 [N, H, W, C], `labels` int64 [N, F] of the conditioned factors."""

    images: Tensor
    labels: Tensor


def as_batch(loaded: Any) -> Batch:
    """Convert the output of any loader to a `Batch`: a `Batch`, `(images, labels)`, or images alone.

    Images are uint8 [N, H, W, C] or float [N, C, H, W] in [−1, 1]; labels int64 [N] or [N, F].

    Raises:
        UserError: for anything else.
    """
    if isinstance(loaded, Batch):
        return loaded
    images, labels = loaded if isinstance(loaded, list | tuple) and len(loaded) == 2 else (loaded, None)
    if not isinstance(images, Tensor) or images.ndim != 4:
        found = tuple(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise UserError(f"A batch is images or (images, labels), images a tensor of four dimensions; this is {found}.")
    if images.is_floating_point():
        in_range(images)
    elif images.dtype != torch.uint8 or images.shape[3] not in CHANNELS:
        raise UserError(
            f"A batch of images of {images.dtype} and shape {tuple(images.shape)}: they are uint8 [N, H, W, C] or "
            "float [N, C, H, W] in [−1, 1]."
        )
    if labels is None:
        labels = torch.empty(len(images), 0, dtype=torch.int64)
    return Batch(images, labels.long().reshape(len(images), -1))


class BatchLoader:
    """An endless stream of batches: shuffled passes over the training images, one after the other, without gaps.

    Position p of the stream is a function of (seed, p), so a run resumes in the middle of a pass by starting at the
    number of images it has seen. Each of `world_size` processes takes its own slice of every batch.

    With `device` the training images lie there as uint8, and a batch is a lookup on the device; otherwise they are
    read from the cache's memory map, batch by batch.
    """

    def __init__(
        self,
        pictures: PictureSet,
        *,
        batch_size: int,
        seed: int,
        condition: tuple[str, ...] = (),
        start: int = 0,
        rank: int = 0,
        world_size: int = 1,
        device: torch.device | None = None,
    ) -> None:
        assert batch_size % world_size == 0
        self.pictures = pictures
        self.batch_size = batch_size
        self.condition = condition
        self.start = start
        self._seed = seed
        self._rank, self._world_size = rank, world_size
        names = [factor.name for factor in pictures.factors]
        self._columns = [names.index(name) for name in condition]
        self._on_device: Tensor | None = None
        if device is not None:
            self._on_device = torch.from_numpy(pictures.train.pictures(np.arange(len(pictures.train)))).to(device)
        self._order: tuple[int, np.ndarray] = (-1, np.empty(0, dtype=np.int64))

    def __iter__(self) -> Iterator[Batch]:
        share = self.batch_size // self._world_size
        position = self.start + self._rank * share
        while True:
            indices = self.stream(position, share)
            yield Batch(self._images(indices), self.condition_labels(indices))
            position += self.batch_size

    def _images(self, indices: np.ndarray) -> Tensor:
        if self._on_device is None:
            return torch.from_numpy(self.pictures.train.pictures(indices))
        return self._on_device[torch.from_numpy(indices).to(self._on_device.device)]

    def condition_labels(self, indices: np.ndarray) -> Tensor:
        """Return the labels of the conditioned factors for the training images at `indices`, int64 [n, F]."""
        return torch.from_numpy(self.pictures.train.labels_of(indices)[:, self._columns])

    def stream(self, start: int, count: int) -> np.ndarray:
        """Return the indices of the training images at positions start … start + count − 1 of the stream."""
        number, place = divmod(start, len(self.pictures.train))
        if place + count <= len(self.pictures.train):  # within one pass, as usual
            return self._pass(number)[place : place + count]
        positions = np.arange(start, start + count)
        passes, places = np.divmod(positions, len(self.pictures.train))
        return np.concatenate([self._pass(int(p))[places[passes == p]] for p in np.unique(passes)])

    def _pass(self, number: int) -> np.ndarray:
        if self._order[0] != number:
            permutation = np.random.default_rng([self._seed, number]).permutation(len(self.pictures.train))
            self._order = (number, permutation)
        return self._order[1]

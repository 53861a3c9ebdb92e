"""The data set of procedural pictures, painted in parallel and reproducible."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence

import numpy as np
from loky import ProcessPoolExecutor

from ganart.colours import LUMA
from ganart.datasets.base import Dataset, Factor, Picture
from ganart.datasets.procedural_art.paint import paint
from ganart.datasets.procedural_art.styles import STYLES
from ganart.datasets.procedural_art.subjects import SUBJECTS
from ganart.errors import UserError

PAINTER_VERSION = 1
"""Increase it whenever a change to the painting code changes the pictures, so that old caches are not used."""

_CHUNK = 100  # pictures per task of a process
_WORTH_A_POOL = 2_000  # fewer pictures are painted faster than processes start
_LUMA = np.array(LUMA, dtype=np.float32)


class ProceduralArt(Dataset):
    """Pictures in eight styles of modern painting crossed with six subjects, painted by this package itself.

    Args:
        num_pictures: their number; every 48 in a row contain each combination of style and subject once.
        height: of the pictures, in pixels, at least 8.
        width: of the pictures, in pixels, at least 8.
        seed: determines the pictures.
        test_fraction: the share of the pictures held out for testing, chosen by a hash of seed and index: a picture
            keeps its split when `num_pictures` or the size changes.
        channels: 3 for colour, 1 for grey.
        licence: the licence of the pictures.
        condition: the factors that networks are conditioned on, of `style` and `subject`.
        workers: number of painting processes; 0 for one per core. It does not affect the pictures.
    """

    name = "procedural_art"

    def __init__(
        self,
        *,
        num_pictures: int = 20_000,
        height: int = 32,
        width: int = 32,
        seed: int = 0,
        test_fraction: float = 0.25,
        channels: int = 3,
        licence: str = "CC0-1.0",
        condition: Sequence[str] = ("style", "subject"),
        workers: int = 0,
    ) -> None:
        self.num_pictures, self.height, self.width = num_pictures, height, width
        self.seed, self.test_fraction, self.channels = seed, test_fraction, channels
        self.licence, self.condition = licence, tuple(condition)
        self.workers = workers or os.cpu_count() or 1
        self._check(workers)

    def _check(self, workers: int) -> None:
        known = [factor.name for factor in self.factors()]
        unknown = [name for name in self.condition if name not in known]
        _require(self.num_pictures >= 1, "num_pictures", self.num_pictures, "there is nothing to paint", "at least 1")
        for name, side in (("height", self.height), ("width", self.width)):
            _require(side >= 8, name, side, "a picture that small shows nothing", "at least 8, e.g. 32")
        _require(self.seed >= 0, "seed", self.seed, "a seed is not negative", "0 or more")
        share = self.test_fraction
        _require(0 <= share < 1, "test_fraction", share, "it is a share of the pictures", "0 or more and below 1")
        _require(self.channels in (1, 3), "channels", self.channels, "it paints in grey or in colour", "1 or 3")
        _require(workers >= 0, "workers", workers, "it is a number of processes", "1 or more, or 0 for one a core")
        _require(not unknown, "condition", list(self.condition), f"there is no factor {unknown}", f"some of {known}")

    def key(self) -> str:
        settings = [self.num_pictures, self.height, self.width, self.seed, self.test_fraction, self.channels]
        return hashlib.sha256(json.dumps([self.name, PAINTER_VERSION, *settings]).encode()).hexdigest()

    def __len__(self) -> int:
        return self.num_pictures

    def factors(self) -> tuple[Factor, ...]:
        return Factor("style", tuple(STYLES)), Factor("subject", tuple(SUBJECTS))

    def decode(self) -> Iterator[Picture]:
        """Yield every picture in the order of its index, painted by several processes if that is faster."""
        chunks = [
            (self.seed, range(start, min(start + _CHUNK, self.num_pictures)), self.height, self.width, self.channels)
            for start in range(0, self.num_pictures, _CHUNK)
        ]
        if self.workers == 1 or self.num_pictures < _WORTH_A_POOL:
            for chunk in chunks:
                yield from self._pictures(chunk[1], *_paint_chunk(chunk))
            return
        # Loky's processes, unlike those of multiprocessing, do not import the user's script, which would run it again.
        pool = ProcessPoolExecutor(min(self.workers, len(chunks)))
        try:
            for chunk, painted in zip(chunks, pool.map(_paint_chunk, chunks), strict=True):
                yield from self._pictures(chunk[1], *painted)
        finally:  # also when the consumer stops early
            pool.shutdown()

    def _pictures(self, indices: range, pixels: np.ndarray, labels: list[tuple[int, int]]) -> Iterator[Picture]:
        for index, picture, label in zip(indices, pixels, labels, strict=True):
            digest = hashlib.sha256(picture.tobytes()).hexdigest()
            yield Picture(picture, label, file=f"{index:06d}", sha256=digest, test=self._is_test(index))

    def _is_test(self, index: int) -> bool:
        digest = hashlib.sha256(f"{self.name}:{self.seed}:{index}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < self.test_fraction * 2**64


_Chunk = tuple[int, range, int, int, int]


def _paint_chunk(chunk: _Chunk) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Paint the pictures of (seed, indices, height, width, channels); return uint8 [n, H, W, C] and their labels."""
    seed, indices, height, width, channels = chunk
    painted = [paint(seed, index, height, width) for index in indices]
    pixels = np.stack([picture for picture, _, _ in painted])
    if channels == 1:
        pixels = np.rint(pixels @ _LUMA).astype(np.uint8)[..., None]
    return pixels, [(style, subject) for _, style, subject in painted]


def _require(holds: bool, setting: str, value: object, reason: str, instead: str) -> None:
    if not holds:
        raise UserError(f"dataset.{setting}={value}: {reason}; it can be {instead}.")

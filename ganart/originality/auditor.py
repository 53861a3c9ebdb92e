"""The copy audit of single pictures: distances to the nearest training images, calibrated on reference images.

A fixed distance does not detect copies: any two colour fields are alike, and a crop of a busy picture is far from its
original. Most copies are much nearer to one training image than to the next ones (after Carlini et al. 2023,
arXiv:2301.13188, section 4.2): that ratio is `closeness`. It misses copies of an image that the data hold several
times, which generators memorise first, because the next ones are as near: these have a small distance. Both measures
are compared with those of reference images, real test images that the generator has not seen. A picture below the first
percentile of either (`threshold`) is called a copy.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganart.datasets.base import PictureSet, Split
from ganart.datasets.survey import duplicates
from ganart.files.sources import code_digest
from ganart.originality.kept import kept
from ganart.originality.search import Advance, ignored, nearest_works
from ganart.originality.spaces import Space

CODE = ("ganart.images", "ganart.colours")
"""Modules outside of this package that distances depend on."""

SHOWN = 7
"""Number of nearest training images that are kept, for the sheet."""

OTHERS = 5
"""Number of training images after the nearest that `closeness` compares the nearest with."""

FEWEST_TO_CALIBRATE = 100
MOST_TO_CALIBRATE = 1000
CLOSE_AS_A_COPY = 0.05
CLOSE = 5.0
"""The percentile below which a picture that is no copy is called close."""


@dataclass(frozen=True)
class Nearest:
    """The nearest training images in one space: distances, positions in the training split, and a percentile.

    `percentile` is the share of reference images, in per cent, with a smaller distance, or that with a smaller
    `closeness`, whichever is less.
    """

    distances: list[float]
    positions: list[int]
    percentile: float


@dataclass(frozen=True)
class Finding:
    """The result of the audit for one picture."""

    verdict: str
    """One of copy, close, own."""

    percentile: float
    """The smallest percentile over all spaces."""

    by_space: dict[str, Nearest]

    @property
    def nearest(self) -> Nearest:
        """The nearest training images in the space with the smallest percentile."""
        return min(self.by_space.values(), key=lambda row: (row.percentile, row.distances[0]))


@dataclass(frozen=True)
class Audit:
    """All findings, in the order of the pictures, and by space the distances [M] to the nearest training image."""

    findings: list[Finding]
    distances: dict[str, Tensor] = field(repr=False)

    def count(self, verdict: str) -> int:
        return sum(finding.verdict == verdict for finding in self.findings)


class Auditor:
    """A comparison of pictures with the training images of a data set in several `spaces`.

    `threshold` is the percentile of reference images below which, in any space, a picture is called a copy.
    """

    def __init__(self, spaces: Sequence[Space], *, threshold: float = 1.0, seed: int = 0) -> None:
        self.spaces = {space.name: space for space in spaces}
        self.threshold = threshold
        self.seed = seed

    def prepare(self, pictures: PictureSet, *, advance: Advance = ignored) -> None:
        """Measure the distances of reference images to the training images.

        Reference images are the test images without duplicates of training images. If there are fewer than a hundred,
        they are training images, each compared with all others.
        """
        self.works = pictures.train
        self.files = [pictures.manifest.files[row] for row in pictures.train.rows]
        held_out, self.left_out = _held_out_without_duplicates(pictures)
        self.calibrated_on, split, themselves = "test pictures", pictures.test, False
        if len(held_out) < FEWEST_TO_CALIBRATE:
            self.calibrated_on, split, themselves = "training pictures, each without itself", pictures.train, True
            held_out = _unrepeated(pictures)
        chosen = held_out[np.sort(np.random.default_rng(self.seed).permutation(len(held_out))[:MOST_TO_CALIBRATE])]
        self.num_held_out = len(chosen)
        self.held_out = split.pictures(chosen)
        self.usual: dict[str, Tensor] = {}
        for name, space in self.spaces.items():
            space.prepare(pictures)
            code = code_digest(__name__, type(space).__module__, *CODE, imports=True)
            key = json.dumps([code, pictures.split_hash, space.key(), self.calibrated_on, chosen.tolist()])
            arguments = (space, self.held_out, self.works, self._k, chosen if themselves else None, advance)
            self.usual[name] = kept(key, partial(_distances, *arguments))

    @property
    def _k(self) -> int:
        return min(SHOWN, len(self.works))

    @property
    def false_alarms(self) -> float:
        """The share of reference images below the threshold in any space: the false-positive rate."""
        smallest = torch.stack([percentiles_of(usual, usual) for usual in self.usual.values()]).amin(dim=0)
        return float((smallest < self.threshold).double().mean())

    @property
    def blind(self) -> list[str]:
        """The spaces in which even the closeness of reference images at the threshold is that of copies."""
        closest = {name: torch.quantile(closeness(usual), self.threshold / 100) for name, usual in self.usual.items()}
        return [name for name, value in closest.items() if value < CLOSE_AS_A_COPY]

    def audit(self, pictures: np.ndarray, *, advance: Advance = ignored) -> Audit:
        """Return the findings for pictures, uint8 [N, H, W, C], of the size of the training images."""
        rows: list[dict[str, Nearest]] = [{} for _ in pictures]
        nearest = {}
        for name, space in self.spaces.items():
            distances, positions = nearest_works(space, pictures, self.works, self._k, None, advance)
            nearest[name] = distances[:, 0]
            percentiles = percentiles_of(distances, self.usual[name])
            found = zip(rows, distances.tolist(), positions.tolist(), percentiles.tolist(), strict=True)
            for row, apart, where, percentile in found:
                row[name] = Nearest(apart, where, percentile)
        return Audit([self._finding(row) for row in rows], nearest)

    def _finding(self, by_space: dict[str, Nearest]) -> Finding:
        percentile = min(row.percentile for row in by_space.values())
        verdict = "copy" if percentile < self.threshold else "close" if percentile < CLOSE else "own"
        return Finding(verdict, percentile, by_space)


def closeness(distances: Tensor) -> Tensor:
    """Return the nearest distance over the mean of the next five, [N], from ascending distances [N, k].

    0 is an exact copy; at 1 the nearest is no nearer than the next. With a single training image (k = 1) it is the
    distance itself.
    """
    others = distances[:, 1 : 1 + OTHERS]
    if not others.shape[1]:
        return distances[:, 0]
    return distances[:, 0] / others.mean(dim=1).clamp(min=torch.finfo(distances.dtype).tiny)


def percentiles_of(distances: Tensor, usual: Tensor) -> Tensor:
    """Return the smaller percentile, [N], of distance and of closeness, among those of reference images [M, k]."""
    return torch.minimum(
        percentile_of(distances[:, 0], usual[:, 0]), percentile_of(closeness(distances), closeness(usual))
    )


def percentile_of(values: Tensor, usual: Tensor) -> Tensor:
    """Return the share of `usual` [M] that is below each of `values` [N], in per cent, [N]."""
    return 100 * torch.searchsorted(usual.sort().values, values.contiguous()).double() / len(usual)


def _distances(*arguments: Any) -> Tensor:
    return nearest_works(*arguments)[0]


def _held_out_without_duplicates(pictures: PictureSet) -> tuple[np.ndarray, int]:
    """Return positions of the test images that duplicate no training image, and the number of those that do."""
    is_test = np.asarray(pictures.manifest.is_test, dtype=bool)
    repeated = {
        position
        for group in _groups(pictures.all)
        if not all(is_test[position] for position in group)
        for position in group
        if is_test[position]
    }
    keep = np.array([position not in repeated for position in pictures.test.rows], dtype=bool)
    return np.flatnonzero(keep), len(repeated)


def _unrepeated(pictures: PictureSet) -> np.ndarray:
    """Return positions of the training images without duplicates; all positions if fewer than two have none."""
    repeated = {position for group in _groups(pictures.train) for position in group}
    alone = np.array([p for p in range(len(pictures.train)) if p not in repeated], dtype=np.int64)
    return alone if len(alone) > 1 else np.arange(len(pictures.train))


def _groups(split: Split) -> list[list[int]]:
    """Return groups of positions of equal or nearly equal pictures."""
    images = split.images[split.rows]
    same = duplicates.exact(images)
    return same + duplicates.near(images, same)

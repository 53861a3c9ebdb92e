"""Is this picture a copy? Each is held against its nearest training pictures, and against what strangers have.

How near is too near depends on the picture: of colour fields any two are alike, and a crop of a busy picture is far
from its original. What gives most copies away is that they are much nearer to one training picture than to the next
ones (in the spirit of Carlini et al. 2023, arXiv:2301.13188, section 4.2). A work that the data hold many times over,
which generators learn by heart first, is not found so, for the next ones are as near: the bare distance finds its
copies. How much is too much depends on the data: the measure are strangers, real test pictures that nobody has learnt
from. A picture that is nearer, or closer to one work than to others, than 99 of 100 of those is called a copy.
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
from ganart.originality.kept import kept
from ganart.originality.search import Advance, ignored, nearest_works
from ganart.originality.spaces import Space

VERSION = 2  # of the measure: raise it when it changes, and strangers are measured anew

SHOWN = 7
"""How many of the nearest works are kept, for the sheet."""

OTHERS = 5
"""How many works after the nearest tell how near works usually are around a picture."""

FEWEST_TO_CALIBRATE = 100
MOST_TO_CALIBRATE = 1000
CLOSE_AS_A_COPY = 0.05
CLOSE = 5.0
"""Percentile below which a picture that is no copy is worth a look."""


@dataclass(frozen=True)
class Nearest:
    """The nearest training pictures in one space: distances, positions in the training split, and how unusual that is.

    `percentile` is the share of strangers, in per cent, that are nearer to a training picture or, if that is less, that
    are closer to one than to others (see `closeness`).
    """

    distances: list[float]
    positions: list[int]
    percentile: float


@dataclass(frozen=True)
class Finding:
    """What the audit says of one picture."""

    verdict: str
    """copy, close or own."""

    percentile: float
    """The smallest over all spaces."""

    by_space: dict[str, Nearest]

    @property
    def nearest(self) -> Nearest:
        """That of the space in which the picture comes nearest."""
        return min(self.by_space.values(), key=lambda row: (row.percentile, row.distances[0]))


@dataclass(frozen=True)
class Audit:
    """All findings, in the order of the pictures, and by space the distances [M] that they rest on."""

    findings: list[Finding]
    distances: dict[str, Tensor] = field(repr=False)

    def count(self, verdict: str) -> int:
        return sum(finding.verdict == verdict for finding in self.findings)


class Auditor:
    """Compares pictures with the training pictures of a data set in several `spaces`.

    `threshold` is the percentile of strangers below which a picture is a copy, in any of the spaces.
    """

    def __init__(self, spaces: Sequence[Space], *, threshold: float = 1.0, seed: int = 0) -> None:
        self.spaces = {space.name: space for space in spaces}
        self.threshold = threshold
        self.seed = seed

    def prepare(self, pictures: PictureSet, *, advance: Advance = ignored) -> None:
        """Find out how near strangers come to the training pictures.

        Strangers are test pictures, without those that the training pictures hold too. Where there are fewer than a
        hundred, training pictures stand in for them, each compared with all others.
        """
        self.works = pictures.train
        self.files = [pictures.manifest.files[row] for row in pictures.train.rows]
        strangers, self.left_out = _strangers(pictures)
        self.calibrated_on, split, themselves = "test pictures", pictures.test, False
        if len(strangers) < FEWEST_TO_CALIBRATE:
            self.calibrated_on, split, themselves = "training pictures, each without itself", pictures.train, True
            strangers = _unrepeated(pictures)
        chosen = strangers[np.sort(np.random.default_rng(self.seed).permutation(len(strangers))[:MOST_TO_CALIBRATE])]
        self.num_strangers = len(chosen)
        self.strangers = split.pictures(chosen)
        self.usual: dict[str, Tensor] = {}
        for name, space in self.spaces.items():
            space.prepare(pictures)
            key = json.dumps([VERSION, pictures.split_hash, space.key(), self.calibrated_on, chosen.tolist()])
            arguments = (space, self.strangers, self.works, self._k, chosen if themselves else None, advance)
            self.usual[name] = kept(key, partial(_distances, *arguments))

    @property
    def _k(self) -> int:
        return min(SHOWN, len(self.works))

    @property
    def false_alarms(self) -> float:
        """The share of strangers that would be called copies: what the threshold costs, over all spaces."""
        smallest = torch.stack([percentiles_of(usual, usual) for usual in self.usual.values()]).amin(dim=0)
        return float((smallest < self.threshold).double().mean())

    @property
    def blind(self) -> list[str]:
        """The spaces in which strangers themselves are as close to training pictures as copies are."""
        closest = {name: torch.quantile(closeness(usual), self.threshold / 100) for name, usual in self.usual.items()}
        return [name for name, value in closest.items() if value < CLOSE_AS_A_COPY]

    def audit(self, pictures: np.ndarray, *, advance: Advance = ignored) -> Audit:
        """Return what there is to say of pictures, uint8 [N, H, W, C], of the size of the training pictures."""
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
    """The nearest over the mean of the five that follow, [N], from distances [N, k], the smallest first.

    0 is a copy, 1 a picture that is no nearer to one work than to others. Of a single work it is the distance itself.
    """
    others = distances[:, 1 : 1 + OTHERS]
    if not others.shape[1]:
        return distances[:, 0]
    return distances[:, 0] / others.mean(dim=1).clamp(min=torch.finfo(distances.dtype).tiny)


def percentiles_of(distances: Tensor, usual: Tensor) -> Tensor:
    """The smaller of the percentiles of distance and closeness, from distances [N, k] among those of strangers."""
    return torch.minimum(
        percentile_of(distances[:, 0], usual[:, 0]), percentile_of(closeness(distances), closeness(usual))
    )


def percentile_of(values: Tensor, usual: Tensor) -> Tensor:
    """The share of `usual` that is below each of `values`, in per cent."""
    return 100 * torch.searchsorted(usual.sort().values, values.contiguous()).double() / len(usual)


def _distances(*arguments: Any) -> Tensor:
    return nearest_works(*arguments)[0]


def _strangers(pictures: PictureSet) -> tuple[np.ndarray, int]:
    """Positions of the test pictures that are in no group of duplicates with a training picture; how many are."""
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
    """Positions of the training pictures that the data hold once; all of them where all are repeated."""
    repeated = {position for group in _groups(pictures.train) for position in group}
    alone = np.array([p for p in range(len(pictures.train)) if p not in repeated], dtype=np.int64)
    return alone if len(alone) > 1 else np.arange(len(pictures.train))


def _groups(split: Split) -> list[list[int]]:
    """Groups of positions of pictures that are the same or nearly so."""
    images = split.images[split.rows]
    same = duplicates.exact(images)
    return same + duplicates.near(images, same)

"""Numbers about generated images for the doctor: ratios to training images, near 1 if both are alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ganart.datasets.base import UNKNOWN, Factor
from ganart.metrics import Features
from ganart.metrics.neighbours import nearest
from ganart.metrics.vendi import vendi

MOST_COMPARED = 1000
"""Most images of each side that are compared: enough for shares of a few per cent, in milliseconds."""

ENOUGH_FOR_TWINS = 250
"""Least number of images for `twins`: among fewer, labels drawn with replacement repeat and lower it by themselves."""

NEIGHBOURS = 5
USUAL = 0.05
"""The share of training images that count as copies of each other, which sets the threshold of `copies`."""


def numbers_of(real: Features, fake: Features, factors: Sequence[Factor]) -> dict[str, float]:
    """Return the numbers of `diversity`, `copying` and, with a classifier, `labels` for training and generated images.

    All are relative to the same measure among training images, and so independent of the scale of the features.
    Numbers that need larger samples are left out.
    """
    count = min(len(real), len(fake), MOST_COMPARED)
    if count <= NEIGHBOURS + 1:
        return {}
    numbers = diversity(real.features[:count], fake.features[:count]) | copying(real.features, fake.features[:count])
    for column, factor in enumerate(factors):
        if fake.recognised.shape[1] and len(factor.classes) > 1:
            numbers |= labels(real, fake, column, factor)
    return numbers


def diversity(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Return ratios of the variety of `fake` [N, D] to that of `real` [N, D].

    spread  mean distance between two images: falls when whole regions of the data are missing
    twins   nearest-neighbour ratio, of median distances to the nearest other image: falls when images repeat
    vendi   effective number of different images
    """
    measures = {"spread": _mean_distance, "twins": _usual_gap, "vendi": vendi}
    if len(real) < ENOUGH_FOR_TWINS:
        del measures["twins"]
    return {name: measure(fake) / measure(real) for name, measure in measures.items() if measure(real) > 0}


def _mean_distance(rows: Tensor) -> float:
    return float(torch.pdist(rows).mean())


def _usual_gap(rows: Tensor) -> float:
    return float(nearest(rows, rows, 1, same=True)[0].median())


def copying(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Return how close generated images are to training images, relative to training images among each other.

    nearest  median distance to the nearest training image, as a ratio
    copies   share of images for which the distance to the nearest training image over the mean distance to the nearest
             five is smaller than for 95 % of training images. The neighbourhood matters because an image close to many
             is typical, not copied (after Carlini et al. 2023, arXiv:2301.13188, section 4.2).
    """
    among, _ = nearest(real, real, NEIGHBOURS, same=True)
    towards, _ = nearest(fake, real, NEIGHBOURS)
    usual = _ratio_to_neighbourhood(among).quantile(USUAL)
    copies = (_ratio_to_neighbourhood(towards) < usual).float().mean()
    typical = among[:, 0].median()
    return {"copies": float(copies)} | ({"nearest": float(towards[:, 0].median() / typical)} if typical > 0 else {})


def _ratio_to_neighbourhood(distances: Tensor) -> Tensor:
    return distances[:, 0] / distances.mean(dim=1).clamp(min=torch.finfo(distances.dtype).tiny)


def labels(real: Features, fake: Features, column: int, factor: Factor) -> dict[str, float]:
    """Return measures of the labels that a classifier recognises in one factor F.

    classes/F          effective number of recognised classes among the generated images
    classes/F_of_data  the same among the training images
    readable/F         Cohen's κ of recognised and true labels of training images: the reliability of `obeyed`
    obeyed/F           Cohen's κ of recognised and conditioning labels, over `readable`: 0 by chance, 1 as in the data
    """
    name, size = factor.name, len(factor.classes)
    seen_real, seen_fake = real.recognised[:, column], fake.recognised[:, column]
    numbers = {
        f"classes/{name}": _effective_classes(seen_fake, size),
        f"classes/{name}_of_data": _effective_classes(seen_real, size),
    }
    readable = _agreement_beyond_chance(real.labels[:, column], seen_real, size)
    obeyed = _agreement_beyond_chance(fake.labels[:, column], seen_fake, size)
    if readable is None or obeyed is None or readable <= 0:
        return numbers
    return numbers | {f"readable/{name}": readable, f"obeyed/{name}": obeyed / readable}


def _effective_classes(seen: Tensor, size: int) -> float:
    """Return e to the entropy of the histogram: k for k equally frequent classes."""
    shares = torch.bincount(seen, minlength=size).double() / len(seen)
    return float(torch.special.entr(shares).sum().exp())


def _agreement_beyond_chance(given: Tensor, seen: Tensor, size: int) -> float | None:
    """Return Cohen's κ (1960), (agreement − chance) / (1 − chance), over known labels; None if undefined."""
    given, seen = given[given != UNKNOWN], seen[given != UNKNOWN]
    if not len(given):
        return None
    shares = [torch.bincount(labels, minlength=size).double() / len(labels) for labels in (given, seen)]
    by_chance = float(shares[0] @ shares[1])
    return (float((given == seen).double().mean()) - by_chance) / (1 - by_chance) if by_chance < 1 else None

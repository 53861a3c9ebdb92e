"""What a look at generated pictures says of them, as a few ratios: near 1 they are like the training pictures."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ganart.datasets.base import UNKNOWN, Factor
from ganart.metrics import Sample
from ganart.metrics.neighbours import nearest
from ganart.metrics.vendi import vendi

MOST_COMPARED = 1000
"""Pictures of each side that are compared with each other: enough for shares of a few per cent, in milliseconds."""

ENOUGH_FOR_TWINS = 250
"""Labels to tell are drawn from the training pictures with replacement: among few, equal ones alone make twins."""

NEIGHBOURS = 5
USUAL = 0.05
"""The share of training pictures that are taken to lie as close to another one as a copy does."""


def numbers_of(real: Sample, fake: Sample, factors: Sequence[Factor]) -> dict[str, float]:
    """Return what can be told from features and labels of training pictures and of generated ones.

    Everything is relative to what training pictures are to each other, so that no number depends on the scale of the
    features. A number that these samples cannot give is left out.
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
    """Compare how far the rows of `fake` [N, D] are from each other with how far those of `real` are.

    spread  mean distance between two pictures: falls when whole regions of the data are missing
    twins   median distance to the nearest other picture: falls when the same few pictures come again and again
    vendi   effective number of different pictures
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
    """Compare how close generated pictures come to training pictures with how close those come to each other.

    nearest  median distance to the nearest training picture
    copies   share of pictures that lie closer to one training picture than their surroundings explain: the distance to
             the nearest over the mean distance to the nearest five is what only one in twenty training pictures has.
             (Carlini et al. 2023, arXiv:2301.13188, section 4.2, compare with the neighbourhood in this way, for a
             picture that is close to everything is typical, not copied.)
    """
    among, _ = nearest(real, real, NEIGHBOURS, same=True)
    towards, _ = nearest(fake, real, NEIGHBOURS)
    usual = _ratio_to_neighbourhood(among).quantile(USUAL)
    copies = (_ratio_to_neighbourhood(towards) < usual).float().mean()
    typical = among[:, 0].median()
    return {"copies": float(copies)} | ({"nearest": float(towards[:, 0].median() / typical)} if typical > 0 else {})


def _ratio_to_neighbourhood(distances: Tensor) -> Tensor:
    return distances[:, 0] / distances.mean(dim=1).clamp(min=torch.finfo(distances.dtype).tiny)


def labels(real: Sample, fake: Sample, column: int, factor: Factor) -> dict[str, float]:
    """Compare what a classifier takes the pictures for.

    classes/F          effective number of classes among the generated pictures
    classes/F_of_data  … and among the training pictures
    obeyed/F           how far what is recognised follows what was told: 0 by chance only, 1 as in training pictures
    readable/F         how far it follows the labels of training pictures: how much `obeyed` can be trusted
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
    """Return e to the entropy of the histogram: k where k classes come equally often."""
    shares = torch.bincount(seen, minlength=size).double() / len(seen)
    return float(torch.special.entr(shares).sum().exp())


def _agreement_beyond_chance(told: Tensor, seen: Tensor, size: int) -> float | None:
    """Cohen's κ (1960): (agreement − agreement by chance) / (1 − agreement by chance); None where nothing was told."""
    told, seen = told[told != UNKNOWN], seen[told != UNKNOWN]
    if not len(told):
        return None
    shares = [torch.bincount(labels, minlength=size).double() / len(labels) for labels in (told, seen)]
    by_chance = float(shares[0] @ shares[1])
    return (float((told == seen).double().mean()) - by_chance) / (1 - by_chance) if by_chance < 1 else None

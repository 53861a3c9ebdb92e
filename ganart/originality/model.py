"""Measures of copying over all generated pictures: novelty ratio and the test C_T."""

from __future__ import annotations

import torch
from scipy.stats import mannwhitneyu
from torch import Tensor

CELLS = 3
FEWEST_IN_CELL = 20
DIMENSIONS = 64


def novelty_ratio(fake: Tensor, held_out: Tensor) -> float:
    """Return the median distance of generated pictures to their nearest training picture, over that of held-out ones.

    At 1 they are as far from the training pictures as held-out images are.

    Args:
        fake: distances [M] of generated pictures to their nearest training picture.
        held_out: the same of held-out images, [N].
    """
    return float(fake.median() / held_out.median().clamp(min=1e-12))


def copying_score(
    fake: Tensor, held_out: Tensor, fake_features: Tensor, held_out_features: Tensor, work_features: Tensor
) -> float | None:
    """Return C_T of Meehan, Chaudhuri and Dasgupta 2020, "A Non-Parametric Test to Detect Data-Copying", eq. 3.

    In each cell of the training features (k-means in 64 principal components) a Mann-Whitney test compares the
    distances of generated and of held-out images to their nearest training image; C_T is the mean of the z-values,
    weighted by the number of held-out images (arXiv:2004.05675). Far below 0, as −3: copies. Far above 0: far from the
    data.

    Args:
        fake: distances [M] of generated images to their nearest training image.
        held_out: the same of held-out images, [N].
        fake_features: features of the generated images, [M, D].
        held_out_features: features of the held-out images, [N, D].
        work_features: features of the training images, [K, D].

    Returns:
        C_T, or None where no cell has at least twenty images of both sides.
    """
    fake_cells, held_out_cells = _cells(work_features, fake_features, held_out_features)
    scores, weights = [], []
    for cell in range(CELLS):
        ours, theirs = fake[fake_cells == cell], held_out[held_out_cells == cell]
        if min(len(ours), len(theirs)) >= FEWEST_IN_CELL:
            scores.append(mann_whitney_z(ours, theirs))
            weights.append(len(theirs))
    return sum(s * w for s, w in zip(scores, weights, strict=True)) / sum(weights) if scores else None


def mann_whitney_z(ours: Tensor, theirs: Tensor) -> float:
    """Return the z-value of the Mann-Whitney test that `ours` [M] exceed `theirs` [N].

    Ties count half in U; its standard deviation is that of values without ties.
    """
    wins = float(mannwhitneyu(ours.numpy(), theirs.numpy(), method="asymptotic").statistic)
    m, n = len(ours), len(theirs)
    return (wins - m * n / 2) / (m * n * (m + n + 1) / 12) ** 0.5


def _cells(works: Tensor, *others: Tensor) -> list[Tensor]:
    """Return the k-means cell of each row of `others`, [N] each, learnt in the principal components of `works`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        centre = works.mean(dim=0)
        dimensions = min(DIMENSIONS, *works.shape)
        _, _, axes = torch.pca_lowrank(works - centre, q=dimensions, center=False)
        points = (works - centre) @ axes
        centres = points[torch.randperm(len(points))[:CELLS]]
    for _ in range(50):
        cells = torch.cdist(points, centres).argmin(dim=1)
        centres = torch.stack(
            [points[cells == c].mean(dim=0) if (cells == c).any() else centres[c] for c in range(len(centres))]
        )
    return [torch.cdist((other - centre) @ axes, centres).argmin(dim=1) for other in others]

from itertools import permutations, product

import numpy as np
import pytest
import torch
from sides import values

from ganart.metrics import KernelDistance


def distance(
    real: np.ndarray, fake: np.ndarray, *, subsets: int = 3, subset_size: int = 10**6
) -> tuple[float, float | None]:
    value = values(KernelDistance(subsets=subsets, subset_size=subset_size), real, fake)["kid"]
    return value.value, value.std


def brute_force(real: np.ndarray, fake: np.ndarray) -> float:
    """The unbiased squared MMD of Bińkowski et al. 2018 with the kernel (x·y/D + 1)³, pair by pair."""

    def kernel(x, y):
        return (float(x @ y) / len(x) + 1) ** 3

    real, fake = real.astype(np.float64), fake.astype(np.float64)
    n = len(real)
    within = sum(kernel(side[i], side[j]) for side in (real, fake) for i, j in permutations(range(n), 2)) / (
        n * (n - 1)
    )
    return within - 2 * sum(kernel(x, y) for x, y in product(real, fake)) / n**2


def features(seed: int, count: int = 20, dim: int = 5, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(count, dim)) + shift).astype(np.float32)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_distance_of_whole_sets_is_the_unbiased_estimate_pair_by_pair(shift):
    real, fake = features(1), features(2, shift=shift)
    mean, std = distance(real, fake, subset_size=20)  # every subset is the whole
    assert mean == pytest.approx(brute_force(real, fake), rel=1e-4, abs=1e-5)
    assert std is None


def test_where_there_are_too_few_pictures_subsets_are_of_half_of_them():
    assert KernelDistance(subset_size=1000).protocol(300)["subset_size"] == 150
    assert KernelDistance(subset_size=1000).protocol(1000)["subset_size"] == 1000
    torch.manual_seed(0)
    assert distance(features(1), features(2), subsets=50)[1] > 0


def test_distance_of_two_pairs_of_numbers_is_worked_by_hand():
    # Real 0 and 1, generated 2 and 3, D = 1: k(0, 1) = 1, k(2, 3) = 7³ = 343;
    # k(0, ·) = 1 twice, k(1, 2) = 27, k(1, 3) = 64. 1 + 343 − 2 · (1 + 1 + 27 + 64)/4 = 297.5.
    real, fake = np.array([[0.0], [1.0]], np.float32), np.array([[2.0], [3.0]], np.float32)
    assert distance(real, fake)[0] == pytest.approx(297.5, rel=1e-6)


def test_estimate_is_unbiased():
    torch.manual_seed(0)
    means = [distance(features(2 * n, 10, 2), features(2 * n + 1, 10, 2), subsets=20)[0] for n in range(300)]
    assert abs(np.mean(means)) < 4 * np.std(means) / np.sqrt(300)
    assert min(means) < 0 < max(means)  # a biased one would be positive always


def test_subsets_smaller_than_the_sets_spread_around_the_whole():
    torch.manual_seed(0)
    real, fake = features(1, 60, 3), features(2, 60, 3, shift=1.0)
    mean, std = distance(real, fake, subsets=400, subset_size=30)
    assert std > 0
    assert mean == pytest.approx(brute_force(real, fake), rel=0.1)

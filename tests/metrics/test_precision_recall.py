"""Precision, recall, density and coverage against a few lines of brute force, and where they can be known."""

import numpy as np
import pytest
from sides import gaussian, values

from ganart.metrics import DensityCoverage, PrecisionRecall


def pairwise(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linalg.norm(a[:, None].astype(np.float64) - b[None], axis=2)


def radii(side: np.ndarray, k: int) -> np.ndarray:
    return np.sort(pairwise(side, side), axis=1)[:, k]  # the first is the picture itself


def brute_force(real: np.ndarray, fake: np.ndarray, k: int) -> dict[str, float]:
    within_real = pairwise(fake, real) <= radii(real, k)[None]  # [fake, real]
    within_fake = pairwise(real, fake) <= radii(fake, k)[None]  # [real, fake]
    return {
        "precision": within_real.any(1).mean(),
        "recall": within_fake.any(1).mean(),
        "density": within_real.sum() / (k * len(fake)),
        "coverage": within_real.any(0).mean(),
    }


def measured(real: np.ndarray, fake: np.ndarray, k: int = 3) -> dict[str, float]:
    found = values(PrecisionRecall(neighbours=k), real, fake) | values(DensityCoverage(neighbours=k), real, fake)
    assert not PrecisionRecall.lower_is_better
    assert not DensityCoverage.lower_is_better
    return {key: value.value for key, value in found.items()}


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(("shift", "counts"), [(0.0, (60, 60)), (0.7, (60, 45)), (0.7, (30, 80))])
def test_all_four_are_those_of_brute_force(k, shift, counts):
    real, fake = gaussian(1, counts[0], 4), gaussian(2, counts[1], 4, shift)
    assert measured(real, fake, k) == pytest.approx(brute_force(real, fake, k), rel=1e-6)


def test_training_pictures_returned_are_perfect_in_all():
    real = gaussian(1, 100, 4)
    found = measured(real, real[np.random.default_rng(0).permutation(100)])
    assert found["precision"] == found["recall"] == found["coverage"] == 1
    assert found["density"] >= 1


def test_other_pictures_of_the_same_kind_are_nearly_perfect():
    found = measured(gaussian(1, 2000, 2), gaussian(2, 2000, 2), k=5)
    assert found["precision"] > 0.95
    assert found["recall"] > 0.95
    assert found["density"] == pytest.approx(1, abs=0.05)  # Naeem et al. 2020, eq. 6
    assert found["coverage"] == pytest.approx(1 - 2**-5, abs=0.02)  # their eq. 8 for many of both: 1 − ½ᵏ


def test_noise_far_away_is_nothing():
    found = measured(gaussian(1, 100, 4), gaussian(2, 100, 4, 50.0))
    assert found == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}


def test_a_missing_class_costs_recall_and_coverage_but_no_precision():
    real = np.concatenate([gaussian(1, 200, 3), gaussian(2, 200, 3, 30.0)])
    found = measured(real, gaussian(3, 400, 3))
    assert found["precision"] > 0.9
    assert found["recall"] == pytest.approx(0.5, abs=0.05)
    assert found["coverage"] == pytest.approx(0.5, abs=0.05)


def test_one_good_picture_again_and_again_has_precision_without_recall():
    found = measured(gaussian(1, 200, 3), np.zeros((200, 3), np.float32))
    assert found["precision"] == 1
    assert found["recall"] == 0
    assert found["coverage"] < 0.1

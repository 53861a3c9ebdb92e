import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from ganart.metrics import FrechetDistance


def distance(real: np.ndarray, fake: np.ndarray, batches: int = 1) -> float:
    metric = FrechetDistance()
    metric.reset(real.shape[1], len(fake), "cpu", synchronize=False)
    for side, is_real in ((real, True), (fake, False)):
        for batch in np.array_split(side, batches):
            metric.update(torch.from_numpy(batch).float(), torch.zeros(len(batch), 1), real=is_real)
    value, std = metric.compute()
    assert std is None
    return value


def reference(real: np.ndarray, fake: np.ndarray) -> float:
    """‖μ − μ′‖² + Tr(Σ + Σ′ − 2(ΣΣ′)^½) in float64 with a matrix square root (Heusel et al. 2017, eq. 6)."""
    real, fake = real.astype(np.float64), fake.astype(np.float64)
    sigma, sigma_2 = (np.cov(side, rowvar=False) for side in (real, fake))
    root = sqrtm(sigma @ sigma_2)
    return float(np.square(real.mean(0) - fake.mean(0)).sum() + np.trace(sigma + sigma_2 - 2 * root.real))


def features(seed: int, count: int, dim: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, dim)) @ rng.normal(size=(dim, dim)) + shift).astype(np.float32)


@pytest.mark.parametrize("shift", [0.0, 0.5, 3.0])
def test_distance_is_that_of_a_matrix_square_root_in_float64(shift):
    real, fake = features(1, 500, 12), features(2, 400, 12, shift)
    assert distance(real, fake) == pytest.approx(reference(real, fake), rel=1e-6)


def test_distance_of_gaussians_with_diagonal_covariances_is_the_closed_form():
    # Four points ±a, ±b on the axes: mean 0, covariance diag(2a², 2b²)/3. Σ (mᵢ)² + Σ (√σᵢ − √σ′ᵢ)².
    def cross(a, b, mean):
        return np.array([[a, 0], [-a, 0], [0, b], [0, -b]], np.float32) + np.array(mean, np.float32)

    real, fake = cross(1, 2, (0, 0)), cross(3, 1, (0.5, -1))
    root = np.sqrt(2 / 3)
    expected = 0.25 + 1 + (3 * root - root) ** 2 + (root - 2 * root) ** 2  # 1.25 + 10/3
    assert expected == pytest.approx(1.25 + 10 / 3)
    assert distance(real, fake) == pytest.approx(expected, rel=1e-9)


def test_distance_to_itself_is_zero_and_to_a_shifted_copy_the_squared_shift():
    real = features(3, 300, 8)
    assert distance(real, real) == pytest.approx(0, abs=1e-6)
    assert distance(real, real + np.float32(0.5)) == pytest.approx(8 * 0.25, abs=1e-4)


def test_distance_does_not_depend_on_the_batches():
    real, fake = features(1, 100, 6), features(2, 100, 6)
    assert distance(real, fake, batches=7) == pytest.approx(distance(real, fake), rel=1e-9)


@pytest.mark.filterwarnings("ignore:Matrix is singular")
@pytest.mark.parametrize("case", ["few", "constant column", "all equal", "dead features"])
def test_distance_of_rank_deficient_features_is_a_number(case):
    real, fake = features(1, 10, 32), features(2, 10, 32, 1.0)
    if case == "constant column":
        real[:, :5], fake[:, 3:9] = 0, 1
    elif case == "all equal":
        real[:], fake[:] = 2, 0
    elif case == "dead features":
        real[:, 2:], fake[:, 2:] = 0, 0
    value = distance(real, fake)
    assert np.isfinite(value)
    assert value == pytest.approx(reference(real, fake), rel=1e-4, abs=1e-3)


def test_distance_survives_a_large_common_offset():
    real, fake = features(1, 500, 6) + 1000, features(2, 500, 6) + 1000
    assert distance(real, fake) == pytest.approx(reference(real, fake), rel=1e-3)


def test_reset_forgets_everything():
    real, fake, other = features(1, 100, 6), features(2, 100, 6), features(4, 100, 6)
    metric = FrechetDistance()
    for side in (other, fake):
        metric.reset(6, 100, "cpu", synchronize=False)
        metric.update(torch.from_numpy(real), torch.zeros(100, 1), real=True)
        metric.update(torch.from_numpy(side), torch.zeros(100, 1), real=False)
    assert metric.compute()[0] == pytest.approx(reference(real, fake), rel=1e-6)


def test_key_and_direction():
    assert FrechetDistance.key == "fid"
    assert FrechetDistance.lower_is_better

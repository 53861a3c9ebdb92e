import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from sides import gaussian, values
from torch.testing import assert_close

from ganart.metrics import FrechetDistance, FrechetDistanceAtInfinity
from ganart.metrics.frechet_at_infinity import at_infinity
from ganart.metrics.gaussian import Gaussian


def distance(real: np.ndarray, fake: np.ndarray) -> float:
    return values(FrechetDistance(folds=0), real, fake)["fid"].value


def of_gaussians(real: np.ndarray, fake: np.ndarray) -> float:
    """The symmetric form that FID∞ and the jackknife use."""
    one, other = (Gaussian.of(torch.from_numpy(side).double()) for side in (real, fake))
    return one.distance_to(other)


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


@pytest.mark.parametrize(
    ("counts", "dim"), [((500, 400), 12), ((10, 8), 32), ((2, 2), 5), ((200, 9), 20), ((9, 200), 20)]
)
def test_both_forms_of_the_distance_agree(counts, dim):
    real, fake = features(1, counts[0], dim), features(2, counts[1], dim, 0.5)
    assert of_gaussians(real, fake) == pytest.approx(distance(real, fake), rel=1e-5)


def test_the_symmetric_form_is_never_below_zero_by_more_than_rounding():
    for seed in range(20):
        real = features(seed, 6, 40)
        assert abs(of_gaussians(real, real[::-1].copy())) < 1e-6 * np.square(real).sum()


@pytest.mark.parametrize("dim", [4, 60])
@pytest.mark.parametrize("end", [11, 12, 23])
def test_taking_vectors_out_of_a_gaussian_leaves_that_of_the_others(dim, end):
    everything = torch.from_numpy(features(1, 50, dim)).double()
    rest = torch.cat([everything[:10], everything[end:]])
    left, others = Gaussian.of(everything).without(everything[10:end], rest), Gaussian.of(rest)
    assert left.count == 60 - end
    assert_close(left.mean, others.mean)
    assert_close(left.covariance, others.covariance)


@pytest.mark.parametrize("count", [3, 40])
def test_the_factor_of_a_gaussian_gives_its_covariance(count):
    gaussian_of = Gaussian.of(torch.from_numpy(features(1, count, 6)).double())
    assert gaussian_of.factor.shape == (min(count, 6), 6)
    assert_close(gaussian_of.factor.T @ gaussian_of.factor, gaussian_of.covariance)
    assert_close(gaussian_of.variance, gaussian_of.covariance.trace())
    assert_close(gaussian_of.covariance, torch.from_numpy(np.cov(features(1, count, 6).astype(float), rowvar=False)))


def test_deviation_is_that_of_another_set_of_generated_pictures():
    # Against fixed real features, over 60 independent sets: the spread of the values is what the jackknife estimates.
    real = gaussian(0, 2000, 3)
    sets = [values(FrechetDistance(), real, gaussian(seed, 400, 3, 0.5))["fid"] for seed in range(1, 61)]
    spread = np.std([value.value for value in sets])
    assert np.median([value.std for value in sets]) == pytest.approx(spread, rel=0.3)


@pytest.mark.parametrize("dim", [3, 24, 64])
def test_the_deviation_is_that_of_leaving_out_each_fold_whatever_is_left_in_the_last(dim):
    """Computed anew from the pictures that are left, for counts on both sides of D: 91 in tens leave a single one."""
    real = features(0, 200, dim)
    for count in [*range(20, 36), 41, 46, 55, 64, 73, 82, 91, 92, 100]:
        fake = features(1, count, dim, 0.5)
        folds = np.array_split(np.arange(count), 10)
        left = [of_gaussians(real, np.delete(fake, fold, axis=0)) for fold in folds]
        expected = np.sqrt(9 / 10 * np.square(left - np.mean(left)).sum())
        assert values(FrechetDistance(), real, fake)["fid"].std == pytest.approx(expected, rel=1e-6), count


def test_a_handful_of_pictures_has_no_deviation():
    assert values(FrechetDistance(), gaussian(0, 19, 3), gaussian(1, 19, 3))["fid"].std is None


def test_at_infinity_the_line_meets_the_axis():
    # d = 3 + 50/N exactly.
    sizes = [10, 20, 40, 100]
    assert at_infinity(sizes, [3 + 50 / n for n in sizes]) == pytest.approx(3, abs=1e-9)


def test_at_infinity_the_bias_is_gone():
    # N(0, I) against N(¼, I) in 64 dimensions: 64/16 = 4. The plain value of 500 pictures is far too high.
    torch.manual_seed(0)
    real = gaussian(0, 50_000, 64)
    sets = [gaussian(seed, 500, 64, 0.25) for seed in range(1, 9)]
    plain = np.mean([distance(real, fake) for fake in sets])
    unbiased = np.mean([values(FrechetDistanceAtInfinity(), real, fake)["fid_infinity"].value for fake in sets])
    assert plain > 5.5
    assert unbiased == pytest.approx(4, abs=0.3)


def test_at_infinity_of_the_same_distribution_is_zero():
    torch.manual_seed(0)
    real = gaussian(0, 50_000, 64)
    sets = [gaussian(seed, 1000, 64) for seed in range(1, 9)]
    assert np.mean([distance(real, fake) for fake in sets]) > 0.8
    unbiased = np.mean([values(FrechetDistanceAtInfinity(), real, fake)["fid_infinity"].value for fake in sets])
    assert unbiased == pytest.approx(0, abs=0.1)

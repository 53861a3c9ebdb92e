import numpy as np
import pytest
from sides import gaussian, values

from ganart.metrics import VendiScore


def vendi(features: np.ndarray) -> float:
    value = values(VendiScore(), gaussian(9, 3, features.shape[1]), features)["vendi"]
    assert not VendiScore.lower_is_better
    return value.value


@pytest.mark.parametrize(("count", "dim"), [(30, 8), (8, 30)])
def test_it_is_exp_of_the_entropy_of_the_eigenvalues_of_the_kernel(count, dim):
    features = gaussian(0, count, dim)
    rows = features.astype(np.float64) / np.linalg.norm(features, axis=1, keepdims=True)
    values_of_kernel = np.linalg.eigvalsh(rows @ rows.T / count)  # [N, N], whatever the dimensions
    positive = values_of_kernel[values_of_kernel > 1e-12]
    assert vendi(features) == pytest.approx(np.exp(-(positive * np.log(positive)).sum()), rel=1e-6)


def test_pictures_that_are_alike_count_as_one():
    assert vendi(np.tile(gaussian(0, 1, 5), (20, 1))) == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("modes", [2, 5])
def test_pictures_of_some_orthogonal_modes_count_as_so_many(modes):
    assert vendi(np.eye(8, dtype=np.float32)[np.arange(20 * modes) % modes]) == pytest.approx(modes, rel=1e-6)

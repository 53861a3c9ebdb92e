"""Authenticity and MiFID: what a generator that learns by heart gets."""

import numpy as np
import pytest
import torch
from sides import gaussian, values
from torchmetrics.image.mifid import MemorizationInformedFrechetInceptionDistance

from ganart.metrics import Authenticity, FrechetDistance, MemorizationInformedDistance


def authenticity(real: np.ndarray, fake: np.ndarray) -> float:
    value = values(Authenticity(), real, fake)["authenticity"]
    assert not Authenticity.lower_is_better
    return value.value


def brute_force(real: np.ndarray, fake: np.ndarray) -> float:
    authentic = 0
    for picture in fake.astype(np.float64):
        apart = np.linalg.norm(real - picture, axis=1)
        nearest = apart.argmin()
        others = np.delete(real, nearest, axis=0).astype(np.float64)
        authentic += np.linalg.norm(others - real[nearest], axis=1).min() < apart[nearest]
    return 100 * authentic / len(fake)


@pytest.mark.parametrize("spread", [0.0, 0.3, 1.0])
def test_authenticity_is_that_of_brute_force(spread):
    real = gaussian(1, 40, 3)
    fake = (real + spread * gaussian(2, 40, 3)).astype(np.float32)
    assert authenticity(real, fake) == pytest.approx(brute_force(real, fake))


def test_copies_are_not_authentic_and_new_pictures_are_by_half():
    real = gaussian(1, 1000, 3)
    assert authenticity(real, real) == 0
    assert authenticity(real, real + np.float32(1e-4)) == 0
    assert authenticity(real, gaussian(2, 1000, 3)) == pytest.approx(50, abs=8)
    assert authenticity(real, gaussian(3, 1000, 3, 40.0)) == 100


def torchmetrics_mifid(real: np.ndarray, fake: np.ndarray, eps: float) -> float:
    network = torch.nn.Identity()
    network.num_features = real.shape[1]
    metric = MemorizationInformedFrechetInceptionDistance(feature=network, cosine_distance_eps=eps)
    metric.update(torch.from_numpy(real).double(), real=True)
    metric.update(torch.from_numpy(fake).double(), real=False)
    return float(metric.compute())


@pytest.mark.filterwarnings("ignore:Metric `Memorization")
@pytest.mark.parametrize("eps", [1e-6, 0.1, 1.0])
def test_mifid_is_that_of_torchmetrics_whose_sides_are_the_other_way_round(eps):
    real, fake = gaussian(1, 60, 8), gaussian(2, 50, 8, 0.5)
    fake[3] = 0
    found = values(MemorizationInformedDistance(threshold=eps), real, fake)["mifid"].value
    assert found == pytest.approx(torchmetrics_mifid(fake, real, eps), rel=1e-4)


def test_mifid_of_copies_is_far_above_the_distance():
    real = gaussian(1, 60, 8)
    fake = (real[:50] + 1e-3).astype(np.float32)
    plain = values(FrechetDistance(), real, fake)["fid"].value
    assert values(MemorizationInformedDistance(), real, fake)["mifid"].value > 100 * plain


def test_mifid_of_constant_features_is_a_number():
    zeros = np.zeros((10, 4), np.float32)
    assert values(MemorizationInformedDistance(), zeros, zeros)["mifid"].value == pytest.approx(0, abs=1e-9)

"""Inception with random weights: what is between the pictures and torch-fidelity's own network."""

import pytest
import torch
from laboratory import random_inception
from torch.testing import assert_close
from torch_fidelity import feature_extractor_inceptionv3 as fidelity

from ganart.errors import UserError
from ganart.features import Inception, extract

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    return str(random_inception(tmp_path_factory.mktemp("inception") / "weights.pth"))


@pytest.fixture(scope="module")
def inception(weights_file):
    network = Inception(weights=weights_file, sha256=None)
    network.prepare(None, CPU)
    return network


@pytest.fixture(scope="module")
def rgb():
    return torch.randint(0, 256, (2, 32, 24, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_features_and_logits_are_those_of_torch_fidelitys_own_network(inception, weights_file, rgb):
    network = fidelity.FeatureExtractorInceptionV3(
        "x", ["2048", "logits_unbiased"], feature_extractor_weights_path=weights_file
    )
    expected_features, expected_logits = network(rgb.permute(0, 3, 1, 2))
    features, logits = extract(inception, rgb, CPU)
    assert features.shape == (2, 2048)
    assert logits.shape == (2, 1008)
    assert features.std(0).max() > 1e-3  # the two pictures differ
    assert_close(features, expected_features, rtol=1e-4, atol=1e-4)
    assert_close(logits, expected_logits, rtol=1e-3, atol=1e-3)
    assert_close(logits, features @ network.fc.weight.T, rtol=1e-3, atol=1e-3)  # without bias


def test_grey_is_looked_at_three_times_and_rgba_over_white(inception):
    generator = torch.Generator().manual_seed(1)
    grey = torch.randint(0, 256, (1, 16, 16, 1), dtype=torch.uint8, generator=generator)
    colours = torch.randint(0, 256, (1, 16, 16, 3), dtype=torch.uint8, generator=generator)
    alpha = torch.zeros(1, 16, 16, 1, dtype=torch.uint8)
    alpha[:, :8] = 255
    over_white = torch.where(alpha == 255, colours, torch.tensor(255, dtype=torch.uint8))
    assert_close(extract(inception, grey, CPU), extract(inception, grey.repeat(1, 1, 1, 3), CPU))
    assert_close(extract(inception, torch.cat([colours, alpha], 3), CPU), extract(inception, over_white, CPU))


def test_half_transparent_black_is_grey(inception):
    half = torch.tensor([0, 0, 0, 51], dtype=torch.uint8).expand(1, 8, 8, 4)  # 255 · (1 − 0.2) = 204
    grey = torch.full((1, 8, 8, 3), 204, dtype=torch.uint8)
    assert_close(extract(inception, half, CPU), extract(inception, grey, CPU))


def test_protocol_names_the_weights_and_the_resizing(inception):
    protocol = inception.protocol()
    assert protocol["features"] == "inception-v3-compat"
    assert protocol["antialias"] is False
    assert len(protocol["weights_hash"]) == 64


def test_with_the_published_weights_its_scores_are_called_as_in_the_papers():
    assert [Inception().score_name(key) for key in ("fid", "kid", "is")] == ["fid", "kid", "is"]


def test_with_other_weights_they_are_not(inception):
    name = f"inception_{inception.protocol()['weights_hash'][:8]}"
    assert [inception.score_name(key) for key in ("fid", "kid", "is")] == [f"fd_{name}", f"kd_{name}", f"is_{name}"]


def test_a_file_that_is_not_the_published_one_is_refused(weights_file):
    with pytest.raises(UserError, match=r"SHA-256 begins with \w{8}, not with 6726825d.*features\.sha256=null"):
        Inception(weights=weights_file).prepare(None, CPU)


def test_weights_that_are_not_there_are_told_to_the_user(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.pth is not a file.*(?s:.*)features=classifier"):
        Inception(weights=str(tmp_path / "nowhere.pth")).prepare(None, CPU)


def test_a_file_without_weights_is_told_to_the_user(tmp_path):
    (tmp_path / "weights.pth").write_bytes(b"not weights")
    with pytest.raises(UserError, match="not a file of weights alone"):
        Inception(weights=str(tmp_path / "weights.pth"), sha256=None).prepare(None, CPU)

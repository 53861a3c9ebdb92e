import pytest
import torch

from ganart.features import Classifier, Inception, auto
from ganart.features.inception import WEIGHTS_FILE, local_weights


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_without_weights_at_hand_it_is_the_classifier():
    assert local_weights(None) is None
    assert isinstance(auto(), Classifier)


def test_with_weights_downloaded_before_it_is_inception(hub):
    (hub / "checkpoints").mkdir(parents=True)
    (hub / "checkpoints" / WEIGHTS_FILE).write_bytes(b"weights")
    assert local_weights(None) == hub / "checkpoints" / WEIGHTS_FILE
    assert isinstance(auto(), Inception)


def test_with_weights_named_by_the_user_it_is_inception(tmp_path):
    file = tmp_path / "weights.pth"
    assert local_weights(str(file)) is None
    assert isinstance(auto(weights=str(file)), Inception)  # which will say that there is no such file
    file.write_bytes(b"weights")
    assert local_weights(str(file)) == file

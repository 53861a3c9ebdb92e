"""The whole chain, files to numbers, against torch-fidelity on the same pictures with the same network."""

import json
import sys

import numpy as np
import pytest
import torch
import torch_fidelity
from laboratory import random_inception
from PIL import Image

from ganart import cli

COUNT = 24


def painted(folder, seed: int, contrast: int) -> torch.Tensor:
    """Write smooth random pictures as PNG files; returns them as torch-fidelity takes them, uint8 [N, 3, H, W]."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    pictures = []
    for number in range(COUNT):
        small = Image.fromarray(rng.integers(128 - contrast, 128 + contrast, (5, 5, 3), dtype=np.uint8))
        small.resize((40, 40), Image.Resampling.BICUBIC).save(folder / f"{number:03d}.png")
        pictures.append(np.asarray(Image.open(folder / f"{number:03d}.png")))
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


class Pictures(torch.utils.data.Dataset):
    def __init__(self, pictures: torch.Tensor):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        return self.pictures[index]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_fid_kid_is_precision_and_recall_agree(tmp_path, monkeypatch):
    weights = random_inception(tmp_path / "weights.pth")
    real, fake = painted(tmp_path / "real", 0, 100), painted(tmp_path / "fake", 1, 80)
    expected = torch_fidelity.calculate_metrics(
        input1=Pictures(fake),
        input2=Pictures(real),
        cuda=False,
        batch_size=8,
        fid=True,
        kid=True,
        isc=True,
        prc=True,
        feature_extractor="inception-v3-compat",
        feature_extractor_weights_path=str(weights),
        kid_subset_size=COUNT,
        kid_subsets=1,
        isc_splits=1,
        prc_neighborhood=3,
        cache=False,
        verbose=False,
    )
    arguments = ["features=inception", f"features.weights={weights}", "features.sha256=null", "device=cpu"]
    arguments += ["metric=[fid,kid,is,precision_recall]", f"metric.kid.subset_size={COUNT}", "metric.is.splits=1"]
    folders = [f"real={tmp_path}/real", f"fake={tmp_path}/fake", f"hydra.run.dir={tmp_path}/out", "batch_size=8"]
    monkeypatch.setattr(sys, "argv", ["ganart", "evaluate", *folders, *arguments])
    cli.main()
    scores = json.loads((tmp_path / "out" / "summary.json").read_text())["scores"]
    found = {name.split("_")[0]: score["value"] for name, score in scores.items()}
    assert found["fd"] == pytest.approx(expected["frechet_inception_distance"], rel=1e-4)
    assert found["kd"] == pytest.approx(expected["kernel_inception_distance_mean"], rel=1e-4)
    assert found["is"] == pytest.approx(expected["inception_score_mean"], rel=1e-4)
    assert found["precision"] == pytest.approx(expected["precision"], rel=1e-4)
    assert found["recall"] == pytest.approx(expected["recall"], rel=1e-4)
    assert found["fd"] > 0.01
    assert 0 < found["precision"] < 1 or 0 < found["recall"] < 1

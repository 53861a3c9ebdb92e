"""Two processes train what one would: same weights on both ranks, every picture once, scores over all of them."""

import json
import subprocess
import sys

import pytest
import torch
from laboratory import DCGAN, TINY
from torch.testing import assert_close

from ganart.run_folder import RunFolder, read_checkpoint


def train_on(folder, devices: int, *overrides: str) -> RunFolder:
    command = [
        sys.executable,
        "-m",
        "ganart",
        "train",
        *TINY,
        *DCGAN,
        "name=tiny",
        f"hydra.run.dir={folder}",
        *overrides,
    ]
    command += ["trainer=ddp", "trainer.accelerator=cpu", f"trainer.devices={devices}", "trainer.precision=32"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return RunFolder(folder)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANART_CACHE", str(folder / "cache"))
        return train_on(folder / "run", 2, "total_images=320", "trainer.max_steps=-1")


def test_two_processes_write_one_run_folder(two):
    assert (two.path / "summary.json").exists()
    assert not list(two.path.parent.glob("runs"))
    summary = json.loads((two.path / "summary.json").read_text())
    assert summary["num_devices"] == 2
    assert summary["images_seen"] == 320
    assert summary["rounds"] == 20


def test_gradients_are_averaged_over_processes(tmp_path, monkeypatch):
    """Without noise of its own a batch dealt to two processes gives the update that one process gives.

    Latents are drawn per process, so the comparison is of the discriminator's first step on real pictures: with a
    generator that paints the same from every latent (its start is zero), everything else is equal.
    """
    monkeypatch.setenv("GANART_CACHE", str(tmp_path / "cache"))
    overrides = ["total_images=16", "~callback.scores", "architecture.generator.batch_norm=false"]
    overrides += ["optimizer@optimizer.discriminator=sgd", "optimizer@optimizer.generator=sgd", "dataset.condition=[]"]
    overrides += ["optimizer.discriminator.lr=1.0", "penalty.r1.gamma=100", "loss=wasserstein", "penalty=[r1]"]
    one, both = (train_on(tmp_path / str(n), n, *overrides) for n in (1, 2))
    weights = [read_checkpoint(run.checkpoint("last"))["state_dict"] for run in (one, both)]
    moved = [state["discriminator.from_image.weight"] for state in weights]
    # DCGAN's weights start at 0.02: a picture from any latent is grey to within a hundredth, real ones are not.
    assert_close(moved[0], moved[1], rtol=0.05, atol=2e-3)
    start = compose_start(overrides, tmp_path)
    assert not torch.allclose(moved[0], start, atol=2e-2)


def compose_start(overrides, tmp_path):
    from laboratory import compose_tiny

    from ganart.config import build
    from ganart.datasets import cache
    from ganart.hardware import Choice
    from ganart.training import build_gan

    cfg = compose_tiny(tmp_path / "start", *overrides)
    torch.manual_seed(cfg.seed)
    return build_gan(cfg, cache.load(build(cfg.dataset)), Choice("cpu", "32", True, "")).discriminator.from_image.weight

"""Small real trainings for tests: the real configuration, shrunk until a run takes a second or two."""

import atexit
import csv
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache as once
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from PIL import Image
from torch_fidelity import feature_extractor_inceptionv3 as fidelity

from ganart.callbacks import in_order
from ganart.config.build import build_dataset
from ganart.datasets import cache
from ganart.files.paths import conf_dir, quoted
from ganart.runs.folder import RunFolder
from ganart.training.run import train

TINY = (
    "dataset.num_pictures=400",
    "dataset.height=8",
    "dataset.width=8",
    "batch_size=16",
    "total_images=160",
    "features=classifier",
    "features.images=2000",
    "callback.scores.num_images=100",
    "callback.scores.every_images=0",
    "callback.checkpoint.every_images=48",
    "callback.samples.every_images=80",
    "callback.numbers.every_images=32",
    "callback.walk.frames=4",
    "trainer=cpu",
    "trainer.precision=32",
    "trainer.threads=1",
    "schedule=constant",
)


DCGAN = (
    "architecture=dcgan",
    "architecture.generator.start_channels=16",
    "architecture.generator.min_channels=8",
    "architecture.generator.latent_dim=8",
    "architecture.discriminator.batch_norm=false",
)
MLP = ("architecture=mlp", "architecture.generator.hidden=[16,16]", "architecture.discriminator.hidden=[16]")


@once
def painted_pictures() -> Path:
    """A cache that holds the pictures of `TINY` and nothing else, painted once in each process of the tests."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with pytest.MonkeyPatch.context() as patch, initialize_config_dir(str(conf_dir()), version_base="1.3"):
        patch.setenv("GANART_CACHE", str(folder))
        cache.load(build_dataset(compose("train", [*TINY, f"run_folder={folder}", "name=tiny"]).dataset))
    return folder


def cache_pictures(overrides: Iterable[str]) -> None:
    """Copy the pictures of `TINY` into this test's cache, if `overrides` ask for them and they are not there."""
    if {"dataset.num_pictures=400", "dataset.height=8", "dataset.width=8"} <= set(overrides):
        there = Path(os.environ["GANART_CACHE"]) / "datasets"
        for entry in (painted_pictures() / "datasets").iterdir():
            if entry.is_dir() and not (there / entry.name).exists():
                with suppress(OSError):  # where a test's cache is closed or full
                    shutil.copytree(entry, there / entry.name)


def compose_tiny(folder: Path, *overrides: str, players=DCGAN, base=TINY) -> DictConfig:
    """The composed configuration of a tiny run in `folder`."""
    if any(override.startswith("callback=[") for override in overrides):  # which may leave the walk out
        base = [override for override in base if not override.startswith("callback.walk")]
    cache_pictures(base)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose("train", [*base, *players, "name=tiny", f"run_folder={quoted(str(folder))}", *overrides])


def train_tiny(folder: Path, *overrides: str, players=DCGAN, base=TINY) -> RunFolder:
    """Train a tiny run in `folder`."""
    cfg = compose_tiny(folder, *overrides, players=players, base=base)
    train(cfg, RunFolder(folder), list(overrides))
    return RunFolder(folder)


def rows_of(run: RunFolder) -> list[dict[str, str]]:
    """The rows of metrics.csv."""
    with (run.path / "metrics.csv").open() as stream:
        return list(csv.DictReader(stream))


def train_with(folder, callback, *overrides, monkeypatch):
    """Train a tiny run with one more callback, which no configuration has to name."""
    import ganart.training.run as training

    plain = training.build_trainer

    def with_callback(cfg, hardware, run, callbacks, loggers):
        return plain(cfg, hardware, run, in_order([*callbacks, callback]), loggers)

    monkeypatch.setattr(training, "build_trainer", with_callback)
    return train_tiny(folder, *overrides)


def small_pictures(folder: Path, *, side: int, per_class: int, classes: tuple[str, ...]) -> Path:
    """A folder of noisy pictures, one sub-folder a class, each class with its own brightness."""
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for index in range(per_class):
            noise = np.random.default_rng([number, index]).integers(0, 60, (side, side, 3))
            Image.fromarray((noise + 150 * number).astype(np.uint8)).save(folder / name / f"{index}.png")
    return folder


def random_inception(file: Path) -> Path:
    """A state dictionary as torch-fidelity reads its Inception's, of random weights that keep the signal alive."""
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        torch.manual_seed(0)
        patch.setattr(fidelity, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(fidelity.FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
        network = fidelity.FeatureExtractorInceptionV3("x", ["2048"])
        for layer in network.modules():
            if isinstance(layer, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(layer.weight)
    torch.save(network.state_dict(), file)
    return file

"""What every test has: a cache of its own, and tiny picture sets made on the spot."""

import hashlib
import os
import sys
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from ganart.datasets.base import Factor, Manifest, PictureSet

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: several processes test at once


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """No test reads what another one, or the user, has cached."""
    monkeypatch.setenv("GANART_CACHE", str(tmp_path / "cache"))


def make_pictures(
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    factors: Sequence[Factor] = (),
    is_test: Sequence[bool] | None = None,
    name: str = "tiny",
) -> PictureSet:
    """A picture set in memory from uint8 [N, H, W, C] and int64 [N, F]; its hash follows its pixels and labels."""
    labels = np.zeros((len(images), 0), np.int64) if labels is None else np.asarray(labels, np.int64)
    manifest = Manifest(
        files=[f"{n:04d}.png" for n in range(len(images))],
        sha256=[image.tobytes().hex()[:64] for image in images],
        sizes=[[images.shape[2], images.shape[1]]] * len(images),
        labels=labels.tolist(),
        is_test=list(is_test) if is_test is not None else [False] * len(images),
        skipped=[],
        licence="CC0-1.0",
    )
    pixels = hashlib.sha256(images.tobytes()).hexdigest()
    return PictureSet(name, "key", pixels, tuple(factors), images, labels, manifest)


@pytest.fixture(name="make_pictures")
def make_pictures_fixture() -> Callable[..., PictureSet]:
    return make_pictures


@pytest.fixture
def ganart(monkeypatch, capsys, tmp_path):
    """Call the console script in this process; returns exit status and everything that was printed."""
    from laboratory import cache_pictures

    from ganart import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> tuple[int, str]:
        cache_pictures(arguments)
        monkeypatch.setattr(sys, "argv", ["ganart", *arguments])
        capsys.readouterr()
        status = 0
        try:
            cli.main()
        except SystemExit as stop:
            status = int(stop.code or 0)
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return call


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A folder for what all tests of a module share."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture
def shared_cache(lab, own_cache, monkeypatch):
    """The cache in `lab`, for modules whose tests look at the same data again and again."""
    monkeypatch.setenv("GANART_CACHE", str(lab / "cache"))

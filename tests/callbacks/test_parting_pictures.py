"""What a run leaves to look at when it ends: a walk through the latents, and the nearest training pictures."""

import itertools
import math

import numpy as np
import pytest
import torch
from laboratory import compose_tiny, train_tiny
from PIL import Image
from torch.testing import assert_close

from ganart.callbacks import nearest
from ganart.callbacks.walk import closed_path
from ganart.config.build import build
from ganart.datasets import cache
from ganart.features import Classifier
from ganart.features.base import extract
from ganart.grids import grid
from ganart.metrics.feature_store import FeatureStore


def test_a_way_leads_through_its_stations_and_back():
    stations = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    way = closed_path(stations, 30)
    assert way.shape == (30, 8)
    for number in range(3):
        assert_close(way[10 * number], stations[number])
    steps = (way - way.roll(1, dims=0)).norm(dim=1)
    assert steps.max() < 3 * steps.mean()  # no leap, at the end neither


def test_between_two_stations_it_keeps_to_the_sphere():
    way = closed_path(torch.eye(2), 4)
    assert_close(way[1], torch.tensor([math.sqrt(0.5), math.sqrt(0.5)]))  # a straight line would have (0.5, 0.5)
    assert_close(way.norm(dim=1), torch.ones(4))


def test_stations_in_one_place_are_no_division_by_zero():
    assert closed_path(torch.ones(2, 4), 6).isfinite().all()


@pytest.mark.parametrize("condition", ["[]", "[style]", "[style,subject]"])
def test_a_run_leaves_a_walk(tmp_path, condition):
    few = ("~callback.scores", "~callback.nearest", "callback.walk.frames=6", "total_images=16")
    run = train_tiny(tmp_path / "run", *few, f"dataset.condition={condition}")
    with Image.open(run.samples / "walk.gif") as walk:
        assert walk.n_frames == 6
        frames = []
        for number in range(6):
            walk.seek(number)
            frames.append(np.asarray(walk.convert("RGB"), dtype=int))
    assert min(np.abs(a - b).max() for a, b in itertools.pairwise(frames)) > 0  # it moves


def test_a_run_leaves_the_nearest_works_of_its_scored_pictures(tmp_path, monkeypatch):
    """Each row: a picture that was scored, then the training pictures nearest to it, found here once more by hand."""
    shown = []

    def noted(pictures, columns, **captions):
        shown.append((pictures, columns, captions["captions"]))
        return grid(pictures, columns, **captions)

    monkeypatch.setattr(nearest, "grid", noted)
    run = train_tiny(tmp_path / "run", "callback.nearest.rows=3", "callback.nearest.works=4")
    assert (run.samples / "nearest.png").is_file()
    ((pictures, columns, captions),) = shown
    assert columns == 5
    assert captions == ["generated", "1.", "2.", "3.", "4."] * 3
    rows = pictures.reshape(3, 5, *pictures.shape[1:])

    cfg = compose_tiny(tmp_path / "run")
    data = cache.load(build(cfg.dataset))
    network = Classifier(images=2000)
    network.prepare(data, torch.device("cpu"))
    scored = FeatureStore(network)
    scored.prepare(data, torch.device("cpu"))
    seen = data.train.pictures(scored.positions("train", 100))  # as many as the scores looked at
    features = extract(network, torch.from_numpy(seen), torch.device("cpu"))[0]
    for row in rows:
        own = extract(network, torch.from_numpy(row[:1].copy()), torch.device("cpu"))[0]
        order = (features - own).norm(dim=1).argsort()[:4]
        assert np.array_equal(row[1:], seen[order.numpy()])


def test_the_row_of_a_real_picture_leads_to_the_picture(tmp_path, make_pictures):
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), dtype=np.uint8)
    labels = np.arange(60)[:, None] % 2
    from ganart.datasets.base import Factor

    pictures = make_pictures(images, labels, factors=[Factor("kind", ("a", "b"))], is_test=[n > 49 for n in range(60)])
    store = FeatureStore(Classifier(images=64))
    store.prepare(pictures, torch.device("cpu"))
    real, rows = store.real("train", 30), store.positions("train", 30)
    assert len(set(rows.tolist())) == 30
    again = store.look(lambda seeds: (torch.from_numpy(images[rows[seeds]]), torch.zeros(len(seeds), 1)), 30)
    assert_close(again.features, real.features, rtol=1e-4, atol=1e-5)
    assert real.labels[:, 0].tolist() == labels[rows, 0].tolist()

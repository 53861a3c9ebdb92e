import numpy as np
import pytest
import torch
from torch.testing import assert_close

from ganart.datasets.procedural_art import ProceduralArt
from ganart.images import as_grey
from ganart.originality import FeatureSpace, Outlines, Tones
from ganart.originality.search import nearest_works
from ganart.originality.spaces import WINDOWS, cells

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def painted():
    dataset = ProceduralArt(num_pictures=60, height=32, width=32)
    return np.stack([picture.pixels for picture in dataset.decode()])


def nearest(space, pictures, works, k=3, **how):
    distances, positions = nearest_works(space, np.ascontiguousarray(pictures), works, k, **how)
    return distances.numpy(), positions.numpy()


def test_cells_are_means_of_equal_parts():
    grey = torch.arange(32 * 48.0).reshape(1, 32, 48)
    assert_close(cells(grey, WINDOWS[0]), grey.reshape(1, 16, 2, 16, 3).mean((2, 4)))


def test_cells_of_a_window_are_those_of_the_crop():
    grey = torch.rand(2, 80, 80, generator=torch.Generator().manual_seed(0))
    crop = grey[:, 16:, :64]  # 80 % of the sides, at the bottom left
    assert_close(cells(grey, (0.8, 1.0, 0.0)), cells(crop, WINDOWS[0]), rtol=1e-4, atol=1e-5)


def test_cells_of_pixels_that_do_not_divide_evenly_keep_the_mean():
    grey = torch.rand(1, 21, 33, generator=torch.Generator().manual_seed(0))
    assert_close(cells(grey, WINDOWS[0]).mean(), grey.mean())


def test_grey_is_luminance_and_what_is_transparent_lies_on_white():
    colours = np.array([[[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]], np.uint8)
    assert_close(as_grey(colours)[0, 0], torch.tensor([0.299, 0.587, 0.114]))
    clear = np.array([[[[0, 0, 0, 0], [0, 0, 0, 255], [0, 0, 0, 51]]]], np.uint8)
    assert_close(as_grey(clear)[0, 0], torch.tensor([1.0, 0.0, 0.8]))
    assert_close(as_grey(np.array([[[[51]]]], np.uint8))[0, 0, 0], torch.tensor(0.2))


@pytest.mark.parametrize("space", [Tones(), Outlines()], ids=lambda space: space.name)
@pytest.mark.parametrize(
    "change",
    [
        lambda x: x,
        lambda x: x[:, :, ::-1],
        lambda x: (x * 0.6 + 30).astype(np.uint8),  # brightness and contrast
        lambda x: np.clip(x + np.random.default_rng(0).normal(0, 6, x.shape), 0, 255).astype(np.uint8),
    ],
    ids=["as it is", "mirrored", "paler", "noisy"],
)
def test_a_changed_picture_is_nearest_to_its_original(painted, make_pictures, space, change):
    works = make_pictures(painted).train
    distances, positions = nearest(space, change(painted), works)
    flat = as_grey(painted).flatten(1).std(1).numpy() < 0.02  # hardly anything is on them
    assert (positions[:, 0] == np.arange(60))[~flat].all()
    assert np.median(distances[:, 0]) < 0.25 * np.median(distances[:, 1])


@pytest.mark.parametrize("space", [Tones(), Outlines()], ids=lambda space: space.name)
def test_a_crop_is_nearest_to_its_original(painted, make_pictures, space):
    large = painted.repeat(4, axis=1).repeat(4, axis=2)
    crops = large[:, 16:-4, 4:-16]  # 108 of 128
    works = make_pictures(large).train
    _, positions = nearest(space, crops, works)
    assert (positions[:, 0] == np.arange(60)).mean() > 0.9


def test_a_negative_has_the_same_outlines(painted, make_pictures):
    works = make_pictures(painted).train
    distances, positions = nearest(Outlines(), 255 - painted, works, 1)
    assert (positions[:, 0] == np.arange(60)).mean() > 0.95
    assert np.median(distances) < 0.01


def test_nobody_is_its_own_neighbour_where_that_is_asked(painted, make_pictures):
    works = make_pictures(painted).train
    distances, positions = nearest(Tones(), painted[10:20], works, 2, themselves=np.arange(10, 20))
    assert not (positions == np.arange(10, 20)[:, None]).any()
    assert distances.min() > 0
    every, _ = nearest(Tones(), painted[10:20], works, 3)
    np.testing.assert_allclose(distances, every[:, 1:], atol=1e-6)


def test_blocks_of_works_find_what_one_block_finds(painted, make_pictures, monkeypatch):
    from ganart.originality import search

    works = make_pictures(painted).train
    whole = nearest(Tones(), painted[:7], works, 5)
    monkeypatch.setattr(search, "BLOCK", 11)
    told = []
    parts = nearest(Tones(), painted[:7], works, 5, advance=told.append)
    np.testing.assert_allclose(np.square(parts[0]), np.square(whole[0]), atol=1e-5)
    assert np.array_equal(parts[1], whole[1])
    assert sum(told) == 60


def test_distances_are_those_of_all_ways_by_brute_force(painted, make_pictures):
    space, works = Tones(), make_pictures(painted[:9]).train
    turned = [row.double() for row in space.copies(painted[9:12])]
    shown = [row.double() for row in space.originals(works, np.arange(9))]
    expected = torch.stack([torch.cdist(a, b) for a in turned for b in shown]).amin(dim=0)
    distances, _ = nearest(space, painted[9:12], works, 9)
    order = expected.argsort(dim=1)
    np.testing.assert_allclose(distances, expected.gather(1, order), atol=2e-4)


def test_the_feature_space_keeps_the_features_of_the_works(painted, make_pictures):
    from ganart.features import Module

    network = Module(network=torch.nn.Flatten(), name="pixels")
    data = make_pictures(painted)
    network.prepare(data, CPU)
    space = FeatureSpace(network, torch.device("cpu"))
    space.prepare(data)
    again = FeatureSpace(network, torch.device("cpu"))
    again.seen = None  # it must not look again
    again.prepare(data)
    assert torch.equal(space.works, again.works)
    distances, positions = nearest(space, painted[:5, :, ::-1], data.train, 1)
    assert positions[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert np.square(distances).max() < 1e-5  # a cosine in float32 is 1 to a few millionths

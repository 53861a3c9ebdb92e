from itertools import islice

import numpy as np
import pytest
import torch

from ganart.datasets.base import Factor
from ganart.datasets.loader import BatchLoader

STYLE, SUBJECT = Factor("style", ("a", "b", "c")), Factor("subject", ("x", "y"))


@pytest.fixture
def pictures(make_pictures):
    """Ten training pictures, each filled with its number, and three for testing among them."""
    images = np.broadcast_to(np.arange(13, dtype=np.uint8)[:, None, None, None], (13, 2, 3, 1)).copy()
    labels = np.stack([np.arange(13) % 3, np.arange(13) % 2], axis=1)
    return make_pictures(images, labels, factors=[STYLE, SUBJECT], is_test=[n in (0, 5, 12) for n in range(13)])


def numbers(loader: BatchLoader, batches: int) -> list[list[int]]:
    return [batch.images[:, 0, 0, 0].tolist() for batch in islice(loader, batches)]


def flat(lists: list[list[int]]) -> list[int]:
    return [number for numbers_of_batch in lists for number in numbers_of_batch]


@pytest.mark.parametrize("batch_size", [1, 3, 4, 10])
def test_each_pass_shows_every_training_picture_once_in_an_order_of_its_own(pictures, batch_size):
    stream = flat(numbers(BatchLoader(pictures, batch_size=batch_size, seed=0), 60 // batch_size))
    passes = [stream[start : start + 10] for start in range(0, len(stream), 10)]
    assert all(sorted(one) == [1, 2, 3, 4, 6, 7, 8, 9, 10, 11] for one in passes)
    assert len({tuple(one) for one in passes}) == len(passes) == 6


def test_a_batch_larger_than_the_data_runs_over_several_passes(pictures):
    (batch,) = numbers(BatchLoader(pictures, batch_size=30, seed=0), 1)
    assert len(batch) == 30
    assert all(sorted(batch[start : start + 10]) == [1, 2, 3, 4, 6, 7, 8, 9, 10, 11] for start in (0, 10, 20))
    assert batch == flat(numbers(BatchLoader(pictures, batch_size=5, seed=0), 6))


@pytest.mark.parametrize("start", [0, 1, 9, 10, 37])
def test_starting_anywhere_is_going_on_with_the_stream(pictures, start):
    whole = flat(numbers(BatchLoader(pictures, batch_size=1, seed=7), start + 24))
    assert flat(numbers(BatchLoader(pictures, batch_size=4, seed=7, start=start), 6)) == whole[start:]


def test_the_stream_can_be_asked_for_out_of_order(pictures):
    loader = BatchLoader(pictures, batch_size=4, seed=7)
    whole = loader.stream(0, 40).tolist()
    assert loader.stream(33, 5).tolist() == whole[33:38]
    assert loader.stream(8, 25).tolist() == whole[8:33]


@pytest.mark.parametrize("world_size", [2, 3, 6])
def test_processes_share_every_batch_without_overlap(pictures, world_size):
    together = numbers(BatchLoader(pictures, batch_size=6, seed=1, start=5), 5)
    ranks = [
        numbers(BatchLoader(pictures, batch_size=6, seed=1, start=5, rank=rank, world_size=world_size), 5)
        for rank in range(world_size)
    ]
    for number, batch in enumerate(together):
        assert flat([shares[number] for shares in ranks]) == batch


def test_order_is_a_function_of_the_seed_alone(pictures):
    np.random.seed(0)
    first = numbers(BatchLoader(pictures, batch_size=5, seed=1), 4)
    np.random.seed(1)
    torch.manual_seed(9)
    assert numbers(BatchLoader(pictures, batch_size=5, seed=1), 4) == first
    assert numbers(BatchLoader(pictures, batch_size=5, seed=2), 4) != first


@pytest.mark.parametrize(("condition", "columns"), [((), []), (("subject",), [1]), (("subject", "style"), [1, 0])])
def test_players_are_told_the_labels_of_their_pictures_in_the_order_of_the_condition(pictures, condition, columns):
    batch = next(iter(BatchLoader(pictures, batch_size=6, seed=0, condition=condition)))
    assert batch.images.dtype == torch.uint8
    assert batch.images.shape == (6, 2, 3, 1)
    assert batch.labels.dtype == torch.int64
    assert batch.labels.shape == (6, len(columns))
    expected = [
        [(number % 3, number % 2)[column] for column in columns] for number in batch.images[:, 0, 0, 0].tolist()
    ]
    assert batch.labels.tolist() == expected


def test_images_that_lie_on_the_device_are_the_same_batches(pictures):
    settings = {"batch_size": 4, "seed": 3, "condition": ("subject",), "start": 9}
    read, there = (BatchLoader(pictures, **settings, device=device) for device in (None, torch.device("cpu")))
    for one, other in zip(islice(read, 8), islice(there, 8), strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)
    assert read._on_device is None
    assert len(there._on_device) == 10

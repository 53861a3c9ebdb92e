"""Pictures given as arrays: what is taken, what they become, and what is refused."""

import hashlib

import numpy as np
import pytest
import torch

from ganart.datasets.in_memory import pictures_in_memory
from ganart.errors import UserError

RANDOM = np.random.default_rng(0).integers(0, 256, (3, 4, 6, 3), dtype=np.uint8)  # of three pictures, 6 wide, 4 high


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_may_come_first_or_last(channels):
    pixels = np.random.default_rng(1).integers(0, 256, (3, 5, 6, channels), dtype=np.uint8)
    for given in (pixels, pixels.transpose(0, 3, 1, 2), torch.from_numpy(pixels).permute(0, 3, 1, 2)):
        found = pictures_in_memory(given)
        assert np.array_equal(found.images, pixels)
        assert (found.height, found.width, found.channels) == (5, 6, channels)


def test_floats_are_stored_as_bytes():
    floats = torch.from_numpy(RANDOM).permute(0, 3, 1, 2) / 127.5 - 1
    assert np.array_equal(pictures_in_memory(floats).images, RANDOM)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (torch.rand(2, 3, 4, 4) * 0.9, r"none of these is below 0: if they are in \[0, 1\]"),
        (torch.full((2, 3, 4, 4), -1.5), r"reach from -1.5"),
        (torch.full((2, 3, 4, 4), 255.0), r"to 255"),
        (RANDOM[0], "four dimensions"),
        (RANDOM[:0], "four dimensions"),
        (RANDOM.astype(np.int64), "int64"),
    ],
    ids=range(6),
)
def test_what_they_cannot_be_is_told(images, says):
    with pytest.raises(UserError, match=says):
        pictures_in_memory(images)


def test_their_identity_is_that_of_pixels_labels_and_split(make_pictures):
    labels = [[0], [1], [0]]
    first = make_pictures(RANDOM, labels)
    assert make_pictures(RANDOM.copy(), labels).hash == first.hash
    assert make_pictures(255 - RANDOM, labels).hash != first.hash
    assert make_pictures(RANDOM, [[1], [1], [0]]).hash != first.hash
    held_out = make_pictures(RANDOM, labels, is_test=[True, False, False])
    assert held_out.hash == first.hash
    assert held_out.split_hash != first.split_hash
    assert np.array_equal(held_out.train.pictures(np.array([0, 1])), RANDOM[1:])
    assert held_out.train.labels_of(np.array([0])).tolist() == [[1]]
    assert np.array_equal(held_out.test.pictures(np.array([0])), RANDOM[:1])


def test_labels_become_one_factor():
    found = pictures_in_memory(RANDOM, [2, 0, 2])
    assert found.factors[0].classes == ("0", "1", "2")
    assert found.labels.tolist() == [[2], [0], [2]]
    digest = hashlib.sha256(f"{RANDOM.shape}".encode() + RANDOM.tobytes()).hexdigest()
    assert found.pixels_sha256 == digest
    assert pictures_in_memory(RANDOM).factors == ()

from itertools import product

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from ganart.images import area_means, as_rgb, to_model, to_uint8

EVERY_VALUE = torch.arange(256, dtype=torch.uint8).view(1, 16, 16, 1)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_value_survives_the_way_to_the_model_and_back(channels, channels_last):
    pictures = torch.cat([EVERY_VALUE.roll(c, 1) for c in range(channels)], dim=3)
    assert torch.equal(to_uint8(to_model(pictures, channels_last=channels_last)), pictures)


def test_black_is_minus_one_and_white_is_one():
    floats = to_model(torch.tensor([0, 255, 51], dtype=torch.uint8).view(1, 1, 3, 1))
    assert floats.dtype == torch.float32
    assert_close(floats.flatten(), torch.tensor([-1.0, 1.0, -0.6]))  # 51 / 127.5 − 1


def test_axes_become_channels_first_in_either_layout():
    pictures = torch.randint(0, 256, (2, 4, 5, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    plain, last = to_model(pictures), to_model(pictures, channels_last=True)
    assert plain.shape == last.shape == (2, 3, 4, 5)
    assert torch.equal(plain, last)
    assert plain.is_contiguous()
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert plain[1, 2, 3, 4].item() == pytest.approx(pictures[1, 3, 4, 2].item() / 127.5 - 1, abs=1e-6)


def test_to_model_leaves_its_input_alone():
    pictures = EVERY_VALUE.clone()
    to_model(pictures)
    assert torch.equal(pictures, EVERY_VALUE)


def test_values_out_of_range_are_clipped():
    floats = torch.tensor([-1.5, -1.0, 1.0, 1.5, -1e6, 1e6]).view(1, 1, 1, 6)
    assert to_uint8(floats).flatten().tolist() == [0, 0, 255, 255, 0, 255]


@pytest.mark.parametrize(("level", "expected"), [(100.4, 100), (100.6, 101), (0.4, 0), (0.6, 1), (254.6, 255)])
def test_values_between_levels_are_rounded_not_cut(level, expected):
    assert to_uint8(torch.tensor(level / 127.5 - 1).view(1, 1, 1, 1)).item() == expected


def test_half_precision_pictures_become_bytes_in_memory_order():
    pictures = to_uint8(torch.zeros(2, 3, 4, 5, dtype=torch.bfloat16))
    assert pictures.shape == (2, 4, 5, 3)
    assert pictures.is_contiguous()
    assert (pictures == 128).all()  # 127.5, to even


def test_to_uint8_leaves_its_input_alone():
    floats = torch.full((1, 1, 2, 2), 0.3)
    to_uint8(floats)
    assert (floats == 0.3).all()


def test_every_colour_over_white_at_every_opacity_is_rounded_as_the_features_of_earlier_releases_saw_it():
    colours, alpha = torch.meshgrid(torch.arange(256), torch.arange(256), indexing="ij")
    pictures = torch.stack([colours, 255 - colours, colours, alpha], dim=2).to(torch.uint8)[None]
    floats = pictures.float()
    opacity = floats[..., 3:] / 255
    expected = (floats[..., :3] * opacity + 255 * (1 - opacity)).round().to(torch.uint8)
    assert torch.equal(as_rgb(pictures), expected)


def test_grey_is_shown_three_times_and_rgb_as_it_is():
    grey, rgb = torch.tensor([[[[7]]]], dtype=torch.uint8), torch.tensor([[[[1, 2, 3]]]], dtype=torch.uint8)
    assert as_rgb(grey).flatten().tolist() == [7, 7, 7]
    assert as_rgb(rgb).flatten().tolist() == [1, 2, 3]


def test_means_over_stretches_of_a_line():
    assert area_means(6, 3).tolist() == [[0.5, 0.5, 0, 0, 0, 0], [0, 0, 0.5, 0.5, 0, 0], [0, 0, 0, 0, 0.5, 0.5]]
    assert_close(area_means(3, 2), torch.tensor([[2, 1, 0], [0, 1, 2]]) / 3)
    assert_close(area_means(4, 2, begin=1, length=2), torch.tensor([[0.0, 1, 0, 0], [0, 0, 1, 0]]))
    assert area_means(2, 4).tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]


@pytest.mark.parametrize("cells", [8, 9])
def test_the_means_that_hashes_of_near_duplicates_are_taken_of_have_the_bits_that_numpy_gives_them(cells):
    for pixels in range(1, 300):
        edges = np.linspace(0, pixels, cells + 1)
        until, since = np.arange(1, pixels + 1), np.arange(pixels)
        covered = np.minimum(edges[1:, None], until) - np.maximum(edges[:-1, None], since)
        expected = (np.clip(covered, 0, None) * (cells / pixels)).astype(np.float32)
        assert np.array_equal(area_means(pixels, cells, dtype=torch.float64).numpy().astype(np.float32), expected)


def test_the_means_of_an_audit_are_taken_as_when_its_cached_distances_were():
    for size in range(1, 100):
        for scale, place in product((1.0, 0.96, 0.8), (0.0, 0.25, 1.0)):
            begin = (1 - scale) * size * place
            edges = torch.linspace(begin, begin + scale * size, 17)
            pixels = torch.arange(size)
            covered = torch.minimum(edges[1:, None], pixels + 1.0) - torch.maximum(edges[:-1, None], pixels.float())
            expected = covered.clamp(min=0) / (scale * size / 16)
            assert torch.equal(area_means(size, 16, begin=begin, length=scale * size), expected)

import pytest
import torch
from torch.testing import assert_close

from ganart.images import to_model, to_uint8

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

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganart.ema import EMA
from ganart.errors import UserError


class Player(nn.Module):
    """One weight, one averaged buffer, one counter."""

    def __init__(self, value: float, count: int = 0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((2,), value, dtype=torch.float64))
        self.register_buffer("mean", torch.full((3,), 10 * value, dtype=torch.float64))
        self.register_buffer("count", torch.tensor(count))


def test_after_one_half_life_of_images_an_old_weight_counts_exactly_half():
    average, generator = Player(0.0), Player(1.0)
    EMA(half_life_images=1000, ramp_up=0).update(
        EMA.pair_up(average, generator), images_seen=1000, images_per_round=1000
    )
    assert average.weight.tolist() == [0.5, 0.5]
    EMA(half_life_images=1000, ramp_up=0).update(
        EMA.pair_up(average, generator), images_seen=2000, images_per_round=1000
    )
    assert average.weight.tolist() == [0.75, 0.75]


@pytest.mark.parametrize("batch_size", [1, 10, 64, 500])
def test_many_small_updates_are_one_large_one(batch_size):
    ema, average, generator = EMA(half_life_images=320, ramp_up=0), Player(0.0), Player(1.0)
    for seen in range(batch_size, 16_000 // 25 + 1, batch_size):  # up to 640 images
        ema.update(EMA.pair_up(average, generator), images_seen=seen, images_per_round=batch_size)
    images = 640 // batch_size * batch_size
    assert_close(average.weight.detach(), torch.full((2,), 1 - 0.5 ** (images / 320), dtype=torch.float64))


@pytest.mark.parametrize(
    ("images_seen", "decay"),
    [
        (100, 0.5 ** (64 / 5)),  # a half-life of 5 % of 100 images
        (10_000, 0.5 ** (64 / 500)),
        (20_000, 0.5 ** (64 / 1000)),
        (10**7, 0.5 ** (64 / 1000)),
        (0, 0.0),
    ],
)
def test_half_life_is_at_most_its_share_of_the_images_seen(images_seen, decay):
    assert EMA(half_life_images=1000, ramp_up=0.05).decay(images_seen, 64) == pytest.approx(decay, rel=1e-12)


def test_without_ramp_up_the_half_life_is_the_same_from_the_first_image():
    assert EMA(half_life_images=1000, ramp_up=0).decay(0, 500) == pytest.approx(0.5**0.5)


def test_a_half_life_of_zero_copies_the_generator():
    average, generator = Player(0.0), Player(1.0, count=3)
    EMA(half_life_images=0).update(EMA.pair_up(average, generator), images_seen=100, images_per_round=64)
    assert average.weight.tolist() == [1.0, 1.0]
    assert average.mean.tolist() == [10.0] * 3


def test_averaged_buffers_follow_and_counters_are_copied():
    average, generator = Player(0.0, count=1), Player(1.0, count=7)
    EMA(half_life_images=100, ramp_up=0).update(EMA.pair_up(average, generator), images_seen=200, images_per_round=200)
    assert average.mean.tolist() == [7.5] * 3  # ¼ · 0 + ¾ · 10
    assert average.count.item() == 7


def test_update_leaves_the_generator_alone():
    average, generator = Player(0.0), Player(1.0, count=7)
    EMA(half_life_images=100, ramp_up=0).update(EMA.pair_up(average, generator), images_seen=200, images_per_round=200)
    assert generator.weight.tolist() == [1.0, 1.0]
    assert generator.mean.tolist() == [10.0] * 3


def test_average_starts_as_a_frozen_copy_in_evaluation_mode():
    generator = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).train()
    average = EMA.start(generator)
    assert not average.training
    assert not any(module.training for module in average.modules())
    assert not any(parameter.requires_grad for parameter in average.parameters())
    assert torch.equal(average[0].weight, generator[0].weight)
    with torch.no_grad():
        generator[0].weight.add_(1)
    assert not torch.equal(average[0].weight, generator[0].weight)
    assert generator.training
    assert generator[0].weight.requires_grad


@pytest.mark.parametrize("settings", [{"half_life_images": -1}, {"half_life_images": 10, "ramp_up": -0.1}])
def test_negative_lengths_are_refused(settings):
    with pytest.raises(UserError, match="must be a number of at least 0"):
        EMA(**settings)

"""Every schedule: a finite factor at each moment of a run and after it, that knows nothing but the clock."""

import math

import pytest
from registered import assert_cites_a_source, assert_learns

GROUP = "schedule"
LENGTH = 1000


@pytest.fixture
def schedule(registry, option):
    return registry.build(f"schedule={option}", f"total_images={LENGTH}")


def test_it_cites_a_source(registry, option):
    assert_cites_a_source(registry.kinds(f"schedule={option}", group="schedule"))


def test_its_factors_are_finite_and_at_least_zero_for_ever(schedule):
    factors = [schedule(images) for images in range(2 * LENGTH)] + [schedule(10**12)]
    assert all(isinstance(factor, float) and math.isfinite(factor) and factor >= 0 for factor in factors)


def test_a_run_begins_and_goes_on_learning(schedule):
    assert 0 < schedule(0) <= 1
    middle = [schedule(images) for images in range(LENGTH)]
    assert min(middle) > 0, "nothing is learnt before the run has ended"
    assert max(middle) == pytest.approx(1), "the learning rate of the configuration is the highest"


def test_it_has_no_memory(schedule):
    there = [schedule(images) for images in range(0, 2 * LENGTH, 50)]
    back = [schedule(images) for images in reversed(range(0, 2 * LENGTH, 50))]
    assert there == back[::-1]


def test_a_game_is_played_with_it(registry, option):
    gan = registry.build_gan(f"schedule={option}", "total_images=64")
    assert_learns(gan)
    rates = [group["lr"] for optimizer in gan.optimizers() for group in optimizer.param_groups]
    factor = registry.build(f"schedule={option}", "total_images=64")(16)  # as the third round began
    assert rates == pytest.approx([rate * factor for optimizer in gan._learning_rates for rate in optimizer])

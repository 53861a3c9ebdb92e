import math

import pytest

from ganart.errors import UserError
from ganart.schedules import Constant, Cosine, Linear


@pytest.mark.parametrize(
    ("images_seen", "factor"), [(0, 1.0), (250, 0.75), (500, 0.5), (750, 0.25), (1000, 0.0), (1001, 0.0), (10**9, 0.0)]
)
def test_linear_is_a_straight_line_and_stays_at_its_end(images_seen, factor):
    assert Linear(decay_images=1000)(images_seen) == pytest.approx(factor, abs=1e-12)


@pytest.mark.parametrize(
    ("images_seen", "factor"),
    [(0, 1.0), (250, (1 + math.sqrt(0.5)) / 2), (500, 0.5), (750, (1 - math.sqrt(0.5)) / 2), (1000, 0.0), (5000, 0.0)],
)
def test_cosine_is_half_a_cosine_and_stays_at_its_end(images_seen, factor):
    assert Cosine(decay_images=1000)(images_seen) == pytest.approx(factor, abs=1e-12)


@pytest.mark.parametrize("schedule", [Linear, Cosine])
@pytest.mark.parametrize(("images_seen", "factor"), [(0, 1.0), (500, 0.6), (1000, 0.2), (9999, 0.2)])  # 0.2 + 0.8 · ½
def test_decay_ends_at_final(schedule, images_seen, factor):
    assert schedule(decay_images=1000, final=0.2)(images_seen) == pytest.approx(factor, abs=1e-12)


@pytest.mark.parametrize("schedule", [Linear, Cosine])
@pytest.mark.parametrize(("images_seen", "factor"), [(0, 1.0), (300, 1.0), (800, 0.5), (1300, 0.0), (1400, 0.0)])
def test_decay_begins_at_start_images(schedule, images_seen, factor):
    assert schedule(decay_images=1000, start_images=300)(images_seen) == pytest.approx(factor, abs=1e-12)


@pytest.mark.parametrize(("images_seen", "factor"), [(0, 0.01), (49, 0.5), (98, 0.99), (99, 1.0), (5000, 1.0)])
def test_constant_warms_up_in_a_straight_line(images_seen, factor):
    assert Constant(warmup_images=99)(images_seen) == pytest.approx(factor, abs=1e-12)  # (images + 1) / 100


@pytest.mark.parametrize("images_seen", [0, 1, 10**9])
def test_constant_without_warm_up_is_one(images_seen):
    assert Constant()(images_seen) == 1.0


@pytest.mark.parametrize(
    "schedule", [Linear(decay_images=1000, warmup_images=499), Cosine(decay_images=1000, warmup_images=499)]
)
def test_warm_up_and_decay_multiply(schedule):
    without = type(schedule)(decay_images=1000)
    assert schedule(0) == pytest.approx(1 / 500)
    assert schedule(249) == pytest.approx(0.5 * without(249))
    assert schedule(499) == pytest.approx(without(499))
    assert schedule(700) == pytest.approx(without(700))


@pytest.mark.parametrize("schedule", [Linear, Cosine])
@pytest.mark.parametrize("length", [0, -5])
def test_a_decay_without_length_is_refused(schedule, length):
    with pytest.raises(UserError, match=f"decay_images={length}"):
        schedule(decay_images=length)

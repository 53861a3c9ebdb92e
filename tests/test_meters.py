import math

import pytest
import torch

from ganart.meters import MOST_TENSORS, Meters


def test_a_meter_is_the_mean_over_all_elements_since_the_last_reading():
    meters = Meters()
    meters.add("loss", torch.tensor([1.0, 2.0]))
    meters.add("loss", torch.tensor([6.0]))  # (1 + 2 + 6) / 3, not the mean of the means, 3.75
    meters.add("norm", torch.tensor(4.0))
    assert meters.read() == {"loss": 3.0, "norm": 4.0}


def test_reading_starts_anew():
    meters = Meters()
    meters.add("loss", torch.tensor(1.0))
    meters.read()
    assert meters.read() == {}
    meters.add("loss", torch.tensor(5.0))
    assert meters.read() == {"loss": 5.0}


def test_rounds_are_told_apart_and_survive_a_reading():
    meters = Meters()
    meters.begin_round()
    meters.add("loss", torch.tensor([1.0, 3.0]))
    meters.begin_round()
    meters.add("loss", torch.tensor([10.0, 30.0]))
    assert meters.read() == {"loss": 11.0}
    assert meters.last_finite() == {"loss": 2.0}
    meters.begin_round()
    meters.add("loss", torch.tensor([math.nan, 1.0]))
    meters.begin_round()
    meters.add("loss", torch.tensor([math.inf, 1.0]))
    assert meters.last_finite() == {"loss": 20.0}
    assert meters.of_this_round() == {"loss": math.inf}
    meters.begin_round()
    assert meters.of_this_round() == {}


def test_values_of_any_shape_and_precision_are_taken_without_their_graph():
    meters = Meters()
    weight = torch.ones(2, 2, requires_grad=True)
    meters.add("x", weight * 2)
    meters.add("x", torch.tensor(8, dtype=torch.bfloat16))
    assert not any(tensor.requires_grad for tensor in meters._rounds[-1].values())
    assert meters.read()["x"] == pytest.approx((4 * 2 + 8) / 5)


def test_meters_that_go_on_from_a_state_are_those_that_went_on_to_the_bit():
    torch.manual_seed(0)
    values = [torch.randn(32) * 10.0 ** torch.randint(-8, 8, (32,)) for _ in range(150)]
    for cut in (1, 40, 64, 100, 149):
        straight, before, after = Meters(), Meters(), Meters()
        for part in values:
            straight.add("x", part)
        for part in values[:cut]:
            before.add("x", part)
        assert before.mean() == before.mean() != {}  # looking changes nothing
        after.load_state_dict(before.state_dict(), torch.device("cpu"))
        for part in values[cut:]:
            after.add("x", part)
        assert after.read() == straight.read()
        assert after.read() == {}


def test_what_nobody_reads_does_not_grow():
    meters = Meters()
    for number in range(1000):
        meters.begin_round()
        meters.add("loss", torch.full((4,), float(number)))
    sizes, values = meters.state_dict()["series"]["loss"]
    assert len(sizes) < MOST_TENSORS
    assert len(values) < 4 * MOST_TENSORS
    assert meters.read() == {"loss": 499.5}

"""Every score: values under its own keys, the same again from the same draws, at as few pictures as it says."""

import json
import math
from itertools import combinations

import pytest
import torch
from registered import assert_cites_a_source

from ganart.features import FeatureNetwork
from ganart.metrics import Comparison, Features, Score

GROUP = "metric"
SHORT = ("fd_", "kd_", "mifd_")
"""How the names of scores begin where the features are not Inception's: no key of a metric looks like one."""


@pytest.fixture
def score(registry, option) -> Score:
    return registry.build(f"metric=[{option}]")[option]


def side(count: int, seed: int, shift: float = 0.0) -> Features:
    draw = torch.Generator().manual_seed(seed)
    labels = torch.arange(count)[:, None] % 2
    features, logits = (torch.randn(count, size, generator=draw) for size in (6, 4))
    return Features(features + shift, logits, labels, labels)


def computed(score: Score, real: Features, fake: Features):
    torch.manual_seed(0)
    return score.compute(Comparison(real, fake))


def test_it_cites_a_source(registry, option):
    assert_cites_a_source(registry.kinds(f"metric=[{option}]", group=f"metric.{option}"))


def test_its_file_holds_one_score_under_the_name_of_its_first_value(registry, option):
    ((name, score),) = registry.build(f"metric=[{option}]").items()
    assert name == option
    assert isinstance(score, Score)
    assert option.startswith(score.keys[0]), "who types metric=[name] finds name… in the results"


@pytest.mark.parametrize("count", ["fewest", 200])
def test_it_gives_a_finite_value_for_each_of_its_keys(score, count):
    count = max(score.fewest, 2) if count == "fewest" else count
    values = computed(score, side(count, 1), side(count, 2, 0.5))
    assert [value.key for value in values] == list(score.keys)
    for value in values:
        assert isinstance(value.value, float)
        assert math.isfinite(value.value)
        assert value.std is None or (math.isfinite(value.std) and value.std >= 0)


def test_it_is_the_same_again_and_leaves_the_samples_alone(registry, option, score):
    real, fake = side(60, 1), side(60, 2)
    before = real.features.clone(), fake.features.clone()
    again = registry.build(f"metric=[{option}]")[option]
    assert again == score
    assert hash(again) == hash(score)
    assert computed(again, real, fake) == computed(score, real, fake)
    assert torch.equal(real.features, before[0])
    assert torch.equal(fake.features, before[1])


def test_its_protocol_can_be_written_down(score):
    assert isinstance(json.loads(json.dumps(score.protocol(100))), dict)


def test_no_two_values_are_called_alike_whatever_the_features(registry):
    everything = registry.build(f"metric=[{','.join(registry.options(GROUP))}]")
    keys = [key for score in everything.values() for key in score.keys]
    assert all(key.isidentifier() and key == key.lower() and not key.startswith(SHORT) for key in keys)
    for first, second in combinations(keys, 2):
        assert first != second

    class Network(FeatureNetwork):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    names = [Network(name).score_name(key) for name in ("inception", "classifier", "own") for key in keys]
    assert len(set(names)) == len(names)

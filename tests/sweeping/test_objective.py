"""Which number a sweep goes by, where it stands in a summary, and when two were taken in the same way."""

import math

import pytest

from ganart.errors import UserError
from ganart.sweeping.objective import Objective, same_protocols


def test_a_score_is_minimised_or_maximised_as_it_says():
    assert [Objective("fid", lower).direction for lower in (True, False)] == ["minimize", "maximize"]


def test_the_value_is_found_by_the_metrics_own_name_with_its_protocol():
    row = {"key": "fid", "value": 3.0, "protocol": {"n_real": 10}}
    other = {"key": "kid", "value": 1.0, "protocol": {"n_real": 5}}
    summary = {"scores": {"kd_classifier": other, "fd_classifier": row}}
    value, protocol = Objective("fid", True).in_summary(summary)
    assert value == 3.0
    assert protocol == {"score": "fd_classifier", "n_real": 10}


def test_a_cost_is_compared_on_the_same_device():
    summary = {"seconds_training": 12.5, "device": "an abacus", "num_devices": 2}
    found = Objective("seconds_training", True).in_summary(summary)
    assert found == (12.5, {"device": "an abacus", "num_devices": 2})


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_no_value(value):
    row = {"key": "fid", "value": value, "protocol": {}}
    with pytest.raises(UserError, match="objective=fid came out as no finite number"):
        Objective("fid", True).in_summary({"scores": {"fid": row}})
    with pytest.raises(UserError, match="objective=fid was not taken"):
        Objective("fid", True).in_summary({"scores": {}})


def test_protocols_differ_where_one_value_does_or_is_missing():
    one = {"n_real": 10, "weights_hash": "a" * 64}
    assert same_protocols([one], [dict(one)]) is None
    assert same_protocols([one], [{**one, "n_real": 20}]) == "n_real 10 → 20"
    assert same_protocols([one, one], [one, {"n_real": 10}]) == f"weights_hash {'a' * 12}… → None"

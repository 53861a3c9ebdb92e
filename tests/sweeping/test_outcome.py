"""What a sweep says of its trials: the order of the table, deviations over seeds, images that pruning saved."""

from types import SimpleNamespace

import pytest
from optuna.trial import TrialState

from ganart.sweeping.outcome import _row, headline, saved_by_pruning, table


def trial(number, state="complete", value=None, trend=(), **more):
    values = None if value is None else [value]
    return {
        "number": number,
        "state": state,
        "values": values,
        "trend": {str(step): 1.0 for step in trend},
        "std": None,
        "seconds": 10.0,
        "overrides": [f"lr={number}"],
        **more,
    }


def facts(*trials, lower=True):
    return {"objectives": [{"name": "fid", "lower_is_better": lower}], "trials": list(trials), "total_images": 1000}


@pytest.mark.parametrize(("lower", "order"), [(True, ["2", "0", "1"]), (False, ["1", "0", "2"])])
def test_the_best_trial_comes_first(lower, order):
    trials = [trial(0, value=2.0), trial(1, value=3.0), trial(2, value=1.0), trial(3, "failed"), trial(4, "pruned")]
    sheet = table(facts(*trials, lower=lower))
    assert list(sheet.columns[1].cells) == order
    assert sheet.columns[0].header == f"fid {'↓' if lower else '↑'}"


def test_pruning_saves_what_a_pruned_trial_has_not_shown_and_failures_do_not_count():
    trials = [trial(0, value=1.0), trial(1, "pruned", trend=(100, 200)), trial(2, "pruned"), trial(3, "failed")]
    assert saved_by_pruning(facts(*trials)) == (1200, 3000)
    assert headline(facts(*trials)) == "4 trials: 1 complete, 2 pruned, 1 failed; pruning saved 60% of 3,000 images"


@pytest.mark.parametrize(("by_seed", "std"), [([], None), ([[1.0]], None), ([[1.0], [3.0]], [2**0.5])])
def test_the_deviation_is_over_seeds_where_there_are_two(by_seed, std):
    stored = SimpleNamespace(
        number=0,
        state=TrialState.COMPLETE,
        user_attrs={"values_by_seed": by_seed},
        params={},
        values=[2.0],
        intermediate_values={},
        datetime_start=None,
    )
    row = _row(stored)
    assert row["std"] == (None if std is None else pytest.approx(std))
    assert row["seeds"] == len(by_seed)

import itertools

import numpy as np
import pytest
from paper_runs import score, write_run

from ganart.reporting.charts import Pen
from ganart.reporting.pareto import front, plot, quantities
from ganart.reporting.score_tables import measurements, tables
from ganart.runs.read import Run


def beats(one, other, lower):
    """As good in both numbers, and better in one."""
    signed = [[a if low else -a for a, low in zip(point, lower, strict=True)] for point in (one, other)]
    as_good = all(a <= b for a, b in zip(*signed, strict=True))
    return as_good and signed[0] != signed[1]


@pytest.mark.parametrize("lower", list(itertools.product([True, False], repeat=2)))
def test_the_front_is_what_brute_force_finds(lower):
    for seed in range(30):
        points = np.random.default_rng(seed).integers(0, 8, (25, 2)).tolist()  # with ties
        expected = {i for i, p in enumerate(points) if not any(beats(other, p, lower) for other in points)}
        assert set(front([p[0] for p in points], [p[1] for p in points], lower)) == expected


@pytest.fixture
def runs(tmp_path):
    fids = (3.0, 1.0, 2.0, 2.5)
    seconds = (10.0, 40.0, 20.0, 30.0)
    runs = [
        Run(write_run(tmp_path / str(i), scores={"fid": score(fid)}, seconds_training=s))
        for i, (fid, s) in enumerate(zip(fids, seconds, strict=True))
    ]
    (tmp_path / "never").mkdir()
    return [*runs, Run(tmp_path / "never")]


def test_the_plot_is_of_the_first_score_against_the_cost_and_leaves_out_who_has_none(runs):
    found = quantities(runs, tables(list(measurements(runs))))
    assert [quantity.title for quantity in found] == ["fid (last weights) ↓", "seconds of training ↓"]
    assert found[0].values == [3.0, 1.0, 2.0, 2.5, None]
    drawn = plot(found, list("abcde"), [Pen(0)] * 5)
    assert [(run, best) for _, _, run, best in drawn.points] == [(0, True), (1, True), (2, True), (3, False)]
    assert drawn.points[1][:2] == (drawn.x.place(40), drawn.y.place(1))
    assert drawn.front.count(",") == 3
    assert drawn.data["quantities"][0]["values"] == [3.0, 1.0, 2.0, 2.5, None]


def test_with_one_number_there_is_nothing_to_plot(runs):
    assert plot(quantities(runs, [])[:1], list("abcde"), [Pen(0)] * 5) is None


def test_scores_of_different_protocols_are_different_quantities(tmp_path):
    scores = [{"fid": score(1.0, n_fake=n)} for n in (10, 10, 20, 20)]
    runs = [Run(write_run(tmp_path / str(i), scores=each)) for i, each in enumerate(scores)]
    found = quantities(runs, tables(list(measurements(runs))))
    assert [q.values for q in found[:2]] == [[1, 1, None, None], [None, None, 1, 1]]
    assert "n_fake=10" in found[0].name
    assert "n_fake=20" in found[1].name

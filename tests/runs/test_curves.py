import numpy as np
import pytest

from ganart.runs.curves import Curve, mean_and_deviation, read_curves, thin


def test_every_column_is_a_curve_over_images_seen(tmp_path):
    (tmp_path / "metrics.csv").write_text("images_seen,loss,trend/fd\n100,1.5,\n200,0.5,7\n")
    curves = read_curves(tmp_path / "metrics.csv")
    assert curves["loss"].x.tolist() == [100, 200]
    assert curves["loss"].y.tolist() == [1.5, 0.5]
    assert curves["trend/fd"].x.tolist() == [200]
    assert set(curves) == {"loss", "trend/fd"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("images_seen,loss\n100,1\n200,0.", [1.0]),  # being written: the last line may end anywhere
        ("images_seen,loss\n100,1\n200\n300,3\n", [1.0, 3.0]),
        ("images_seen,loss\n100,1,9,9\nx,2\n,2\n300,what\n", [1.0]),
        ("images_seen,loss\n100,inf\n200,2\n", [np.inf, 2.0]),
    ],
)
def test_odd_rows_do_no_harm(tmp_path, text, expected):
    (tmp_path / "metrics.csv").write_text(text)
    assert read_curves(tmp_path / "metrics.csv")["loss"].y.tolist() == expected


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00\x00", b"images_seen\n", b"loss\n1\n"])
def test_without_a_number_there_is_no_curve(tmp_path, content):
    if content is not None:
        (tmp_path / "metrics.csv").write_bytes(content)
    assert read_curves(tmp_path / "metrics.csv") == {}


@pytest.mark.parametrize("most", [5, 60, 500])
def test_thinning_keeps_ends_extremes_and_gaps_within_the_limit(most):
    count = 20_000
    y = np.random.default_rng(1).normal(size=count)
    y[7_777], y[13_131], y[4_242] = 99.0, -99.0, np.nan
    thinned = thin(Curve(np.arange(count) * 10.0, y), most)
    assert len(thinned.x) <= most
    assert thinned.x[0] == 0
    assert thinned.x[-1] == (count - 1) * 10
    assert {99.0, -99.0} <= set(thinned.y.tolist())
    assert np.isnan(thinned.y).sum() == 1
    assert (np.diff(thinned.x) > 0).all()
    assert all(y[int(x / 10)] == v or np.isnan(v) for x, v in zip(thinned.x, thinned.y, strict=True))


def test_a_short_curve_stays_as_it_is_and_nothing_but_gaps_can_be_thinned():
    curve = Curve(np.arange(500.0), np.arange(500.0))
    assert thin(curve, 500) is curve
    assert len(thin(Curve(np.arange(900.0), np.full(900, np.nan)), 100).x) <= 100


def test_mean_and_deviation_of_runs_at_the_places_of_the_coarsest():
    fine = Curve(np.array([0.0, 50, 100, 150, 200, 250]), np.array([0.0, 1, 2, 3, 4, 5]))
    coarse = Curve(np.array([0.0, 100, 200, 300]), np.array([4.0, 4, np.nan, 8]))
    mean, deviation = mean_and_deviation([fine, coarse])
    assert mean.x.tolist() == [0, 100, 200]  # nothing beyond where the first of them ended
    assert mean.y[:2].tolist() == [2, 3]
    assert deviation.y[:2] == pytest.approx([8**0.5, 2**0.5])  # n − 1
    assert np.isnan(mean.y[2])


def test_runs_that_never_were_at_the_same_time_have_no_mean():
    early, late = Curve(np.array([0.0, 1]), np.ones(2)), Curve(np.array([5.0, 6]), np.ones(2))
    assert len(mean_and_deviation([early, late])[0].x) == 0

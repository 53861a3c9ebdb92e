import numpy as np
import pytest

from ganart.reporting.axes import Axis
from ganart.reporting.charts import BOTTOM, HEIGHT, LEFT, TOP, Line, Pen, draw, path_of
from ganart.runs.curves import Curve


def curve(*y: float) -> Curve:
    return Curve(np.arange(len(y)) * 100.0, np.array(y))


def test_a_linear_axis_puts_its_ends_and_middle_where_they_belong():
    axis = Axis(10, 30, 100, 0)
    assert [axis.place(value) for value in (10, 20, 30)] == [100, 50, 0]


def test_a_logarithmic_axis_puts_equal_ratios_at_equal_distances():
    axis = Axis.fitting([0.01, 1, 100], 0, 80)
    assert axis.is_log
    assert [axis.place(value) for value in (0.01, 0.1, 1, 10, 100)] == [0, 20, 40, 60, 80]
    assert [text for _, text in axis.ticks] == ["0.01", "0.1", "1", "10", "100"]
    assert not axis.holds(0)


@pytest.mark.parametrize("values", [[1, 99], [-1, 1000], [0, 1000]])
def test_narrow_or_not_positive_numbers_stay_on_a_linear_axis(values):
    axis = Axis.fitting(values, 0, 100)
    assert not axis.is_log
    assert all(0 <= axis.place(value) <= 100 for value in values)


def test_an_axis_of_probabilities_starts_at_zero_not_below():
    assert Axis.fitting([0.0, 1.0], 0, 100).low == 0


@pytest.mark.parametrize("values", [[], [5], [0], [-3, -3], [np.nan, np.inf, 2], [1e-300, 2e-300], [1e300]])
def test_any_numbers_make_an_axis_with_ticks_on_it(values):
    axis = Axis.fitting(values, 0, 100)
    assert axis.high > axis.low
    assert axis.ticks
    assert all(-0.1 <= place <= 100.1 for place, _ in axis.ticks)


@pytest.mark.parametrize(("low", "high", "texts"), [(0, 10, ["0", "5", "10"]), (0, 1.7e6, ["0", "500k", "1M", "1.5M"])])
def test_ticks_are_round_numbers(low, high, texts):
    assert [text for _, text in Axis(low, high, 0, 1).ticks] == texts


def test_a_path_is_broken_where_there_is_no_number():
    assert path_of([(1, 2), (3, 4.5), None, (5, 6), (7, 8)]) == "M1 2L3 4.5M5 6L7 8"


def test_error_bars_reach_a_deviation_up_and_down_and_the_floor_is_on_the_chart():
    chart = draw("fd", [Line("a", Pen(0), curve(3, 5), curve(1, 2), floor=0.5)], most=100)
    (line,) = chart.lines
    assert line.bars == [
        (LEFT, chart.y.place(2), chart.y.place(4)),
        (chart.x.place(100), chart.y.place(3), chart.y.place(7)),
    ]
    assert chart.floors == [(chart.y.place(0.5), "0.5")]
    assert all(TOP <= place <= HEIGHT - BOTTOM for bar in line.bars for place in bar[1:])
    assert chart.says == "a: from 3 to 5"


def test_lines_without_numbers_are_left_out_and_none_at_all_is_no_chart():
    assert draw("loss", [Line("a", Pen(0), curve(np.nan, np.inf))], most=100) is None
    chart = draw("loss", [Line("a", Pen(0), curve(np.nan)), Line("b", Pen(1), curve(1, np.nan, 2, 3))], most=100)
    assert [line.label for line in chart.lines] == ["b"]
    assert chart.lines[0].path.count("M") == 2


def test_the_band_of_a_mean_goes_there_above_and_back_below_in_pieces():
    line = Line("two seeds", Pen(0), curve(2, 2, np.nan, 2, 2), std=curve(1, 1, np.nan, 0, 0), is_mean=True)
    drawn = draw("x", [line], most=100).lines[0]
    assert drawn.band.count("Z") == 2
    first = drawn.band.split("Z")[0]
    places = [tuple(map(float, pair.split(" "))) for pair in first[1:].split("L")]
    assert len(places) == 4
    assert places[0][1] < places[3][1]  # 2 + 1 stands above 2 − 1
    assert [place[0] for place in places] == [places[0][0], places[1][0], places[1][0], places[0][0]]
    assert drawn.bars == []
    assert len(drawn.dots) == 4


def test_a_mean_at_one_place_is_a_point_with_a_bar():
    line = Line("two seeds", Pen(0), curve(2), std=curve(1), is_mean=True)
    drawn = draw("x", [line], most=100).lines[0]
    assert drawn.band == ""
    assert len(drawn.dots) == len(drawn.bars) == 1


def test_ticks_that_lie_close_together_are_told_apart():
    texts = [text for _, text in Axis(1.00004, 1.00006, 0, 100).ticks]
    assert len(set(texts)) == len(texts) > 1


def test_a_band_on_a_logarithmic_axis_ends_where_the_axis_does():
    line = Line("two seeds", Pen(0), curve(0.01, 100), std=curve(1, 1), is_mean=True)
    drawn = draw("x", [line], most=100)
    assert drawn.y.is_log
    assert drawn.lines[0].band.count("L") == 3

import math

import pytest

from ganart.numbers import brief, compact, duration, finite, number, short, size, with_deviation


@pytest.mark.parametrize(
    ("value", "std", "text"),
    [
        (0.28561, 0.0193, "0.286 ± 0.019"),
        (-0.00007195, 0.00022, "−0.00007 ± 0.00022"),
        (18.914, 1.2, "18.9 ± 1.2"),
        (1234.5, 120, "1,234 ± 120"),
        (0.5, None, "0.5"),
        (0.5, 0.0, "0.5"),
        (math.nan, 0.1, "nan"),
        (None, 0.1, "–"),
    ],
)
def test_a_value_is_told_to_the_second_digit_of_its_deviation(value, std, text):
    assert with_deviation(value, std) == text


@pytest.mark.parametrize(("value", "text"), [(0.123456, "0.1235"), (-2, "−2"), (123456.7, "123,457"), (None, "–")])
def test_four_digits_are_enough(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.2e6, "1.2M"), (5000, "5k"), (0, "0"), (-2500, "−2.5k"), (0.001, "0.001")]
)
def test_axes_are_labelled_in_few_letters(value, text):
    assert compact(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(43.1, "43.1 s"), (225, "3:45 min"), (7500, "2:05 h"), (3599.7, "1:00 h"), (None, "–")]
)
def test_time_is_told_as_people_do(seconds, text):
    assert duration(seconds) == text


def test_what_is_no_number_is_none():
    assert [number(value) for value in (1, 2.5, True, "3", None, [1])] == [1.0, 2.5, None, None, None, None]
    assert finite(math.inf) is None


def test_protocol_entries_are_cut_to_fit_a_line():
    assert [brief(value) for value in (0.65050505, 10000, "a" * 64, "16×16", "halves of the real pictures", -2.5)] == [
        "0.651",
        "10000",
        "a" * 12 + "…",
        "16×16",
        "halves of the real pictures",
        "−2.5",
    ]
    assert brief({"style": 0.4468, "hash": "0" * 64}) == "{style=0.447, hash=000000000000…}"
    assert brief("halves of the real pictures", longest=24) == "halves of th…"
    assert [size(n) for n in (1_500, 250_000, 5_400_000)] == ["2 kB", "0.2 MB", "5.4 MB"]

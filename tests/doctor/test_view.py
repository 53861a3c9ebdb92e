"""The numbers of a look: near 1 for pictures like the data, and by hand where something is wrong."""

import numpy as np
import pytest
import torch

from ganart.datasets.base import Factor
from ganart.doctor import numbers_of
from ganart.metrics import Features

STYLE = Factor("style", ("baroque", "cubist", "drip", "orphic"))


def side(features, told=None, recognised=None) -> Features:
    """Pictures with these features, told nothing (−1) and recognised by nobody if not said otherwise."""
    features = torch.as_tensor(np.asarray(features), dtype=torch.float32)
    told = np.full(len(features), -1) if told is None else told
    nobody = np.empty((len(features), 0))
    columns = [
        torch.as_tensor(np.asarray(column)).long().view(len(features), -1)
        for column in (told, nobody if recognised is None else recognised)
    ]
    return Features(features, torch.empty(len(features), 0), *columns)


def draws(seed: int, count: int = 600, dim: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dim))


def test_pictures_like_the_data_give_1_everywhere_and_one_copy_in_twenty():
    numbers = numbers_of(side(draws(0)), side(draws(1)), ())
    for name in ("spread", "twins", "vendi", "nearest"):
        assert numbers[name] == pytest.approx(1, abs=0.1), name
    assert numbers["copies"] == pytest.approx(0.05, abs=0.025)


def test_nothing_depends_on_the_scale_of_the_features():
    plain = numbers_of(side(draws(0)), side(draws(1)), ())
    scaled = numbers_of(side(1000 * draws(0)), side(1000 * draws(1)), ())
    assert scaled == pytest.approx(plain, rel=1e-3)


def test_the_spread_is_the_mean_distance_between_two_pictures():
    # Corners of a square of side 1, four each: 4 sides and 2 diagonals; the generated square is half as large.
    square = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 2)
    numbers = numbers_of(side(square), side(square / 2), ())
    assert numbers["spread"] == pytest.approx(0.5)


def test_four_pictures_painted_again_and_again_have_no_variety_and_are_twins():
    four = np.repeat(draws(1, 4), 150, axis=0)
    numbers = numbers_of(side(draws(0)), side(four), ())
    assert numbers["twins"] == pytest.approx(0, abs=1e-6)
    assert numbers["vendi"] < 0.6  # 4 directions of 8


def test_twins_are_not_counted_among_few_pictures():
    assert "twins" not in numbers_of(side(draws(0, 100)), side(draws(1, 100)), ())


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_planted_copies_are_counted(share):
    real, fake = draws(0), draws(1)
    count = int(share * len(fake))
    fake[:count] = real[:count] + 0.01 * draws(2)[:count]
    expected = share + 0.05 * (1 - share)
    assert numbers_of(side(real), side(fake), ())["copies"] == pytest.approx(expected, abs=0.03)


def test_a_typical_picture_is_close_to_everything_and_yet_no_copy():
    numbers = numbers_of(side(draws(0)), side(0.2 * draws(1)), ())
    assert numbers["nearest"] < 0.9
    assert numbers["copies"] < 0.05


def test_classes_are_counted_by_the_entropy_of_what_is_recognised():
    real = side(draws(0, 400), recognised=np.arange(400) % 4)
    fake = side(draws(1, 400), recognised=np.arange(400) % 2)
    numbers = numbers_of(real, fake, (STYLE,))
    assert numbers["classes/style"] == pytest.approx(2)
    assert numbers["classes/style_of_data"] == pytest.approx(4)
    assert "obeyed/style" not in numbers  # nothing was told


def test_obedience_is_agreement_beyond_chance_relative_to_the_data():
    labels = np.arange(400) % 4
    # Of the data three quarters of each class are recognised, the rest as the next class: κ = (¾ − ¼)/(1 − ¼) = ⅔.
    read = np.where(np.arange(400) // 4 % 4 == 0, (labels + 1) % 4, labels)
    # Of the generated ones half: κ = ⅓.
    obeyed = np.where(np.arange(400) // 4 % 2 == 0, (labels + 1) % 4, labels)
    numbers = numbers_of(side(draws(0, 400), labels, read), side(draws(1, 400), labels, obeyed), (STYLE,))
    assert numbers["readable/style"] == pytest.approx(2 / 3)
    assert numbers["obeyed/style"] == pytest.approx(1 / 2)


def test_one_class_for_every_label_obeys_nothing():
    labels = np.arange(400) % 4
    numbers = numbers_of(side(draws(0, 400), labels, labels), side(draws(1, 400), labels, np.zeros(400)), (STYLE,))
    assert numbers["obeyed/style"] == pytest.approx(0)
    assert numbers["classes/style"] == pytest.approx(1)


def test_a_handful_of_pictures_says_nothing():
    assert numbers_of(side(draws(0, 6)), side(draws(1, 6)), ()) == {}

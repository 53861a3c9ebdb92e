"""Every class by itself, against what was put in."""

import numpy as np
import pytest
from sides import gaussian, sample

from ganart.datasets.base import Factor
from ganart.metrics.by_label import FEWEST, by_label

STYLE = Factor("style", ("calm", "loud", "odd"))


def clusters(counts, seed, shift=(0.0, 20.0, 40.0)):
    """So many pictures of each class, each class around its own point; features and labels [N, 1]."""
    features = np.concatenate([gaussian(seed + n, count, 3, shift[n]) for n, count in enumerate(counts)])
    return features, np.repeat(np.arange(len(counts)), counts)[:, None]


def sides(fake_counts, fake_shift=(0.0, 20.0, 40.0), told=True):
    features, labels = clusters((100, 60, 40), 0)
    fakes, recognised = clusters(fake_counts, 10, fake_shift)
    return (
        sample(features, labels=labels, recognised=labels.copy()),
        sample(fakes, labels=recognised.copy() if told else np.full_like(recognised, -1), recognised=recognised),
    )


def test_shares_and_their_total_variation_are_those_put_in():
    (table,) = by_label(*sides((50, 50, 100)), (STYLE,))
    assert [row.share_real for row in table.rows] == pytest.approx([0.5, 0.3, 0.2])
    assert [row.share_fake for row in table.rows] == pytest.approx([0.25, 0.25, 0.5])
    assert table.total_variation == pytest.approx((0.25 + 0.05 + 0.3) / 2)
    assert [(row.n_real, row.n_fake) for row in table.rows] == [(100, 50), (60, 50), (40, 100)]


@pytest.mark.parametrize("told", [True, False])
def test_a_class_painted_badly_is_seen_in_its_own_row(told):
    (table,) = by_label(*sides((100, 60, 40), (0.0, 20.0, 43.0), told), (STYLE,))
    calm, loud, odd = table.rows
    assert odd.kernel_distance > 100 * max(abs(calm.kernel_distance), abs(loud.kernel_distance))
    assert min(calm.recall, loud.recall) > 0.5 > odd.recall


def test_a_perfect_generator_has_the_shares_of_the_data_however_bad_the_classifier_is():
    real, fake = sides((100, 60, 40), told=False)
    for side in (real, fake):
        side.recognised[side.recognised == 2] = 1  # it takes all odd pictures for loud ones
    (table,) = by_label(real, fake, (STYLE,))
    assert table.total_variation == 0
    assert [row.share_real for row in table.rows] == [row.share_fake for row in table.rows] == [0.5, 0.5, 0.0]
    assert [(row.n_real, row.n_fake) for row in table.rows] == [(100, 100), (100, 100), (0, 0)]
    assert min(row.recall for row in table.rows[:2]) > 0.8


def test_pictures_that_were_conditioned_on_a_class_are_compared_with_those_of_its_own_label():
    real, fake = sides((100, 60, 40))
    for side in (real, fake):
        side.recognised[:] = 0
    (table,) = by_label(real, fake, (STYLE,))
    assert [(row.n_real, row.n_fake) for row in table.rows] == [(100, 100), (60, 60), (40, 40)]


def test_a_missing_class_has_a_share_of_nothing_and_no_numbers():
    (table,) = by_label(*sides((100, 60, 0)), (STYLE,))
    odd = table.rows[2]
    assert (odd.n_fake, odd.share_fake, odd.kernel_distance, odd.recall) == (0, 0, None, None)
    assert table.total_variation == pytest.approx(0.2)


def test_too_few_pictures_of_a_class_give_no_numbers():
    (table,) = by_label(*sides((100, 60, FEWEST - 1)), (STYLE,))
    assert table.rows[2].kernel_distance is None
    assert table.rows[1].kernel_distance is not None


def test_agreement_is_how_often_the_told_class_is_recognised():
    real, fake = sides((50, 50, 100))
    fake.labels[:20] = 1  # twenty of the calm ones were to be loud
    assert by_label(real, fake, (STYLE,))[0].agreement == pytest.approx(0.9)
    fake.labels[:100] = -1  # of those that no class was told there is nothing to agree with
    assert by_label(real, fake, (STYLE,))[0].agreement == 1
    assert by_label(*sides((50, 50, 100), told=False), (STYLE,))[0].agreement is None


def test_without_a_classifier_there_are_no_shares_of_generated_pictures():
    features, labels = clusters((30, 30, 30), 0)
    told = sample(features, labels=labels)
    (table,) = by_label(told, told, (STYLE,))
    assert table.total_variation is None
    assert [row.share_fake for row in table.rows] == [None] * 3
    assert all(row.recall == 1 for row in table.rows)


def test_a_factor_of_one_class_is_no_table():
    features, labels = clusters((30,), 0)
    one = sample(features, labels=labels, recognised=labels)
    assert by_label(one, one, (Factor("style", ("all",)),)) == []

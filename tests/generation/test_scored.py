import numpy as np
import torch

from ganart.datasets.base import Factor
from ganart.generation.scored import Generated, sample_of

FACTORS = (Factor("style", ("a", "b", "c")), Factor("subject", ("x", "y")))


def generated(make_pictures, condition):
    labels = np.stack([np.arange(60) % 3, np.arange(60) // 30], axis=1)
    pictures = make_pictures(np.zeros((60, 2, 2, 1), np.uint8), labels, factors=FACTORS)
    seen = []

    def paint(seeds, told):
        seen.append((torch.tensor(seeds), told))
        return torch.zeros(len(seeds), 2, 2, 1, dtype=torch.uint8)

    return Generated(paint, pictures, condition), seen


def test_a_seed_has_its_own_latents_and_labels_whatever_it_is_painted_with(make_pictures):
    paint, seen = generated(make_pictures, ("subject", "style"))
    paint(list(range(8)))
    paint([3, 7])
    assert torch.equal(seen[1][0], seen[0][0][[3, 7]])
    assert torch.equal(seen[1][1], seen[0][1][[3, 7]])
    assert seen[0][0].tolist() == list(range(8))


def test_the_players_are_told_their_columns_in_their_order_and_the_sample_all_of_them(make_pictures):
    paint, seen = generated(make_pictures, ("subject", "style"))
    _, labels = paint(list(range(50)))
    assert torch.equal(seen[0][1], labels[:, [1, 0]])
    assert set(labels[:, 0].tolist()) == {0, 1, 2}


def test_what_was_not_told_is_unknown(make_pictures):
    paint, seen = generated(make_pictures, ("style",))
    _, labels = paint([0, 1, 2])
    assert labels[:, 1].tolist() == [-1, -1, -1]
    assert torch.equal(seen[0][1][:, 0], labels[:, 0])


def test_classes_come_as_often_as_the_data_have_them(make_pictures):
    labels = (np.arange(100) < 80).astype(int)[:, None]
    pictures = make_pictures(np.zeros((100, 2, 2, 1), np.uint8), labels, factors=FACTORS[1:])
    paint = Generated(lambda latents, told: torch.zeros(len(latents), 2, 2, 1), pictures, ("subject",))
    assert abs(paint(list(range(2000)))[1].float().mean() - 0.8) < 0.04


def test_samples_of_other_seeds_and_of_trends_are_other_pictures_with_other_labels(make_pictures):
    numbers, pictures = list(range(40)), generated(make_pictures, ("style",))[0].pictures
    all_seeds, all_labels = [], []

    def paint(seeds, labels):
        all_seeds.append(seeds)
        return torch.zeros(len(seeds), 2, 2, 1)

    for sample in (sample_of(0), sample_of(1), sample_of(2), sample_of(0, trend=True), sample_of(1, trend=True)):
        all_labels.append(Generated(paint, pictures, ("style",), sample)(numbers)[1])
    assert len({seed for seeds in all_seeds for seed in seeds}) == 5 * 40
    assert len({tuple(labels[:, 0].tolist()) for labels in all_labels}) == 5
    assert all_seeds[0] == numbers


def test_labels_are_drawn_and_do_not_follow_the_order_of_the_data(make_pictures):
    """Data lie sorted by class: the first pictures would all be told the first class."""
    data = make_pictures(
        np.zeros((100, 2, 2, 1), np.uint8), (np.arange(100) // 50)[:, None], factors=[Factor("style", ("a", "b"))]
    )
    _, labels = Generated(lambda seeds, told: told, data, ("style",))(list(range(20)))
    assert 4 <= int(labels.sum()) <= 16

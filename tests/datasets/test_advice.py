import numpy as np

from ganart.datasets.advice import before_training, classes_without_training
from ganart.datasets.base import Factor

STYLE = Factor("style", ("calm", "loud", "wild"))


def pictures_of(make_pictures, labels, is_test):
    images = np.zeros((len(labels), 2, 2, 3), np.uint8)
    return make_pictures(images, np.array(labels)[:, None], factors=[STYLE], is_test=is_test)


def test_classes_that_only_held_out_pictures_have_are_told(make_pictures):
    pictures = pictures_of(make_pictures, [0, 0, 1, 2, -1], [False, False, True, True, False])
    assert classes_without_training(pictures) == {"style": ["loud", "wild"]}
    (note,) = before_training(pictures, ["style"], batch_size=2)
    assert note.startswith("no training picture has style=loud, wild: ")
    assert list(before_training(pictures, [], batch_size=2)) == []


def test_nothing_is_told_of_a_sound_data_set(make_pictures):
    pictures = pictures_of(make_pictures, [0, 1, 2, 0], [False, False, False, True])
    assert classes_without_training(pictures) == {}
    assert list(before_training(pictures, ["style"], batch_size=3)) == []


def test_few_pictures_are_told_with_what_to_type(make_pictures):
    pictures = pictures_of(make_pictures, [0, 1, 2] * 4, [False] * 12)
    few, none_held_out = before_training(pictures, [], batch_size=64)
    assert "12 training pictures are fewer than batch_size=64" in few
    assert "batch_size=8" in few
    assert "experiment=few_pictures" in few
    assert "dataset.test_fraction=0.2" in none_held_out

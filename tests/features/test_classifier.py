from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from ganart.callbacks.scores import describe
from ganart.datasets.base import UNKNOWN, Factor
from ganart.errors import UserError
from ganart.features import Classifier, extract
from ganart.features.classifier import weakness

CPU = torch.device("cpu")
COLOUR = Factor("colour", ("red", "blue"))
PLACE = Factor("place", ("top", "bottom", "nowhere"))


def paint(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """8 × 8 pictures: noise, tinted by the first label, half of it lit by the second."""
    pictures = np.random.default_rng(seed).integers(0, 60, (len(labels), 8, 8, 3))
    for picture, (colour, place) in zip(pictures, labels, strict=True):
        picture[..., 0 if colour == 0 else 2] += 60
        if place < 2:
            picture[slice(0, 4) if place == 0 else slice(4, 8)] += 130
    return pictures.astype(np.uint8)


def every_label(count: int = 240) -> np.ndarray:
    return np.stack([np.arange(count) % 2, np.arange(count) // 2 % 3], axis=1)


@pytest.fixture
def pictures(make_pictures):
    labels = every_label()
    return make_pictures(paint(labels), labels, factors=[COLOUR, PLACE], is_test=[n >= 180 for n in range(240)])


def small(**settings) -> Classifier:
    return Classifier(**{"images": 1600, "batch_size": 32} | settings)


@pytest.fixture
def taught(pictures):
    classifier = small()
    classifier.prepare(pictures, CPU)
    return classifier


def test_it_learns_two_factors_from_few_pictures(taught):
    assert list(taught.accuracy) == ["colour", "place"]
    assert all(0.9 < accuracy <= 1 for accuracy in taught.accuracy.values())
    assert taught.protocol()["accuracy"] == taught.accuracy


def test_its_accuracy_is_that_of_its_heads_on_the_test_pictures(taught, pictures):
    features, _ = extract(taught, torch.from_numpy(pictures.images[180:]), CPU)
    for column, head in enumerate(taught.heads):
        right = head(features).argmax(1).numpy() == pictures.labels[180:, column]
        assert taught.accuracy[("colour", "place")[column]] == pytest.approx(right.mean())


def test_features_and_logits_have_their_shapes_and_are_frozen(taught, pictures):
    features, logits = extract(taught, torch.from_numpy(pictures.images[:5]), CPU)
    assert features.shape == (5, taught.num_features) == (5, 128)
    assert logits.shape == (5, 6)
    assert features.dtype == logits.dtype == torch.float32
    assert not taught.training
    assert not any(parameter.requires_grad for parameter in taught.parameters())


def test_joint_logits_are_the_product_of_the_factors(taught, pictures):
    features, logits = extract(taught, torch.from_numpy(pictures.images[:20]), CPU)
    joint = logits.exp().view(20, 2, 3)
    colour, place = (head(features).softmax(1) for head in taught.heads)
    assert_close(joint.sum((1, 2)), torch.ones(20))
    assert_close(joint.sum(2), colour, atol=1e-5, rtol=1e-4)
    assert_close(joint.sum(1), place, atol=1e-5, rtol=1e-4)
    assert_close(joint, torch.einsum("na,nb->nab", colour, place), atol=1e-5, rtol=1e-4)


def test_it_is_trained_once_and_read_from_the_cache_afterwards(taught, pictures, monkeypatch):
    monkeypatch.setattr(Classifier, "_train", lambda *_: pytest.fail("trained again"))
    again = small()
    again.prepare(pictures, CPU)
    assert again.accuracy == taught.accuracy
    assert again.protocol() == taught.protocol()
    batch = torch.from_numpy(pictures.images[:9])
    assert torch.equal(extract(again, batch, CPU)[0], extract(taught, batch, CPU)[0])


@pytest.mark.parametrize("settings", [{"images": 64}, {"batch_size": 16}, {"learning_rate": 1e-4}, {"seed": 1}])
def test_other_settings_are_another_network(taught, pictures, monkeypatch, settings):
    trained = []
    monkeypatch.setattr(Classifier, "_train", lambda self, *_: trained.append(self))
    other = small(**settings)
    other.prepare(pictures, CPU)
    assert trained == [other]
    assert other.protocol()["weights_hash"] != taught.protocol()["weights_hash"]


def test_training_is_the_same_whatever_the_global_generator_did(pictures, tmp_path, monkeypatch):
    weights = []
    for seed in (1, 2):
        monkeypatch.setenv("GANART_CACHE", str(tmp_path / f"cache{seed}"))
        torch.manual_seed(seed)
        classifier = small(images=96)
        classifier.prepare(pictures, CPU)
        weights.append(classifier.heads[0].weight)
    assert_close(weights[0], weights[1])


def test_preparing_leaves_the_global_generator_alone(pictures):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    small(images=64).prepare(pictures, CPU)
    assert torch.equal(torch.get_rng_state(), before)


def test_unknown_labels_count_neither_in_learning_nor_in_accuracy(make_pictures):
    labels = every_label()
    told = labels.copy()
    told[::3, 0] = UNKNOWN
    told[:, 1] = UNKNOWN
    classifier = small()
    classifier.prepare(
        make_pictures(paint(labels), told, factors=[COLOUR, PLACE], is_test=[n >= 180 for n in range(240)]), CPU
    )
    assert 0.9 < classifier.accuracy["colour"] <= 1  # a third unknown: at most 2/3 if they counted
    assert classifier.accuracy["place"] == 0


def test_without_test_pictures_its_accuracy_is_that_of_the_training_pictures(make_pictures):
    labels = every_label(60)
    classifier = small()
    classifier.prepare(make_pictures(paint(labels), labels, factors=[COLOUR, PLACE]), CPU)
    assert classifier.accuracy["colour"] > 0.9


@pytest.mark.parametrize("factors", [[], [Factor("style", ("all",))]])
def test_pictures_without_labels_to_tell_apart_are_refused(make_pictures, factors):
    pictures = make_pictures(
        paint(every_label(8)), np.zeros((8, len(factors)), np.int64), factors=factors, name="plain"
    )
    with pytest.raises(UserError, match=r"dataset plain has none[\s\S]*one folder per class"):
        Classifier().prepare(pictures, CPU)


@pytest.mark.parametrize("shape", [(28, 28, 1), (16, 24, 4), (5, 9, 3)])
def test_pictures_of_any_size_and_channels_have_features(make_pictures, shape):
    labels = every_label(12)
    images = np.random.default_rng(0).integers(0, 256, (12, *shape), dtype=np.uint8)
    classifier = small(images=64)
    classifier.prepare(make_pictures(images, labels, factors=[COLOUR, PLACE]), CPU)
    features, logits = extract(classifier, torch.from_numpy(images), CPU)
    assert features.shape == (12, 128)
    assert logits.isfinite().all()


def test_scores_bear_its_name():
    assert [Classifier().score_name(key) for key in ("fid", "kid", "is")] == [
        "fd_classifier",
        "kd_classifier",
        "is_classifier",
    ]


def test_it_learns_on_the_device_that_was_asked_for(pictures, monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(Classifier, "_train", lambda self, pictures, device: asked.append(device))
    small().prepare(pictures, CPU)
    assert asked == [CPU]


def test_what_is_held_out_decides_what_it_learns_from(make_pictures):
    """The same pictures with another split, in one cache: another network, with an accuracy on other pictures."""
    labels = every_label()
    sets = [
        make_pictures(paint(labels), labels, factors=[COLOUR, PLACE], is_test=[n >= first for n in range(240)])
        for first in (180, 120)
    ]
    assert sets[0].hash == sets[1].hash
    assert sets[0].split_hash != sets[1].split_hash
    networks = [small(images=96) for _ in sets]
    for network, data in zip(networks, sets, strict=True):
        network.prepare(data, CPU)
        features, _ = extract(network, torch.from_numpy(data.images[data.test.rows]), CPU)
        right = network.recognise(features).numpy() == data.labels[data.test.rows]
        assert list(network.accuracy.values()) == pytest.approx(right.mean(axis=0))
    assert networks[0].protocol()["weights_hash"] != networks[1].protocol()["weights_hash"]


def test_chance_is_the_share_of_the_largest_class_of_the_pictures_that_accuracy_is_of(make_pictures):
    labels = every_label()
    labels[180:, 0] = [0] * 45 + [1] * 10 + [UNKNOWN] * 5
    labels[180:, 1] = UNKNOWN
    classifier = small(images=64)
    images, is_test = paint(every_label()), [n >= 180 for n in range(240)]
    classifier.prepare(make_pictures(images, labels, factors=[COLOUR, PLACE], is_test=is_test), CPU)
    assert classifier.chance == {"colour": pytest.approx(45 / 55), "place": 0}
    assert classifier.protocol()["chance"] == classifier.chance


@pytest.mark.parametrize(
    ("accuracy", "chance", "weak"),
    [
        (0.38, 0.125, True),
        (0.9, 0.88, True),
        (0.1, 0.3, True),
        (0.45, 0.125, False),
        (0.95, 0.88, False),
        (1.0, 1.0, False),  # a factor of one class
        (0.0, 0.0, False),  # one without a label
    ],
)
def test_a_classifier_hardly_better_than_the_largest_class_is_called_so(accuracy, chance, weak):
    said = weakness({"style": accuracy, "subject": 1.0}, {"style": chance, "subject": 0.5})
    assert (said is not None) == weak
    if said:
        assert f"style in {accuracy:.0%} of pictures" in said
        assert f"largest class: {chance:.0%})" in said
        assert "subject" not in said


def test_many_classes_of_several_factors_do_not_multiply(make_pictures):
    sizes = (50, 70, 50, 50)
    factors = [Factor(f"column {n}", tuple(map(str, range(size)))) for n, size in enumerate(sizes)]
    labels = np.stack([np.arange(12) % size for size in sizes], axis=1)
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
    classifier = small(images=64)
    classifier.prepare(make_pictures(images, labels, factors=factors), CPU)
    features, logits = extract(classifier, torch.from_numpy(images), CPU)
    assert_close(logits, classifier.heads[1](features).log_softmax(1))
    assert classifier.protocol()["classes"] == "column 1"
    assert classifier.recognise(features).shape == (12, 4)


@pytest.mark.parametrize(("side", "at_once"), [(8, 256), (128, 256), (256, 64), (1024, 16)])
def test_large_pictures_are_learnt_from_in_smaller_batches(make_pictures, monkeypatch, side, at_once):
    seen = []
    monkeypatch.setattr(
        Classifier, "_update", lambda self, optimizer, split, indices, device: seen.append(len(indices))
    )
    monkeypatch.setattr(Classifier, "_accuracy", lambda self, split, device: [1.0])
    images = np.zeros((2, side, side, 3), np.uint8)
    Classifier(images=512).prepare(make_pictures(images, [[0], [1]], factors=[COLOUR]), CPU)
    assert seen == [at_once] * (512 // at_once)


@pytest.mark.parametrize("held_out", [60, 0])
def test_it_is_said_of_which_images_its_accuracy_is(make_pictures, held_out):
    labels = every_label()
    is_test = [n >= 240 - held_out for n in range(240)]
    network = small(images=64)
    network.prepare(make_pictures(paint(labels), labels, factors=[COLOUR, PLACE], is_test=is_test), CPU)
    line = describe(SimpleNamespace(names=["fd"], num_images=10, network=network), 5)
    assert ("accuracy on held-out images" in line, "on its training images" in line) == (held_out > 0, held_out == 0)

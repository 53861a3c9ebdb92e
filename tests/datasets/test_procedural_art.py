"""The painted data set: the same pictures every time and at every size, balanced, varied, and refused politely."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from ganart.datasets import cache
from ganart.datasets.procedural_art import ProceduralArt, dataset, paint
from ganart.datasets.procedural_art.palettes import PALETTES, mix
from ganart.datasets.procedural_art.scene import BODY, DARK, GLOW, LAND, LIGHT, ROLES, SKY, TRIM
from ganart.datasets.procedural_art.styles import STYLES
from ganart.datasets.procedural_art.subjects import SUBJECTS
from ganart.errors import UserError

COMBINATIONS = len(STYLES) * len(SUBJECTS)


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel().astype(float), second.ravel().astype(float))[0, 1])


def shrink(pixels: np.ndarray, factor: int) -> np.ndarray:
    height, width, channels = pixels.shape
    return pixels.reshape(height // factor, factor, width // factor, factor, channels).mean(axis=(1, 3))


@pytest.fixture(scope="module")
def gallery() -> np.ndarray:
    """Two pictures of every combination: uint8 [96, 32, 32, 3]."""
    return np.stack([paint(0, index, 32, 32)[0] for index in range(2 * COMBINATIONS)])


def test_a_picture_depends_on_seed_and_index_alone(gallery):
    backwards = [paint(0, index, 32, 32)[0] for index in reversed(range(COMBINATIONS))][::-1]
    assert np.array_equal(gallery[:COMBINATIONS], np.stack(backwards))
    assert not np.array_equal(gallery[0], paint(1, 0, 32, 32)[0])


def test_the_pool_paints_what_one_process_paints(monkeypatch):
    monkeypatch.setattr(dataset, "_WORTH_A_POOL", 60)
    monkeypatch.setattr(dataset, "_CHUNK", 25)
    settings = {"num_pictures": 60, "height": 16, "width": 16}
    alone = list(ProceduralArt(**settings, workers=1).decode())
    together = list(ProceduralArt(**settings, workers=2).decode())
    assert [picture.file for picture in together] == [f"{index:06d}" for index in range(60)]
    assert [picture.sha256 for picture in together] == [picture.sha256 for picture in alone]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(alone, together, strict=True))
    assert [picture.labels for picture in together] == [picture.labels for picture in alone]


def test_a_script_without_an_entry_guard_runs_once(tmp_path):
    """Processes that import the user's script would run it again, each waiting for the cache that the first holds."""
    lines = [
        "from ganart.datasets.procedural_art import ProceduralArt",
        "print(len(list(ProceduralArt(num_pictures=2000, height=8, width=8, workers=2).decode())))",
    ]
    (tmp_path / "script.py").write_text("\n".join(lines))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, timeout=240, check=True
    )
    assert (done.stdout, done.stderr) == ("2000\n", "")


def test_the_composition_does_not_depend_on_the_size(gallery):
    for index in range(COMBINATIONS):
        large = shrink(paint(0, index, 128, 128)[0], 4)
        assert correlation(gallery[index], large) > 0.9, index
        # A different picture of the same style and subject is no such match.
        assert correlation(gallery[index + COMBINATIONS], large) < 0.9, index


def test_every_combination_is_painted_equally_often_and_says_so():
    labels = [tuple(paint(0, index, 8, 8)[1:]) for index in range(2 * COMBINATIONS)]
    counts = np.zeros((len(STYLES), len(SUBJECTS)), dtype=int)
    for label in labels:
        counts[label] += 1
    assert (counts == 2).all()
    style, subject = ProceduralArt().factors()
    assert (style.classes, subject.classes) == (tuple(STYLES), tuple(SUBJECTS))


def test_pictures_use_a_wide_range_and_are_not_noise(gallery):
    for index, picture in enumerate(gallery):
        assert np.ptp(picture.astype(int)) > 110, index
        steps = np.abs(np.diff(picture.astype(float), axis=1)).mean()
        assert 1 < steps < 60, index
    assert gallery.min() < 15
    assert gallery.max() > 240


def test_no_two_pictures_are_alike(gallery):
    assert len({picture.tobytes() for picture in gallery}) == len(gallery)
    apart = np.abs(gallery[:COMBINATIONS].astype(float) - gallery[COMBINATIONS:]).mean(axis=(1, 2, 3))
    assert apart.min() > 8


def test_styles_and_subjects_can_be_told_apart():
    """By the simplest eyes there are: the nearest class mean, of a few measures of each picture or of its grey form."""
    pictures = np.stack([paint(5, index, 32, 32)[0] for index in range(12 * COMBINATIONS)]).astype(np.float32) / 255
    styles = np.arange(len(pictures)) % len(STYLES)
    subjects = np.arange(len(pictures)) // len(STYLES) % len(SUBJECTS)
    half = len(pictures) // 2

    grey = pictures.mean(axis=3)
    edges = np.abs(np.diff(grey, axis=2))
    chroma = np.ptp(pictures, axis=3)
    measures = np.stack(
        [
            edges.mean(axis=(1, 2)),
            edges.std(axis=(1, 2)),
            (edges < 0.01).mean(axis=(1, 2)),
            np.abs(np.diff(edges, axis=2)).mean(axis=(1, 2)),
            chroma.mean(axis=(1, 2)),
            grey.std(axis=(1, 2)),
            grey[:, :, 0].mean(axis=1),
        ],
        axis=1,
    )
    measures = (measures - measures.mean(axis=0)) / measures.std(axis=0)
    assert _recognised(measures, styles, half) > 0.6

    forms = np.abs(grey - np.median(grey, axis=(1, 2), keepdims=True))
    forms = (forms + forms[:, :, ::-1]).reshape(len(grey), -1)  # scenes are mirrored by chance
    assert _recognised(forms, subjects, half) > 0.4


def _recognised(features: np.ndarray, labels: np.ndarray, half: int) -> float:
    means = np.stack([features[:half][labels[:half] == label].mean(axis=0) for label in range(labels.max() + 1)])
    nearest = np.square(features[half:, None] - means).sum(axis=2).argmin(axis=1)
    return float((nearest == labels[half:]).mean())


@pytest.mark.parametrize(("height", "width"), [(24, 40), (40, 24), (8, 8), (33, 47)])
def test_any_size_and_shape(height, width):
    for index in range(0, COMBINATIONS):
        pixels, _, _ = paint(2, index, height, width)
        assert pixels.shape == (height, width, 3)
        assert pixels.dtype == np.uint8
        assert pixels.std() > 8, index


APART = (
    *((SKY, role) for role in (LAND, BODY, GLOW)),
    *((LAND, role) for role in (BODY, GLOW, LIGHT)),
    *((LIGHT, role) for role in (BODY, TRIM, DARK)),
)


@pytest.mark.parametrize("style", STYLES)
def test_palettes_part_figure_from_ground(style):
    rng = np.random.default_rng(0)
    for palette in (mix(rng, style) for _ in range(60)):
        assert palette.shape == (len(ROLES), 3)
        assert palette.min() >= 0
        assert palette.max() <= 1
        for one, other in APART:
            assert np.abs(palette[one] - palette[other]).sum() > 0.2, (ROLES[one], ROLES[other])
    assert len(PALETTES[style]) >= 4


def test_the_cache_holds_the_painted_pictures(tmp_path, monkeypatch):
    monkeypatch.setenv("GANART_CACHE", str(tmp_path))
    art = ProceduralArt(num_pictures=96, height=16, width=24, condition=["style"])
    pictures = cache.load(art)
    assert pictures.images.shape == (96, 16, 24, 3)
    assert np.array_equal(pictures.images[95], paint(0, 95, 16, 24)[0])
    assert pictures.labels[95].tolist() == [95 % 8, 95 // 8 % 6]
    assert len(pictures.train) + len(pictures.test) == 96
    assert art.condition == ("style",)


def test_grey_pictures_have_one_channel():
    picture = next(ProceduralArt(num_pictures=1, channels=1).decode())
    colour, _, _ = paint(0, 0, 32, 32)
    assert picture.pixels.shape == (32, 32, 1)
    assert correlation(picture.pixels[..., 0], colour.mean(axis=2)) > 0.8


def test_the_split_is_stable_and_near_its_fraction():
    few = [ProceduralArt(num_pictures=100)._is_test(index) for index in range(100)]
    many = [ProceduralArt(height=64)._is_test(index) for index in range(20_000)]
    assert few == many[:100]
    assert abs(np.mean(many) - 0.25) < 0.01
    assert sum(many) >= 5_000  # the default holds enough for the usual statistics
    assert not any(ProceduralArt(test_fraction=0.0)._is_test(index) for index in range(100))


def test_the_key_tells_settings_apart_but_not_workers_or_condition(monkeypatch):
    key = ProceduralArt().key()
    others = {"num_pictures": 19_999, "height": 33, "width": 33, "seed": 1, "test_fraction": 0.2, "channels": 1}
    keys = {ProceduralArt(**{name: value}).key() for name, value in others.items()}
    assert len(keys | {key}) == len(others) + 1
    assert ProceduralArt(workers=3, condition=("style",), licence="none").key() == key
    monkeypatch.setattr(dataset, "PAINTER_VERSION", dataset.PAINTER_VERSION + 1)
    assert ProceduralArt().key() != key


@pytest.mark.parametrize(
    ("setting", "value", "instead"),
    [
        ("num_pictures", 0, "at least 1"),
        ("height", 4, "at least 8"),
        ("width", 7, "at least 8"),
        ("seed", -1, "0 or more"),
        ("test_fraction", 1.0, "below 1"),
        ("channels", 4, "1 or 3"),
        ("workers", -2, "0 for one a core"),
        ("condition", ["mood"], "style"),
    ],
)
def test_impossible_settings_are_refused_with_what_to_type(setting, value, instead):
    with pytest.raises(UserError, match=f"dataset.{setting}=") as refusal:
        ProceduralArt(**{setting: value})
    assert instead in str(refusal.value)

"""Two folders or zips brought to one size: what size their pictures have, and how their files are read."""

import pytest
from painted import halves, noise, put, zipped
from PIL import Image
from test_zips import packed, with_raw_names

from ganart.datasets.side_by_side import settings_of, side_by_side
from ganart.errors import UserError

OWN_SIZE = {"height": None, "width": None, "channels": 3, "resize": "crop", "filter": "lanczos"}
AS_IT_IS = {"encoding": None, "max_pixels": None}


@pytest.fixture
def other(tmp_path):
    folder = tmp_path / "others"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_photographs_held_sideways_have_the_size_that_they_are_seen_in(root, other, ending):
    exif = Image.Exif()
    exif[0x0112] = 6
    put(root, f"a.{ending}", halves((16, 8)), exif=exif)
    put(other, "b.png", halves((8, 16)))
    real, fake = side_by_side(str(root), str(other), settings_of(OWN_SIZE, AS_IT_IS))
    assert real.images.shape == fake.images.shape == (1, 16, 8, 3)


def test_the_limit_of_pixels_that_is_asked_for_counts_for_both(root, other):
    for folder in (root, other):
        put(folder, "small.png", noise(0))
        put(folder, "large.png", halves((16, 8)))
    with pytest.raises(UserError, match="the pictures have 2 sizes"):
        side_by_side(str(root), str(other), settings_of(OWN_SIZE, AS_IT_IS))
    both = side_by_side(str(root), str(other), settings_of(OWN_SIZE, AS_IT_IS | {"max_pixels": 64}))
    for pictures in both:
        assert pictures.manifest.files == ["small.png"]
        assert "dataset.max_pixels=128" in pictures.manifest.skipped[0].reason


def test_the_encoding_that_is_asked_for_counts_for_both(root, tmp_path):
    name = "미술/그림.png"
    coded = with_raw_names(packed(root, tmp_path / "pics.zip", [name]), "cp949")
    for how, found in ((AS_IT_IS | {"encoding": "cp949"}, True), (AS_IT_IS, False)):
        for pictures in side_by_side(str(coded), str(coded), settings_of(OWN_SIZE, how)):
            assert (pictures.manifest.files == [name]) == found


def test_an_encoding_that_does_not_exist_is_told_with_the_key_that_was_typed(root, tmp_path):
    put(root, "a.png", noise(0))
    path = str(zipped(root, tmp_path / "a.zip"))
    with pytest.raises(UserError, match=r"dataset\.encoding=cp94: there is no such encoding"):
        side_by_side(path, path, settings_of(OWN_SIZE, AS_IT_IS | {"encoding": "cp94"}))

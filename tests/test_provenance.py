import hashlib

import numpy as np
import pytest
from PIL import Image

from ganart.errors import UserError
from ganart.provenance import pixels_hash, read_png, save_png

ORIGIN = {
    "versions": {"ganart": "0.1", "torch": "2.9"},
    "dataset": {"name": "Gemälde", "licence": "CC BY-SA 4.0 ©"},
    "labels": {"style": "キュビスム", "subject": "naïve «vue»"},
    "seed": 2**62 + 1,
    "truncation": None,
    "device": "x" * 5000,
    "run": "runs/a",
    "checkpoint": "best.ckpt",
    "checkpoint_sha256": "0" * 64,
    "weights": "average",
}


def pixels(channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (5, 7, channels), dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pixels_and_origin_come_back_as_they_went(tmp_path, channels):
    save_png(pixels(channels), tmp_path / "a.png", ORIGIN)
    again, origin = read_png(tmp_path / "a.png")
    assert again.dtype == np.uint8
    assert np.array_equal(again, pixels(channels))
    assert origin == {**ORIGIN, "pixels_sha256": pixels_hash(pixels(channels))}


def test_saving_leaves_the_origin_that_it_was_given_alone(tmp_path):
    before = dict(ORIGIN)
    save_png(pixels(3), tmp_path / "a.png", ORIGIN)
    assert before == ORIGIN


def test_other_programs_read_who_made_it_and_from_what(tmp_path):
    save_png(pixels(3), tmp_path / "a.png", ORIGIN)
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["Software"] == "ganart 0.1"
        assert "Gemälde" in image.info["Source"]
        assert "CC BY-SA 4.0 ©" in image.info["Source"]


def test_hash_is_of_shape_and_bytes():
    flat = np.arange(12, dtype=np.uint8)
    assert pixels_hash(flat.reshape(2, 2, 3)) == hashlib.sha256(b"(2, 2, 3)" + bytes(range(12))).hexdigest()
    assert pixels_hash(flat.reshape(2, 2, 3)) != pixels_hash(flat.reshape(1, 4, 3))
    assert pixels_hash(pixels(3)) != pixels_hash(pixels(3, seed=1))
    assert pixels_hash(np.asfortranarray(pixels(3))) == pixels_hash(pixels(3))


def test_a_file_that_is_not_there_is_told_to_the_user(tmp_path):
    with pytest.raises(UserError, match=r"a\.png: there is no such file"):
        read_png(tmp_path / "a.png")
    with pytest.raises(UserError, match="there is no such file"):
        read_png(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_file_that_is_no_picture_or_half_of_one_is_told_to_the_user(tmp_path, content):
    file = tmp_path / "a.png"
    save_png(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8), file, ORIGIN)
    file.write_bytes(file.read_bytes()[:9000] if content is None else content)
    with pytest.raises(UserError, match="cannot be read as a picture"):
        read_png(file)


def test_a_picture_without_origin_is_told_to_the_user(tmp_path):
    Image.fromarray(pixels(3)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match="carries no origin"):
        read_png(tmp_path / "a.png")
    save_png(pixels(3), tmp_path / "b.png", ORIGIN)
    Image.open(tmp_path / "b.png").convert("RGB").resize((7, 5)).save(tmp_path / "c.jpg")
    with pytest.raises(UserError, match="carries no origin"):
        read_png(tmp_path / "c.jpg")


def test_an_origin_that_is_damaged_is_told_to_the_user(tmp_path):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("ganart", '{"seed": 1')
    Image.fromarray(pixels(3)).save(tmp_path / "a.png", pnginfo=info)
    with pytest.raises(UserError, match="origin"):
        read_png(tmp_path / "a.png")

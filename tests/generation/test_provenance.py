import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from ganart.codecs.image import as_stored, pixels_hash, save_picture
from ganart.errors import UserError
from ganart.generation.provenance import read_picture, with_channels

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
    save_picture(pixels(channels), tmp_path / "a.png", ORIGIN)
    again, origin = read_picture(tmp_path / "a.png")
    assert again.dtype == np.uint8
    assert np.array_equal(again, pixels(channels))
    assert origin == {**ORIGIN, "pixels_sha256": pixels_hash(pixels(channels))}


def test_saving_leaves_the_origin_that_it_was_given_alone(tmp_path):
    before = dict(ORIGIN)
    save_picture(pixels(3), tmp_path / "a.png", ORIGIN)
    assert before == ORIGIN


def test_other_programs_read_who_made_it_and_from_what(tmp_path):
    save_picture(pixels(3), tmp_path / "a.png", ORIGIN)
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
        read_picture(tmp_path / "a.png")
    with pytest.raises(UserError, match="there is no such file"):
        read_picture(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_file_that_is_no_picture_or_half_of_one_is_told_to_the_user(tmp_path, content):
    file = tmp_path / "a.png"
    save_picture(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8), file, ORIGIN)
    file.write_bytes(file.read_bytes()[:9000] if content is None else content)
    with pytest.raises(UserError, match="cannot be read as a picture"):
        read_picture(file)


def test_a_picture_without_origin_is_told_to_the_user(tmp_path):
    Image.fromarray(pixels(3)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match="carries no origin"):
        read_picture(tmp_path / "a.png")
    save_picture(pixels(3), tmp_path / "b.png", ORIGIN)
    Image.open(tmp_path / "b.png").convert("RGB").resize((7, 5)).save(tmp_path / "c.jpg")
    with pytest.raises(UserError, match="carries no origin"):
        read_picture(tmp_path / "c.jpg")


def test_an_origin_that_is_damaged_is_told_to_the_user(tmp_path):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("ganart", '{"seed": 1')
    Image.fromarray(pixels(3)).save(tmp_path / "a.png", pnginfo=info)
    with pytest.raises(UserError, match="origin"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("ending", [".png", ".webp", ".jpg"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_format_carries_the_origin_and_png_and_webp_every_pixel(tmp_path, ending, channels):
    smooth = np.stack([np.add.outer(np.arange(40), np.arange(30) + 50 * n) for n in range(channels)], axis=2)
    file, smooth = tmp_path / f"a{ending}", smooth.astype(np.uint8)
    if ending == ".jpg" and channels == 4:
        with pytest.raises(UserError, match="format=png or format=webp"):
            save_picture(smooth, file, ORIGIN)
        return
    save_picture(smooth, file, ORIGIN)
    again, origin = read_picture(file)
    assert origin == {**ORIGIN, "pixels_sha256": pixels_hash(smooth)}
    again = with_channels(again, channels)
    assert np.array_equal(again, as_stored(smooth, ending))
    assert np.array_equal(again, smooth) or ending == ".jpg"
    assert np.abs(again.astype(int) - smooth).mean() < 2


def test_an_opaque_picture_with_transparency_comes_back_from_webp(tmp_path):
    opaque = np.concatenate([pixels(3), np.full((5, 7, 1), 255, np.uint8)], axis=2)
    save_picture(opaque, tmp_path / "a.webp", ORIGIN)
    assert np.array_equal(with_channels(read_picture(tmp_path / "a.webp")[0], 4), opaque)


HOSTILE = {
    "truncation": [-1, 1e-7, 0, True, "0.7", float("nan"), [], {}],
    "seed": [10**30, -1, 1.5, True, "7", None, [7], 2**63],
    "labels": ["style", ["a"], None, {"style": 3}, {"style": ["a"]}, {"style": {}}],
    "checkpoint": [5, None, ["best"], "a\0b"],
    "checkpoint_sha256": [0, None],
    "run": [["runs/a"], 7, None, "\0"],
    "run_from_here": [7, ["x"], None],
    "weights": [1, None, {}],
    "pixels_sha256": [1, None],
    "resampled": [1, "x", {"width": -1}, {"width": 10**9, "height": 1, "filter": "lanczos"}, {"width": 1, "height": 1}],
}


HOSTILE["resampled"] += [{"width": 8, "height": 8, "filter": "box"} | more for more in ({"filter": "os"}, {"x": 1})]


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in HOSTILE.items() for value in values])
def test_what_an_origin_cannot_say_is_told_in_one_sentence(tmp_path, key, value):
    origin = {**ORIGIN, "pixels_sha256": pixels_hash(pixels(3)), key: value}
    file = with_text(tmp_path / "a.png", json.dumps(origin))
    with pytest.raises(UserError, match=f"a.png: its origin is damaged: {key}=") as told:
        read_picture(file)
    assert len(str(told.value)) < 300


def with_text(file, text, compressed=False):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("ganart", text, zip=compressed)
    Image.fromarray(pixels(3)).save(file, pnginfo=info)
    return file


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, "[]", "7", '"x"', "null", "{}", "\x1b[31m", '{"seed": ' + "9" * 5000 + "}"],
)
def test_an_origin_that_is_no_origin_is_told_in_one_sentence(tmp_path, text):
    with pytest.raises(UserError, match="its origin") as told:
        read_picture(with_text(tmp_path / "a.png", text))
    assert len(str(told.value)) < 400


def test_bombs_do_not_go_off(tmp_path):
    text_bomb = with_text(tmp_path / "text.png", " " * 200_000_000, compressed=True)
    with pytest.raises(UserError, match="cannot be read as a picture"):
        read_picture(text_bomb)
    Image.new("1", (12_000, 12_000)).save(tmp_path / "pixels.png")
    with pytest.raises(UserError, match="cannot be read as a picture"):
        read_picture(tmp_path / "pixels.png")

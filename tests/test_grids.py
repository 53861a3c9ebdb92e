import numpy as np
from PIL import Image, ImageChops

from ganart.grids import PAPER, SHEET, grid, is_sheet, save_sheet


def flat(*colours) -> np.ndarray:
    """One 8 × 8 picture for each of `colours`."""
    return np.stack([np.full((8, 8, len(colour)), colour, np.uint8) for colour in colours])


def colours_of(sheet: Image.Image) -> set[tuple[int, ...]]:
    return {colour for _, colour in sheet.getcolors(sheet.width * sheet.height)}


def test_pictures_stand_in_rows_in_reading_order():
    sheet = np.asarray(grid(flat((255, 0, 0), (0, 255, 0), (0, 0, 255)), columns=2, min_side=8))
    height, width = sheet.shape[:2]
    assert sheet[height // 4, width // 4].tolist() == [255, 0, 0]
    assert sheet[height // 4, 3 * width // 4].tolist() == [0, 255, 0]
    assert sheet[3 * height // 4, width // 4].tolist() == [0, 0, 255]
    assert sheet[3 * height // 4, 3 * width // 4].tolist() == list(PAPER)


def test_tiny_pictures_are_enlarged_by_a_whole_factor_without_new_colours():
    pixels = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)
    sheet = grid(pixels, columns=1, min_side=60)
    assert colours_of(sheet) == {*map(tuple, pixels.reshape(-1, 3).tolist()), PAPER}
    inside = ImageChops.difference(sheet, Image.new("RGB", sheet.size, PAPER)).getbbox()
    assert (inside[2] - inside[0], inside[3] - inside[1]) == (64, 64)
    assert np.array_equal(np.asarray(sheet.crop(inside))[::8, ::8], pixels[0])


def test_large_pictures_are_shown_pixel_for_pixel():
    pixels = np.random.default_rng(0).integers(0, 200, (1, 70, 90, 3), dtype=np.uint8)
    sheet = grid(pixels, columns=4)
    assert np.array_equal(np.asarray(sheet)[6:76, 6:96], pixels[0])
    assert sheet.size == (90 + 12, 70 + 12)


def test_grey_stays_grey():
    assert colours_of(grid(flat((90,)), columns=1)) == {(90, 90, 90), PAPER}


def test_transparency_shows_a_checkerboard_and_opaque_pixels_hide_it():
    nothing = colours_of(grid(flat((255, 0, 0, 0)), columns=1))
    assert nothing == {(236, 236, 236), (218, 218, 218), PAPER}
    assert colours_of(grid(flat((255, 0, 0, 255)), columns=1)) == {(255, 0, 0), PAPER}
    half = colours_of(grid(flat((0, 0, 0, 51)), columns=1))
    assert half == {(189, 189, 189), (174, 174, 174), PAPER}  # four fifths of 236 and of 218


def test_captions_stand_below_each_picture_and_long_ones_stay_below_their_own():
    picture = flat((0, 0, 0), (0, 0, 0))
    plain = np.asarray(grid(picture, columns=2))
    captioned = np.asarray(grid(picture, columns=2, captions=["", "a caption that is far too long for it"]))
    below = captioned[70:]
    written = np.flatnonzero((below != PAPER).any(axis=(0, 2)))
    assert captioned.shape[0] > plain.shape[0]
    assert captioned.shape[1] == plain.shape[1]
    assert np.array_equal(captioned[:70], plain[:70])
    assert written.min() >= 76
    assert written.max() < 76 + 64


def test_sheets_are_known_by_what_is_written_into_them(tmp_path):
    sheet = grid(np.zeros((2, 8, 8, 3), np.uint8), 2, captions=["a\nb", "[/i]"])
    save_sheet(sheet, tmp_path / "renamed.png")
    sheet.save(tmp_path / "sheet.png")
    sheet.save(tmp_path / "walk.gif", save_all=True, append_images=[sheet], comment=SHEET.encode())
    known = {name: is_sheet(Image.open(tmp_path / name)) for name in ("renamed.png", "sheet.png", "walk.gif")}
    assert known == {"renamed.png": True, "sheet.png": False, "walk.gif": True}

import io

import numpy as np
import pytest
from painted import BLUE, GREEN, RED, flat, halves, noise, only_pixels, put
from PIL import Image

from ganart.datasets.cache import load
from ganart.datasets.image_folder import ImageFolder
from ganart.datasets.reading.decoding import decode, open_picture, upright_size
from ganart.errors import UserError

# --- kinds of pictures ---------------------------------------------------------------------------------------------


def test_half_transparent_red_over_white_is_light_red(root):
    put(root, "a.png", flat((255, 0, 0, 128), mode="RGBA"))
    assert only_pixels(root)[0, 0].tolist() == [255, 127, 127]


def test_the_background_shows_through_transparency(root):
    put(root, "a.png", flat((255, 0, 0, 0), mode="RGBA"))
    assert only_pixels(root, background="#102030")[0, 0].tolist() == [16, 32, 48]


def test_four_channels_keep_colour_and_transparency(root):
    put(root, "a.png", flat((200, 100, 50, 128), mode="RGBA"))
    assert only_pixels(root, channels=4)[0, 0].tolist() == [200, 100, 50, 128]


def test_colours_hidden_under_full_transparency_do_not_reach_the_network(root):
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    image.putpixel((0, 0), (0, 255, 0, 255))
    put(root, "a.png", image)
    pixels = only_pixels(root, channels=4, background="black", filter="nearest")
    assert pixels[0, 0].tolist() == [0, 255, 0, 255]
    assert pixels[1, 1].tolist() == [0, 0, 0, 0]


def test_an_opaque_picture_as_four_channels_is_opaque(root):
    put(root, "a.png", flat(RED))
    assert only_pixels(root, channels=4)[0, 0].tolist() == [255, 0, 0, 255]


def test_grey_with_transparency_is_composited(root):
    put(root, "a.png", flat((0, 128), mode="LA"))
    assert only_pixels(root, channels=1)[0, 0].tolist() == [127]


def test_a_palette_with_a_transparent_entry_is_composited(root):
    image = Image.new("P", (4, 4), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((0, 0), 1)
    put(root, "a.png", image, transparency=0)
    pixels = only_pixels(root, background="lime")
    assert pixels[0, 0].tolist() == [0, 0, 255]
    assert pixels[1, 1].tolist() == [0, 255, 0]


@pytest.mark.parametrize(("mode", "colour", "seen"), [("L", 77, 77), ("1", 1, 255), ("1", 0, 0)])
def test_grey_and_black_and_white_pictures_become_rgb(root, mode, colour, seen):
    put(root, "a.png", flat(colour, mode=mode))
    assert only_pixels(root)[2, 2].tolist() == [seen, seen, seen]


def test_colour_becomes_grey_by_its_luma(root):
    put(root, "a.png", flat(GREEN))
    assert only_pixels(root, channels=1)[0, 0].tolist() == [150]  # 0.587 · 255, as ITU-R 601 says


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_are_divided_by_257(root, ending):
    values = np.array([[0x0000, 0x8080], [0x00FF, 0xFFFF]], dtype=np.uint16)
    put(root, f"a.{ending}", Image.fromarray(values))
    assert only_pixels(root, 2, 2, channels=1)[..., 0].tolist() == [[0, 128], [1, 255]]


def test_floats_from_zero_to_one_become_zero_to_255(root):
    put(root, "a.tif", Image.fromarray(np.array([[0.0, 0.5], [1.0, np.nan]], dtype=np.float32)))
    assert only_pixels(root, 2, 2, channels=1)[..., 0].tolist() == [[0, 128], [255, 0]]


def test_cmyk_is_converted(root):
    put(root, "a.tif", flat((0, 255, 255, 0), mode="CMYK"))
    assert only_pixels(root)[0, 0].tolist() == [255, 0, 0]


def test_lab_is_converted(root):
    put(root, "a.tif", flat((138, 128 + 81, 128 + 70), mode="LAB"))  # L* 54, a* 81, b* 70 (D50) is the red of sRGB
    assert np.abs(only_pixels(root)[0, 0].astype(int) - RED).max() <= 5


def test_a_photograph_held_sideways_is_turned_upright(root):
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the scene is at the right of the stored picture
    put(root, "a.png", halves((8, 4)), exif=exif)
    pictures = load(ImageFolder(root=root, height=8, width=4, labels="none"))
    assert pictures.images[0, 0, 0].tolist() == [255, 0, 0]
    assert pictures.images[0, 7, 3].tolist() == [0, 0, 255]
    assert pictures.manifest.sizes == [[4, 8]]


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "avif"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_size_of_a_picture_is_that_of_the_upright_one_before_and_after_decoding(root, ending, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = put(root, f"a.{ending}", halves((64, 32)), exif=exif).read_bytes()
    decoded = decode(open_picture(data), 3, RED)
    assert decoded.size == decoded.image.size == ((32, 64) if orientation in (6, 8) else (64, 32))
    assert upright_size(data) == decoded.size


def test_the_size_of_a_picture_that_is_square_when_reduced_is_still_the_upright_one(root):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = put(root, "a.jpg", halves((800, 799)), exif=exif).read_bytes()
    opened = open_picture(data, 100)
    assert opened.image.size == (200, 200)
    assert decode(opened, 3, RED).size == (799, 800)


def test_of_an_animation_the_first_frame_is_taken(root):
    frames = [flat(RED), flat(BLUE)]
    put(root, "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert only_pixels(root)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("ending", ["txt", "json", "csv", "html", "pt", "md", "tmp", "part"])
def test_a_picture_is_known_by_its_content_whatever_its_ending(root, ending):
    put(root, "a.png", flat(RED))
    put(root, "b.png", flat(RED)).rename(root / f"b.png.{ending}")
    (root / f"notes.{ending}").write_text("no picture")
    pictures = load(ImageFolder(root=root, height=8, width=8))
    assert pictures.manifest.files == ["a.png", f"b.png.{ending}"]
    assert not pictures.manifest.skipped


def test_upper_case_endings_and_unicode_names_are_read(root):
    put(root, "Träume/Über Été.PNG", flat(RED))
    put(root, "浮世絵/波.Jpeg", flat(BLUE))
    pictures = load(ImageFolder(root=root, height=4, width=4))
    assert pictures.manifest.files == ["Träume/Über Été.PNG", "浮世絵/波.Jpeg"]
    assert pictures.factors[0].classes == ("Träume", "浮世絵")


@pytest.mark.parametrize("ending", ["jpg", "webp", "png"])
def test_a_picture_with_a_damaged_exif_block_is_read(root, ending):
    put(root, f"a.{ending}", flat(RED, (16, 16)), exif=b"Exif\0\0MM\0?\0\0\0\x08 and no table of tags", quality=95)
    assert np.abs(only_pixels(root)[0, 0].astype(int) - RED).max() <= 3


def test_a_huge_jpeg_is_decoded_at_reduced_size_with_the_same_look(root):
    gradient = Image.linear_gradient("L").resize((1600, 1600))
    data = put(root, "a.jpg", gradient, quality=95).read_bytes()
    decoded = decode(open_picture(data, least=32), channels=1, background=RED)
    assert (decoded.image.size, decoded.size) == ((200, 200), (1600, 1600))
    pixels = only_pixels(root, 16, 16, channels=1)[..., 0].astype(float)
    expected = np.asarray(gradient.resize((16, 16), Image.Resampling.LANCZOS), dtype=float)
    assert np.abs(pixels - expected).max() <= 2
    assert load(ImageFolder(root=root, labels="none")).manifest.sizes == [[1600, 1600]]


def test_a_reduced_jpeg_keeps_twice_the_pixels_that_the_filter_makes_the_picture_of(root):
    """Decoded at the final size it would be a picture of block means: four times as far from the whole one."""
    rough = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    data = put(root, "a.jpg", Image.fromarray(rough).resize((256, 256), Image.Resampling.BICUBIC), quality=95)
    with Image.open(data) as whole:
        expected = np.asarray(whole.convert("RGB").resize((32, 32), Image.Resampling.LANCZOS), dtype=float)
    assert np.abs(only_pixels(root, 32, 32).astype(float) - expected).mean() < 1.2


# --- resizing ------------------------------------------------------------------------------------------------------


def test_crop_takes_the_centre(root):
    image = flat(BLUE, (12, 4))
    image.paste(RED, (4, 0, 8, 4))
    put(root, "a.png", image)
    assert (only_pixels(root) == RED).all()


def test_crop_of_an_odd_overhang_does_not_blur(root):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    put(root, "a.png", Image.fromarray(pixels))
    assert np.array_equal(only_pixels(root), pixels[:, :4])


def test_pad_keeps_everything_between_borders(root):
    put(root, "a.png", halves((8, 4)))
    pixels = only_pixels(root, 8, 8, resize="pad", background="lime")
    assert (pixels[:2] == GREEN).all()
    assert (pixels[6:] == GREEN).all()
    assert (pixels[2:6, :4] == RED).all()
    assert (pixels[2:6, 4:] == BLUE).all()


def test_borders_of_four_channels_are_transparent(root):
    put(root, "a.png", halves((8, 4)))
    pixels = only_pixels(root, 8, 8, resize="pad", channels=4)
    assert (pixels[:2, :, 3] == 0).all()
    assert (pixels[2:6, :, 3] == 255).all()


def test_stretch_ignores_the_aspect(root):
    put(root, "a.png", halves((8, 2)))
    pixels = only_pixels(root, 4, 4, resize="stretch", filter="box")
    assert (pixels[:, :2] == RED).all()
    assert (pixels[:, 2:] == BLUE).all()


def test_nearest_keeps_the_colours_of_pixel_art(root):
    put(root, "a.png", halves((2, 2)))
    assert {tuple(pixel) for pixel in only_pixels(root, 7, 7, filter="nearest").reshape(-1, 3)} == {RED, BLUE}


def test_pictures_need_not_be_square(root):
    put(root, "a.png", halves((16, 8)))
    assert only_pixels(root, 4, 8).shape == (4, 8, 3)


# --- damaged files -------------------------------------------------------------------------------------------------


def test_unreadable_files_are_skipped_with_the_reason(root, capsys):
    put(root, "good.png", noise(0))
    whole = io.BytesIO()
    noise(1).resize((64, 64)).save(whole, "PNG")
    (root / "cut.png").write_bytes(whole.getvalue()[:2000])
    (root / "empty.png").write_bytes(b"")
    (root / "text.jpg").write_text("not a picture")
    put(root, "bomb.png", flat(RED, (100, 100)))
    pictures = load(ImageFolder(root=root, height=8, width=8, max_pixels=9000))
    reasons = {row.file: row.reason for row in pictures.manifest.skipped}
    assert pictures.manifest.files == ["good.png"]
    assert reasons.keys() == {"bomb.png", "cut.png", "empty.png", "text.jpg"}
    assert reasons["bomb.png"].endswith("dataset.max_pixels=10000")
    assert "truncated" in reasons["cut.png"]
    assert reasons["empty.png"] == "the file is empty"
    assert reasons["text.jpg"].startswith("its content is no picture of a format that can be read")
    assert "empty.png: the file is empty" in capsys.readouterr().out


def test_files_that_would_start_other_programs_are_not_opened(root):
    buffer = io.BytesIO()
    noise(0).save(buffer, "EPS")
    (root / "a.png").write_bytes(buffer.getvalue())
    put(root, "b.png", noise(1))
    (skipped,) = load(ImageFolder(root=root)).manifest.skipped
    assert (skipped.file, skipped.reason[:23]) == ("a.png", "its content is no pictu")


def test_a_data_set_with_nothing_readable_stops_and_names_the_files(root):
    (root / "a.png").write_bytes(b"")
    with pytest.raises(UserError, match=r"not one picture could be read(.|\n)*a\.png: the file is empty"):
        load(ImageFolder(root=root))


def test_hidden_files_and_files_of_other_kinds_are_passed_over(root):
    put(root, "a.png", noise(0))
    for name in ("._a.png", ".hidden/b.png", "__MACOSX/a.png", "notes.txt", "Thumbs.db"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"x")
    manifest = load(ImageFolder(root=root)).manifest
    assert (manifest.files, manifest.skipped) == (["a.png"], [])


def test_links_that_lead_in_circles_end(root):
    put(root, "cat/a.png", noise(0))
    (root / "cat" / "again").symlink_to(root, target_is_directory=True)
    assert load(ImageFolder(root=root)).manifest.files == ["cat/a.png"]


# --- what a user may mistype ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"filter": "lanzcos"}, "Did you mean lanczos"),
        ({"resize": "squeeze"}, "crop, pad, stretch"),
        ({"background": "whit"}, "Did you mean white"),
        ({"background": [300, 0, 0]}, "0 to 255"),
        ({"channels": 2}, "1 .grey., 3 .RGB. or 4 .RGBA."),
        ({"height": 0}, "dataset.height=64"),
        ({"test_fraction": 1.5}, "below 1"),
        ({"condition": ["stile"]}, "no factor stile. Did you mean style"),
        ({"condition": ["style"], "labels": "none"}, "no labels"),
        ({"labels": "missing.csv"}, "no such file"),
        ({"factors": ["painter", "decade"]}, "at most 1 deep"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_what_can(root, setting, words):
    put(root, "cat/a.png", noise(0))
    put(root, "dog/b.png", noise(1))
    with pytest.raises(UserError, match=words):
        ImageFolder(root=root, **setting)


def test_a_missing_folder_is_refused_with_its_nearest_neighbour(root):
    with pytest.raises(UserError, match=r"no such folder or zip. Did you mean paintings"):
        ImageFolder(root=root.with_name("painting"))


def test_a_folder_without_pictures_is_refused_with_what_it_holds(root):
    (root / "notes.txt").write_text("x")
    with pytest.raises(UserError, match=r"no picture that can be read .it holds 1 × .txt"):
        ImageFolder(root=root)


def test_a_file_that_is_no_zip_is_refused(root):
    (root / "pics.rar").write_text("x")
    with pytest.raises(UserError, match="neither a folder nor a zip"):
        ImageFolder(root=root / "pics.rar")

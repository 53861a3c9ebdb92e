"""Embedded colour profiles become sRGB, and values of 10 to 14 bits do not come out black."""

import io
import itertools
import struct

import numpy as np
import pytest
from painted import RED, flat, noise, only_pixels, put
from PIL import Image, ImageCms, TiffImagePlugin

from ganart.datasets.cache import load
from ganart.datasets.image_folder import ImageFolder
from ganart.datasets.reading.colour import to_srgb

ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), 2.19921875)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), None)
D65 = (0.3127, 0.3290)


def xyz_of(primaries) -> np.ndarray:
    """The matrix from linear RGB of D65 white to XYZ, as colour science derives it from chromaticities."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    white = np.array([D65[0] / D65[1], 1, (1 - D65[0] - D65[1]) / D65[1]])
    return columns * np.linalg.solve(columns, white)


def profile(kind: bytes, space: bytes, tags: dict[bytes, bytes], connection: bytes = b"XYZ ") -> bytes:
    """A profile of ICC version 2 with `tags`."""
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 6) + b"Adobe\0" + bytes(78), **tags}
    table, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", offset + len(body), len(content))
        body += content
    size = offset + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, kind, space, connection) + bytes(12) + b"acsp"
    head = head.ljust(68, b"\0") + struct.pack(">iii", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def rgb_profile(red, green, blue, gamma) -> bytes:
    """A matrix profile; its primaries are brought from D65 to the D50 of profiles by Bradford's transform."""
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d65, d50 = bradford @ [0.95047, 1, 1.08883], bradford @ [0.96422, 1, 0.82521]
    adapted = np.linalg.inv(bradford) @ np.diag(d50 / d65) @ bradford @ xyz_of([red, green, blue])
    number = lambda value: struct.pack(">i", round(value * 65536))  # noqa: E731
    point = lambda values: b"XYZ \0\0\0\0" + b"".join(map(number, values))  # noqa: E731
    tags = {name: point(adapted[:, n]) for n, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return profile(b"mntr", b"RGB ", {**tags, b"wtpt": point((0.96422, 1, 0.82521))})


def grey_profile(gamma: float) -> bytes:
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    return profile(b"mntr", b"GRAY", {b"wtpt": white, b"kTRC": curve})


def cmyk_profile() -> bytes:
    """A printer whose inks take away lightness alone: L* is 100 · (1 − c)(1 − m)(1 − y)(1 − k) at the corners."""
    lightness = [255 if not (c or m or y or k) else 0 for c, m, y, k in itertools.product((0, 1), repeat=4)]
    straight = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 if n % 4 == 0 else 0 for n in range(9)))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + straight * 4
    table += b"".join(bytes([value, 128, 128]) for value in lightness) + straight * 3
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    return profile(b"prtr", b"CMYK", {b"wtpt": white, b"A2B0": table}, b"Lab ")


def srgb_of(linear: np.ndarray) -> np.ndarray:
    """Linear RGB of sRGB's primaries, encoded in 8 bits."""
    linear = np.clip(linear, 0, 1)
    return np.round(255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


def test_adobe_rgb_becomes_srgb(root):
    colour = (100, 150, 120)
    linear = (np.array(colour) / 255) ** ADOBE[3]
    expected = srgb_of(np.linalg.inv(xyz_of(SRGB[:3])) @ xyz_of(ADOBE[:3]) @ linear)
    put(root, "a.png", flat(colour), icc_profile=rgb_profile(*ADOBE))
    assert np.abs(only_pixels(root)[0, 0] - expected).max() <= 1
    assert np.abs(expected - colour).max() > 10, "the profile makes a difference"
    (note,) = load(ImageFolder(root=root, height=4, width=4, labels="none")).manifest.notes
    assert note == "1 picture: colours converted from Adobe to sRGB (e.g. a.png)"


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_transparency_outlives_the_conversion(root, mode):
    image = flat((100, 150, 120, 255), mode="RGBA")
    image.putpixel((0, 0), (0, 0, 0, 0))
    expected = only_pixels_of(root, "opaque", flat((100, 150, 120)))[1, 1]
    pixels = only_pixels_of(root, "seen", image.convert(mode) if mode == "RGBA" else image.quantize(4), channels=4)
    assert pixels[0, 0, 3] == 0
    assert pixels[1, 1, 3] == 255
    assert np.abs(pixels[1, 1, :3].astype(int) - expected).max() <= 1


def only_pixels_of(root, name, image, **options):
    folder = root / name
    folder.mkdir()
    put(folder, "a.png", image, icc_profile=rgb_profile(*ADOBE))
    return only_pixels(folder, **options)


def test_a_profile_of_srgb_changes_not_one_pixel(root):
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    put(root, "a.png", noise(3), icc_profile=own)
    assert np.array_equal(only_pixels(root, 8, 8), np.asarray(noise(3)))
    assert load(ImageFolder(root=root, labels="none")).manifest.notes == []


@pytest.mark.parametrize("channels", [1, 3])
def test_a_grey_profile_is_obeyed(root, channels):
    put(root, "a.png", flat(100, mode="L"), icc_profile=grey_profile(1.0))
    assert np.abs(only_pixels(root, channels=channels)[0, 0].astype(int) - srgb_of(np.array(100 / 255))).max() <= 1


def test_a_grey_picture_with_a_profile_of_colours_has_its_curve(root):
    put(root, "a.png", flat(100, mode="L"), icc_profile=rgb_profile(*SRGB[:3], 1.0))
    assert np.abs(only_pixels(root)[0, 0].astype(int) - srgb_of(np.array(100 / 255))).max() <= 1


@pytest.mark.parametrize(
    ("ink", "lightness"), [((0, 0, 0, 0), 100), ((0, 0, 0, 255), 0), ((0, 0, 0, 102), 60), ((102, 0, 0, 102), 36)]
)
def test_cmyk_with_a_profile_is_converted_by_it(root, ink, lightness):
    luminance = ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / 903.3
    put(root, "a.tif", flat(ink, mode="CMYK"), icc_profile=cmyk_profile())
    assert np.abs(only_pixels(root)[0, 0].astype(int) - srgb_of(np.array(luminance))).max() <= 2


@pytest.mark.parametrize(
    ("mode", "colour", "icc", "words"),
    [
        ("RGB", RED, b"no profile at all", "is damaged"),
        ("RGB", RED, rgb_profile(*ADOBE)[:200], "is damaged"),
        ("RGB", RED, grey_profile(1.0), "is for GRAY and not for RGB pictures"),
        ("CMYK", (0, 255, 255, 0), rgb_profile(*ADOBE), "is for RGB and not for CMYK pictures"),
    ],
)
def test_a_profile_that_cannot_be_used_is_told_and_the_colours_stay(root, mode, colour, icc, words):
    put(root, "a.tif", flat(colour, mode=mode), icc_profile=icc)
    assert only_pixels(root)[0, 0].tolist() == [255, 0, 0]
    (note,) = load(ImageFolder(root=root, height=4, width=4, labels="none")).manifest.notes
    assert words in note


def test_threads_may_convert_at_once():
    from concurrent.futures import ThreadPoolExecutor

    image = noise(1).resize((64, 64))
    image.info["icc_profile"] = rgb_profile(*ADOBE)
    once, _ = to_srgb(image)
    with ThreadPoolExecutor(8) as pool:
        for converted, _ in pool.map(lambda _: to_srgb(image), range(64)):
            assert converted.tobytes() == once.tobytes()


# --- more than 8 bits ---


@pytest.mark.parametrize(("tag", "value"), [(281, 4095), (281, 1023), (281, 16383)])
def test_a_tiff_that_says_its_white_is_scaled_by_it(root, tag, value):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[tag] = value
    values = np.array([[0, value // 2], [value // 4, value]], dtype=np.uint16)
    put(root, "a.tif", Image.fromarray(values), tiffinfo=tags)
    assert only_pixels(root, 2, 2, channels=1)[..., 0].tolist() == [[0, 127], [64, 255]]


def test_twelve_bits_in_a_file_of_sixteen_that_does_not_say_so_are_told(root):
    put(root, "a.png", Image.fromarray(np.full((4, 4), 4000, dtype=np.uint16)))
    put(root, "b.png", Image.fromarray(np.full((4, 4), 40000, dtype=np.uint16)))
    put(root, "black.png", flat(10, mode="L"))
    (note,) = load(ImageFolder(root=root, labels="none")).manifest.notes
    assert note.startswith("1 picture: its 16-bit values use the lowest 12 bits or fewer and come out nearly black")
    assert note.endswith("(e.g. a.png)")


def test_twelve_bits_of_three_channels_are_told(root):
    import zlib

    rows = b"".join(b"\0" + struct.pack(">12H", *[4000] * 12) for _ in range(4))

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    assert Image.open(io.BytesIO(data)).size == (4, 4)
    (root / "a.png").write_bytes(data)
    (note,) = load(ImageFolder(root=root, labels="none")).manifest.notes
    assert "nearly black" in note

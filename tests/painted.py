"""Pictures for tests of reading them: flat, in halves, noisy, saved below a folder or in a zip."""

import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from ganart.datasets.cache import load
from ganart.datasets.image_folder import ImageFolder

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def flat(colour, size=(4, 4), mode="RGB"):
    return Image.new(mode, size, colour)


def halves(size=(8, 4)):
    """Red on the left, blue on the right."""
    image = flat(BLUE, size)
    image.paste(RED, (0, 0, size[0] // 2, size[1]))
    return image


def put(root: Path, name: str, image: Image.Image, **options) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def only_pixels(root, height=4, width=4, **options) -> np.ndarray:
    """The pixels of the only picture below `root`, decoded without labels."""
    pictures = load(ImageFolder(root=root, height=height, width=width, labels="none", **options))
    assert len(pictures.images) == 1
    return np.asarray(pictures.images[0])


def by_file(pictures) -> dict[str, int]:
    return {file: row for row, file in enumerate(pictures.manifest.files)}


def noise(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8))


def zipped(root: Path, path: Path, inside: str = "") -> Path:
    """Pack everything below `root` into the zip `path`."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*")):
            archive.write(file, f"{inside}{file.relative_to(root).as_posix()}")
    return path

"""The identity of data: the same settings and files give the same pixels, labels and splits in every release.

A data set has a hash in each run folder, and its decoded pictures are cached under the number of the code that made
them. Whoever changes what comes out raises that number and then, in the same commit, the hashes below.
"""

import hashlib
import json

import numpy as np
from painted import BLUE, flat, halves, noise, put
from PIL import Image
from test_torchvision_sets import digits, make  # noqa: F401 (a fixture)

from ganart.datasets import image_folder, torchvision_sets
from ganart.datasets.cache import load
from ganart.datasets.image_folder import ImageFolder
from ganart.datasets.procedural_art import ProceduralArt, dataset


def identity(*picture_sets) -> str:
    """The first sixteen digits of a hash of all that is decoded."""
    facts = [[one.hash, one.split_hash, np.asarray(one.labels).tolist()] for one in picture_sets]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def test_painted_pictures():
    colour = load(ProceduralArt(num_pictures=48, height=24, width=16, seed=3))
    grey = load(ProceduralArt(num_pictures=8, height=16, width=16, channels=1))
    assert (dataset.PAINTER_VERSION, identity(colour, grey)) == (1, "be88a29f525d94e7")


def test_decoded_files(root):
    put(root, "a/halves.png", halves((20, 9)))
    put(root, "a/noise.bmp", noise(0))
    put(root, "a/clear.png", flat((200, 100, 50, 128), (5, 7), mode="RGBA"))
    put(root, "b/grey.png", flat(77, (16, 4), mode="L"))
    put(root, "b/ink.tif", flat((0, 255, 100, 20), (6, 6), mode="CMYK"))
    put(root, "b/deep.png", Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000))
    put(root, "b/palette.gif", flat(BLUE, (8, 8)).quantize(4))
    ways = ({}, {"resize": "pad", "channels": 4}, {"resize": "stretch", "channels": 1, "filter": "nearest"})
    found = [load(ImageFolder(root=root, height=8, width=6, **way)) for way in ways]
    assert all(len(one.images) == 7 for one in found)
    assert (image_folder.DECODER, identity(*found)) == (2, "f779eb4ad91b67f0")


def test_read_sets(digits):  # noqa: F811
    ways = ({}, {"height": 32, "width": 32, "channels": 3}, {"height": 14, "width": 12, "resize": "crop"})
    found = [load(make("mnist", digits[0], **way)) for way in ways]
    assert (torchvision_sets.READER, identity(*found)) == (1, "4039e651b690b1c3")

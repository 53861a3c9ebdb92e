"""Two folders of pictures made comparable: same size, number of channels and labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganart.datasets import cache
from ganart.datasets.base import UNKNOWN, PictureSet
from ganart.datasets.image_folder import ImageFolder
from ganart.datasets.reading.decoding import MAX_PIXELS, pillow_limit, upright_size
from ganart.datasets.reading.settings import HOW_READ
from ganart.datasets.reading.sources import list_pictures, reader
from ganart.errors import UserError


def side_by_side(
    real: str, fake: str, how: dict[str, Any], *, keys: tuple[str, str, str] = ("real", "fake", "pictures")
) -> tuple[PictureSet, PictureSet]:
    """Read both folders or zips with the settings `how`: height, width and other settings of `ImageFolder`.

    `keys` are the user's names for the two, and for the group of the size.

    Raises:
        UserError: if one cannot be read, or their pictures have several sizes and none is asked for.
    """
    if how["height"] is None or how["width"] is None:
        width, height = _only_size({keys[0]: real, keys[1]: fake}, keys[2], how)
        how = how | {"height": how["height"] or height, "width": how["width"] or width}
    return read_folder(keys[0], real, how), read_folder(keys[1], fake, how)


def settings_of(size: Mapping[str, Any], dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of `ImageFolder` that a user gave a command for folders and zips of pictures.

    Args:
        size: the command's group with the target format: height, width, channels, resize …
        dataset: the command's group `dataset`, whose `encoding` and `max_pixels` determine how files are read; None
            keeps the data set's default.
    """
    given = {key: dataset[key] for key in HOW_READ if dataset[key] is not None}
    return {str(key): value for key, value in size.items()} | given


def read_folder(key: str, root: str, how: dict[str, Any]) -> PictureSet:
    """Read a folder or zip that the user gave as `key`; none of its pictures is held out."""
    with _named_in_errors(key):
        return cache.load(ImageFolder(root=root, test_fraction=0.0, **how))


def pictures_by_number(pictures: PictureSet, real: PictureSet, seed: int) -> tuple[Any, int]:
    """Return a function from numbers to pictures with labels in the classes of `real`, and the number of pictures.

    The order is a permutation drawn with `seed`, so that the first n pictures are a fair sample.
    """
    order = np.random.default_rng(seed).permutation(len(pictures.images))
    labels = torch.from_numpy(np.ascontiguousarray(_translated(pictures, real)[order]))

    def look_up(numbers: list[int]) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(pictures.images[order[numbers]]), labels[numbers]

    return look_up, len(order)


def _translated(pictures: PictureSet, real: PictureSet) -> np.ndarray:
    """Return the labels of `pictures` as indices into the classes of `real`, int64 [N, F]; −1 for classes it lacks."""
    columns = []
    names = [factor.name for factor in pictures.factors]
    for factor in real.factors:
        column = np.full(len(pictures.images), UNKNOWN)
        if factor.name in names:
            own = pictures.factor(factor.name).classes
            known = np.array(
                [factor.classes.index(name) if name in factor.classes else UNKNOWN for name in own] + [UNKNOWN]
            )
            column = np.array([*known, UNKNOWN])[pictures.labels[:, names.index(factor.name)]]
        columns.append(column)
    return np.stack(columns, axis=1) if columns else np.empty((len(pictures.images), 0), dtype=np.int64)


@contextmanager
def _named_in_errors(key: str) -> Iterator[None]:
    """Replace `dataset.root` in error messages by `key`, the name that the user typed."""
    try:
        yield
    except UserError as error:
        raise UserError(str(error).replace("dataset.root", key)) from error


def _only_size(roots: dict[str, str], group: str, how: dict[str, Any]) -> tuple[int, int]:
    """Return the upright (width, height) of all pictures.

    Raises:
        UserError: if they have several sizes.
    """
    limit = how.get("max_pixels", MAX_PIXELS)
    sizes: dict[str, Counter[tuple[int, int]]] = {key: _sizes(key, root, limit) for key, root in roots.items()}
    found = set().union(*sizes.values())
    if len(found) == 1:
        return next(iter(found))
    sizes_found = "; ".join(
        f"{key} has " + ", ".join(f"{count} of {w}×{h}" for (w, h), count in counter.most_common(3))
        for key, counter in sizes.items()
    )
    asked = " ".join(f"{key}={root}" for key, root in roots.items())
    raise UserError(
        f"{asked}: the pictures have {len(found)} sizes ({sizes_found}), and a comparison would see the sizes too. "
        f"Say to which they are to be brought: {group}.height=64 {group}.width=64"
    )


def _sizes(key: str, root: str, max_pixels: int) -> Counter[tuple[int, int]]:
    sizes: Counter[tuple[int, int]] = Counter()
    with _named_in_errors(key):
        folder = Path(root).expanduser()
        entries = list_pictures(folder).pictures
    with reader(folder) as read, pillow_limit(max_pixels):
        for entry in entries:
            try:
                sizes[upright_size(read(entry), max_pixels)] += 1
            except Exception:  # reported when they are decoded
                continue
    return sizes or Counter({(64, 64): 1})

"""A data set of pictures from arrays in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganart.datasets.base import Factor, Manifest, PictureSet
from ganart.errors import UserError
from ganart.images import to_uint8

CHANNELS = (1, 3, 4)


def pictures_in_memory(images: Any, labels: Any = None, *, name: str = "in memory") -> PictureSet:
    """Build a data set of pictures in memory, none of them held out.

    Args:
        images: uint8 [N, H, W, C] or [N, C, H, W], or float [N, C, H, W] in [−1, 1]: an array or a tensor.
        labels: int64 [N], one class per picture, or None.
        name: its name in protocols.

    Raises:
        UserError: if the shape, type or range is another.
    """
    pixels = np.ascontiguousarray(_uint8(images))
    count, height, width, _ = pixels.shape
    column = (
        np.zeros((count, 0), np.int64) if labels is None else np.asarray(labels, np.int64).reshape(count, -1)[:, :1]
    )
    factors: Sequence[Factor] = ()
    if labels is not None:
        factors = [Factor("label", tuple(map(str, range(int(column.max()) + 1))))]
    manifest = Manifest(
        files=[f"{number:08d}" for number in range(count)],
        sha256=[hashlib.sha256(picture.tobytes()).hexdigest() for picture in pixels],
        sizes=[[width, height]] * count,
        labels=column.tolist(),
        is_test=[False] * count,
        skipped=[],
        licence="unknown",
    )
    digest = hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()
    return PictureSet(name, digest, digest, tuple(factors), pixels, column, manifest)


def in_range(images: Tensor) -> None:
    """Refuse float images outside [−1, 1], and those in [0, 1], the range of many loaders.

    Raises:
        UserError: saying how to rescale them.
    """
    low, high = float(images.min()), float(images.max())
    if low < -1.001 or high > 1.001:
        raise UserError(f"Float images are in [−1, 1]; these reach from {low:.3g} to {high:.3g}.")
    if low >= 0 and high > 0:
        raise UserError(
            "Float images are in [−1, 1]; none of these is below 0: if they are in [0, 1], give 2 * images - 1."
        )


def _uint8(images: Any) -> np.ndarray:
    """Return pictures in any of the accepted forms as uint8 [N, H, W, C]."""
    if isinstance(images, Tensor):
        images = (images.detach().float() if images.is_floating_point() else images).cpu().numpy()
    array = np.asarray(images)
    if array.ndim != 4 or not len(array):
        raise UserError(f"Pictures are an array of four dimensions, [N, H, W, C]; this one is {array.shape}.")
    if np.issubdtype(array.dtype, np.floating):
        floats = torch.from_numpy(np.array(array))
        in_range(floats)
        array = to_uint8(floats).numpy()
    elif array.shape[3] not in CHANNELS:
        array = array.transpose(0, 2, 3, 1)
    if array.dtype != np.uint8 or array.shape[3] not in CHANNELS:
        raise UserError(
            f"Pictures of {array.dtype} and shape {array.shape}: they are uint8 [N, H, W, C] with 1, 3 or 4 channels, "
            "or float [N, C, H, W] in [−1, 1]."
        )
    return array

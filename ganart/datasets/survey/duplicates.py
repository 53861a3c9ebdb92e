"""Search for exact and near duplicates in a data set.

Near duplicates are found by their difference hash (Krawetz, 2013): 64 bits, each set if one of 8 × 8 cells is darker
than its right neighbour. Comparing all pairs would be quadratic. Instead the hashes are sorted, under several random
orders of their bits, and each is compared with the few that follow: hashes that differ in a few bits are neighbours in
some of the orders. The cost is O(n log n) for any pictures.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import torch

from ganart.images import area_means

ROWS, COLUMNS = 8, 9
BITS_APART = 4
"""Hashes of near duplicates differ in at most this many of their 64 bits …"""

CONTRAST_APART = 0.1
"""… and their thumbnails, on average, by at most this share of their contrast: all flat pictures have the same hash."""

_ORDERS = 8
_WINDOW = 8


def exact(pictures: np.ndarray) -> list[list[int]]:
    """Return groups of two or more positions with equal pixels, for uint8 [N, H, W, C]."""
    groups = defaultdict(list)
    for position, picture in enumerate(pictures):
        groups[hashlib.blake2b(picture.tobytes(), digest_size=16).digest()].append(position)
    return [group for group in groups.values() if len(group) > 1]


def near(pictures: np.ndarray, same: Iterable[list[int]]) -> list[list[int]]:
    """Return groups of two or more positions that look alike without being equal, for uint8 [N, H, W, C].

    Of each group in `same` (see `exact`) only the first is compared. All others of a group are near its first.
    """
    copies = {position for group in same for position in group[1:]}
    firsts = np.array([position for position in range(len(pictures)) if position not in copies])
    small = thumbnails(pictures)[firsts]
    left, right = _close(difference_hash(small))
    contrast = np.abs(small - small.mean(axis=(1, 2), keepdims=True)).mean(axis=(1, 2, 3))
    alike = _apart(small, left, right) <= np.maximum(1, CONTRAST_APART * np.minimum(contrast[left], contrast[right]))
    return _groups(zip(firsts[left[alike]].tolist(), firsts[right[alike]].tolist(), strict=True))


def thumbnails(pictures: np.ndarray) -> np.ndarray:
    """Return the area means of uint8 [N, H, W, C] over 8 × 9 cells: float32 [N, 8, 9, C]."""
    sides = ((pictures.shape[1], ROWS), (pictures.shape[2], COLUMNS))
    down, across = (area_means(*side, dtype=torch.float64).numpy().astype(np.float32) for side in sides)
    small = np.empty((len(pictures), ROWS, COLUMNS, pictures.shape[3]), dtype=np.float32)
    for start in range(0, len(pictures), 1024):
        chunk = pictures[start : start + 1024].astype(np.float32)
        rows = down @ chunk.reshape(len(chunk), chunk.shape[1], -1)
        small[start : start + 1024] = across @ rows.reshape(len(chunk), ROWS, *chunk.shape[2:])
    return small


def difference_hash(small: np.ndarray) -> np.ndarray:
    """Return the 64 bits of each thumbnail, bool [N, 64]: True if a cell is darker than the one to its right.

    Transparent pictures are composited over middle grey, so that white on transparent has a shape too.
    """
    grey = small[..., :3].mean(axis=3)
    if small.shape[3] == 4:
        alpha = small[..., 3] / 255
        grey = grey * alpha + 128 * (1 - alpha)
    # Half a level of tolerance: in flat areas the sign of a difference is rounding noise.
    return (grey[:, :, 1:] - grey[:, :, :-1] > 0.5).reshape(len(small), -1)


def _close(bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions (left, right) of pairs of rows of bool [N, 64] that differ in at most `BITS_APART` bits."""
    generator = np.random.default_rng(0)
    found = [np.empty((0, 2), dtype=np.int64)]
    for _ in range(_ORDERS):
        hashes = _packed(bits[:, generator.permutation(64)])
        order = np.argsort(hashes, kind="stable")
        for step in range(1, min(_WINDOW, len(order) - 1) + 1):
            before, after = order[:-step], order[step:]
            close = _count(hashes[before] ^ hashes[after]) <= BITS_APART
            found.append(np.sort(np.stack([before[close], after[close]], axis=1), axis=1))
    left, right = np.divmod(np.unique(np.concatenate(found) @ [len(bits), 1]), max(1, len(bits)))
    return left, right


def _apart(small: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the mean absolute difference of each pair of thumbnails, in chunks to bound the memory."""
    flat = small.reshape(len(small), -1)
    apart = np.empty(len(left), dtype=np.float32)
    for start in range(0, len(left), 4096):
        pairs = slice(start, start + 4096)
        apart[pairs] = np.abs(flat[left[pairs]] - flat[right[pairs]]).mean(axis=1)
    return apart


def _packed(bits: np.ndarray) -> np.ndarray:
    """Return bool [N, 64] as uint64 [N]; the first column is the highest bit, so that it leads when sorting."""
    return np.ascontiguousarray(np.packbits(bits, axis=1)).view(">u8").ravel().astype(np.uint64)


def _count(numbers: np.ndarray) -> np.ndarray:
    """Return the number of set bits in each of uint64 [N]."""
    return np.unpackbits(numbers.view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1, dtype=np.int64)


def _groups(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return groups of positions, each paired with the first of its group. `pairs` are in order."""
    groups: dict[int, list[int]] = {}
    taken: set[int] = set()
    for first, other in pairs:
        if first not in taken and other not in taken and other not in groups:
            groups.setdefault(first, [first]).append(other)
            taken.add(other)
    return list(groups.values())

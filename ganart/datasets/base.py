"""Data sets: pictures as uint8, integer labels with one column per factor, and a manifest of their files."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

UNKNOWN = -1
"""Label of a picture whose class in a factor is unknown."""


@dataclass(frozen=True)
class Factor:
    """One kind of label (`style`, `subject`, `digit` …); labels are indices into `classes`."""

    name: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """One decoded picture, before it is cached.

    `pixels` is uint8 [H, W, C]; `labels` has one integer per factor (`UNKNOWN` if not known); `file` names it inside
    its data set; `sha256` is of the bytes it was decoded from; `size` is (width, height) before resizing.
    """

    pixels: np.ndarray
    labels: Sequence[int]
    file: str
    sha256: str
    test: bool = False
    size: tuple[int, int] | None = None
    remarks: tuple[str, ...] = ()
    """Remarks for the user; equal remarks of several pictures are printed once, with their number."""


@dataclass(frozen=True)
class Skipped:
    """A file that could not be read, and the reason; if `passing`, reading is tried again later."""

    file: str
    reason: str
    passing: bool = False


@dataclass(frozen=True)
class Manifest:
    """The files of a data set: one row per picture, in the order of the cache, and those that were skipped."""

    files: list[str]
    sha256: list[str]
    sizes: list[list[int]]
    labels: list[list[int]]
    is_test: list[bool]
    skipped: list[Skipped]
    licence: str
    notes: list[str] = field(default_factory=list)
    """Notes for the user from reading: guessed encodings, converted colours …"""

    @cached_property
    def hash(self) -> str:
        """SHA-256 of (file, sha256, labels) of every picture in order of file name: the identity of the data."""
        rows = sorted(zip(self.files, self.sha256, self.labels, strict=True))
        return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Split:
    """The pictures of one split. `images` is uint8 [N, H, W, C] (a memory map), `labels` int64 [N, F]."""

    images: np.ndarray
    labels: np.ndarray
    rows: np.ndarray  # positions in the whole cache, for looking up the manifest

    def __len__(self) -> int:
        return len(self.rows)

    def pictures(self, indices: np.ndarray) -> np.ndarray:
        """Return the pictures at `indices` of this split: uint8 [n, H, W, C]."""
        return self.images[self.rows[indices]]

    def labels_of(self, indices: np.ndarray) -> np.ndarray:
        """Return the labels at `indices` of this split: int64 [n, F]."""
        return self.labels[self.rows[indices]]


@dataclass(frozen=True)
class PictureSet:
    """A decoded data set: all pictures with their splits, factors and manifest."""

    name: str
    key: str
    pixels_sha256: str
    factors: tuple[Factor, ...]
    images: np.ndarray = field(repr=False)  # uint8 [N, H, W, C], memory-mapped
    labels: np.ndarray = field(repr=False)  # int64 [N, F]
    manifest: Manifest = field(repr=False)
    resize: str = "none"
    """Resizing method of the pictures, for protocols."""

    @cached_property
    def train(self) -> Split:
        return Split(self.images, self.labels, np.flatnonzero(~np.asarray(self.manifest.is_test, dtype=bool)))

    @cached_property
    def test(self) -> Split:
        return Split(self.images, self.labels, np.flatnonzero(np.asarray(self.manifest.is_test, dtype=bool)))

    @cached_property
    def all(self) -> Split:
        return Split(self.images, self.labels, np.arange(len(self.images)))

    @property
    def height(self) -> int:
        return int(self.images.shape[1])

    @property
    def width(self) -> int:
        return int(self.images.shape[2])

    @property
    def channels(self) -> int:
        return int(self.images.shape[3])

    @property
    def hash(self) -> str:
        """SHA-256 of the manifest and the decoded pixels: the identity of the data, independent of their place."""
        return hashlib.sha256(f"{self.pixels_sha256}:{self.manifest.hash}".encode()).hexdigest()

    @cached_property
    def split_hash(self) -> str:
        """SHA-256 of the data and of the held-out pictures, as a key for everything computed from a split."""
        is_test = np.asarray(self.manifest.is_test, dtype=bool)
        return hashlib.sha256(self.hash.encode() + is_test.tobytes()).hexdigest()

    def factor(self, name: str) -> Factor:
        return next(factor for factor in self.factors if factor.name == name)


class Dataset(ABC):
    """Base class of data sets (`conf/dataset/*.yaml`): how to read pictures, their size, and their labels.

    A subclass identifies what it would read without decoding it (`key`), and decodes it (`decode`); the cache does the
    rest.
    """

    name: str
    channels: int  # 1 grey, 3 RGB, 4 RGBA
    height: int
    width: int
    licence: str
    resizing: str = "none"
    """Resizing method, for protocols: for instance `crop, lanczos`."""

    condition: tuple[str, ...]
    """Factors that generator and discriminator are conditioned on (a subset of the data set's own)."""

    @abstractmethod
    def key(self) -> str:
        """Return the SHA-256 of names, sizes and settings of everything that is read; equal keys mean equal caches."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of pictures that `decode` will try to yield, unreadable files included."""

    @abstractmethod
    def factors(self) -> tuple[Factor, ...]:
        """Return the factors of the labels, in the order of the label columns."""

    def notes(self) -> list[str]:
        """Return notes for the user on how files and labels were read."""
        return []

    def can_read_now(self, file: str) -> bool:
        """Return whether `file`, which was skipped for a passing reason, can be read now."""
        return False

    @abstractmethod
    def decode(self) -> Iterator[Picture | Skipped]:
        """Yield every picture as uint8 [height, width, channels], or a skipped file with its reason, in fixed order."""

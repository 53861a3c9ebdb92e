"""What a data set is: pictures as uint8, labels as integers, one column a factor, and where they came from."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

UNKNOWN = -1
"""The label of a picture whose class of a factor is not known."""


@dataclass(frozen=True)
class Factor:
    """One thing a picture is labelled by: `style`, `subject`, `digit` …; labels are indices into `classes`."""

    name: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """One decoded picture on its way into the cache.

    `pixels` is uint8 [H, W, C]; `labels` has one integer per factor (`UNKNOWN` where not known); `file` names it inside
    its data set; `sha256` is of the bytes it was decoded from; `size` is (width, height) before resizing.
    """

    pixels: np.ndarray
    labels: Sequence[int]
    file: str
    sha256: str
    test: bool = False
    size: tuple[int, int] | None = None
    remarks: tuple[str, ...] = ()
    """What to tell of it; equal remarks of several pictures are told once, with their number."""


@dataclass(frozen=True)
class Skipped:
    """A file that could not be read, and why; `passing` where it may be read another day: it is tried again then."""

    file: str
    reason: str
    passing: bool = False


@dataclass(frozen=True)
class Manifest:
    """What a data set is made of: one row a picture, in the order of the cache, and what was left out."""

    files: list[str]
    sha256: list[str]
    sizes: list[list[int]]
    labels: list[list[int]]
    is_test: list[bool]
    skipped: list[Skipped]
    licence: str
    notes: list[str] = field(default_factory=list)
    """What was found out while reading, for the user: encodings that were guessed, colours that were converted …"""

    @cached_property
    def hash(self) -> str:
        """SHA-256 over (file, sha256, labels) of every picture in order of file name: the identity of the data."""
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
    """A data set ready for use: the cache of all pictures with its splits, factors and manifest."""

    name: str
    key: str
    pixels_sha256: str
    factors: tuple[Factor, ...]
    images: np.ndarray = field(repr=False)  # uint8 [N, H, W, C], memory-mapped
    labels: np.ndarray = field(repr=False)  # int64 [N, F]
    manifest: Manifest = field(repr=False)
    resize: str = "none"
    """How the pictures came to their size, for protocols."""

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
        """The identity of the data: the manifest and the decoded pixels, wherever they were read from."""
        return hashlib.sha256(f"{self.pixels_sha256}:{self.manifest.hash}".encode()).hexdigest()

    @cached_property
    def split_hash(self) -> str:
        """The identity of the data and of which pictures are held out: for whatever is learnt or drawn from a split."""
        is_test = np.asarray(self.manifest.is_test, dtype=bool)
        return hashlib.sha256(self.hash.encode() + is_test.tobytes()).hexdigest()

    def factor(self, name: str) -> Factor:
        return next(factor for factor in self.factors if factor.name == name)


class Dataset(ABC):
    """What `conf/dataset/*.yaml` names: how to read pictures, of which size, and what their labels mean.

    A subclass says what it would read (`key`) without decoding, and decodes it (`decode`); the cache does the rest.
    """

    name: str
    channels: int  # 1 grey, 3 RGB, 4 RGBA
    height: int
    width: int
    licence: str
    resizing: str = "none"
    """How pictures come to their size, for protocols: `crop, lanczos`, say."""

    condition: tuple[str, ...]
    """The factors that generator and discriminator are told (a subset of the data set's own)."""

    @abstractmethod
    def key(self) -> str:
        """SHA-256 of what is read and how, from names, sizes and settings alone; equal keys mean equal caches."""

    @abstractmethod
    def __len__(self) -> int:
        """How many pictures `decode` will try to yield (files that turn out unreadable included)."""

    @abstractmethod
    def factors(self) -> tuple[Factor, ...]:
        """The factors of the labels, in the order of the label columns."""

    def notes(self) -> list[str]:
        """What the user should be told of how files and labels were read."""
        return []

    def can_read_now(self, file: str) -> bool:
        """Whether `file`, which was skipped for a passing reason, can be read today."""
        return False

    @abstractmethod
    def decode(self) -> Iterator[Picture | Skipped]:
        """Yield every picture as uint8 [height, width, channels], or why it could not be read, in a fixed order."""

"""Data sets of torchvision, with their official splits."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from PIL import Image

from ganart.datasets.base import Dataset, Factor, Picture
from ganart.datasets.reading import settings
from ganart.datasets.reading.decoding import with_channels
from ganart.datasets.reading.resize import WAYS, border, fit
from ganart.errors import UserError
from ganart.files.paths import CACHE_ADVICE, cache_dir, writing_to

READER = 1
"""Version of the reading, part of the key: increase it when the same files and settings give other results."""

_FAILURES = (OSError, RuntimeError, ValueError, AssertionError, EOFError, pickle.UnpicklingError)
"""Errors of torchvision for missing or damaged files, and for failed downloads."""


class TorchvisionSet(Dataset):
    """A data set of torchvision that holds all its pictures as one uint8 array `data` and their classes as `targets`.

    Args:
        name: of the data set.
        source: the class of torchvision (or a partial of it), called with `root`, `train` and `download`.
        files: the folder below `root` with the unpacked files of the data set.
        root: the folder in which torchvision keeps its data sets.
        download: whether to download missing files.
        height: of the pictures in pixels.
        width: of the pictures in pixels.
        channels: 1 grey, 3 RGB, 4 RGBA.
        factor: the name of the classes: digit, garment, object …
        resize: `pad`, `crop` or `stretch`. `pad` to a larger size leaves the pixels as they are and adds borders.
        filter: of the resize, if one is needed.
        background: the colour of the borders.
        licence: what the pictures may be used for.
        condition: the factors that networks are conditioned on: `[factor]` or nothing.

    Raises:
        UserError: if a setting is invalid, or files are missing.
    """

    def __init__(
        self,
        *,
        name: str,
        source: Callable[..., Any],
        files: str,
        root: str | os.PathLike[str],
        height: int,
        width: int,
        channels: int,
        factor: str,
        download: bool = True,
        resize: str = "pad",
        filter: str = "lanczos",
        background: str | Sequence[int] = "black",
        licence: str = "unknown",
        condition: str | Sequence[str] = (),
    ) -> None:
        self.name = settings.file_name("dataset.name", name)
        self.source = source
        self.root = Path(root).expanduser()
        self.files = self.root / files
        self.download = download
        self.height = settings.side("dataset.height", height)
        self.width = settings.side("dataset.width", width)
        self.channels = settings.channel_count(channels)
        self.factor = factor
        self.resize = settings.one_of("dataset.resize", resize, WAYS)
        self.filter = filter
        self.resampling = settings.resampling(filter)
        self.resizing = f"{resize}, {filter}"
        self.background = settings.colour("dataset.background", background)
        self.licence = licence
        self.condition = settings.conditions(condition, [factor])

    def __len__(self) -> int:
        return sum(len(split.data) for split in self._splits)

    def factors(self) -> tuple[Factor, ...]:
        return (Factor(self.factor, tuple(_tidy(name) for name in self._splits[0].classes)),)

    def key(self) -> str:
        if not self._raw_files():
            lock = cache_dir() / "downloads" / f"{self.name}.lock"
            with writing_to(lock, CACHE_ADVICE):
                lock.parent.mkdir(parents=True, exist_ok=True)
                with FileLock(lock):  # two first runs must not write the same archive
                    self._read(train=True)  # downloads missing files, or raises
        what = [[path.name, path.stat().st_size] for path in self._raw_files()]
        how = [READER, self.name, self.factor, self.height, self.width, self.channels]
        how += [self.resize, self.filter, self.background]
        return hashlib.sha256(json.dumps([how, what]).encode()).hexdigest()

    def decode(self) -> Iterator[Picture]:
        for split, test in zip(self._splits, (False, True), strict=True):
            data = np.asarray(split.data)
            size = (data.shape[2], data.shape[1])
            labels = np.asarray(split.targets).tolist()
            folder = "test" if test else "train"
            for index, (raw, pixels, label) in enumerate(zip(data, self._fitted(data), labels, strict=True)):
                sha256 = hashlib.sha256(raw.tobytes()).hexdigest()
                yield Picture(pixels, (label,), f"{folder}/{index:05d}", sha256, test, size)

    @cached_property
    def _splits(self) -> tuple[Any, Any]:
        """The train and the test split of torchvision."""
        return self._read(train=True), self._read(train=False)

    def _raw_files(self) -> list[Path]:
        """Return the unpacked files in order of name, without archives, which may be deleted after a download."""
        paths = self.files.iterdir() if self.files.is_dir() else ()
        return sorted(path for path in paths if path.is_file() and path.suffix not in (".gz", ".zip"))

    def _read(self, train: bool) -> Any:
        try:
            return self.source(root=str(self.root), train=train, download=self.download)
        except _FAILURES as error:
            advice = "Type dataset.root=FOLDER for a folder that has them"
            advice += ", or delete the damaged ones to fetch them anew" if self.download else ""
            advice += "" if self.download else ", or dataset.download=true to fetch them"
            problem = f"the download failed or they are damaged ({error})" if self.download else str(error)
            raise UserError(
                f"dataset {self.name}: its files are not to be read from {self.files}: {problem}. {advice}."
            ) from error

    def _fitted(self, data: np.ndarray) -> Iterator[np.ndarray]:
        """Yield each picture of `data`, uint8 [N, h, w] or [N, h, w, 3], as uint8 [height, width, channels]."""
        native = 1 if data.ndim == 3 else data.shape[3]
        fits = (self.height, self.width) == data.shape[1:3]
        enlarges = self.resize == "pad" and self.height >= data.shape[1] and self.width >= data.shape[2]
        if native == self.channels and (fits or enlarges):
            mode = "L" if native == 1 else "RGB"
            return iter(_bordered(data, self.height, self.width, border(mode, self.background)))
        return (self._fit(Image.fromarray(pixels), enlarges) for pixels in data)

    def _fit(self, image: Image.Image, enlarges: bool) -> np.ndarray:
        converted = with_channels(image, self.channels, self.background)
        if enlarges:
            fill = border(converted.mode, self.background)
            pixels = np.asarray(converted)[None]
            return _bordered(pixels, self.height, self.width, fill)[0]
        fitted = fit(converted, self.width, self.height, self.resize, self.resampling, self.background)
        return np.asarray(fitted).reshape(self.height, self.width, self.channels)


def _bordered(data: np.ndarray, height: int, width: int, fill: int | tuple[int, ...]) -> np.ndarray:
    """Return uint8 [N, h, w] or [N, h, w, C] centred in [N, height, width, C] filled with `fill`."""
    pictures = data.reshape(*data.shape[:3], -1)
    top, left = (height - data.shape[1]) // 2, (width - data.shape[2]) // 2
    bordered = np.empty((len(data), height, width, pictures.shape[3]), np.uint8)
    bordered[:] = fill
    bordered[:, top : top + data.shape[1], left : left + data.shape[2]] = pictures
    return bordered


def _tidy(name: str) -> str:
    """Return the short form of a class name that is given twice, as in "7 - seven"."""
    return re.sub(r"^(\w+) - \w+$", r"\1", name)

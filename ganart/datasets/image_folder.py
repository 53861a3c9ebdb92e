"""The data set of a folder or zip of pictures, with any nesting, format, size and aspect ratio."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from ganart.datasets.base import Dataset, Factor, Picture, Skipped
from ganart.datasets.memory import Memory
from ganart.datasets.reading import labels as labelling
from ganart.datasets.reading import settings
from ganart.datasets.reading.decoding import MAX_PIXELS, decode, is_temporary, open_picture, pillow_limit, reason
from ganart.datasets.reading.encodings import known_encoding
from ganart.datasets.reading.label_tables import USUAL_NAMES, read_table
from ganart.datasets.reading.resize import WAYS, fit
from ganart.datasets.reading.sources import Entry, list_pictures, read_named, reader
from ganart.errors import UserError
from ganart.files.paths import shell

DECODER = 2
"""Version of the decoding, part of the key: increase it when the same files and settings give other results."""

MOST_LOOKED_IN = 8
"""Number of outer folders searched for tables of labels that were not asked for."""

CONTENTS = 2**28
PIXELS = 2**30
"""Memory in bytes for files being read, and for pictures being decoded, by all threads together."""


class ImageFolder(Dataset):
    """A folder or zip of pictures, each decoded to uint8 [height, width, channels].

    Args:
        root: the folder or zip.
        height: of the pictures in pixels.
        width: of the pictures in pixels.
        channels: 1 grey, 3 RGB, 4 RGBA.
        labels: `folder`, `none`, or the path of a table with a column `file` and one column per factor: CSV, .jsonl, or
            StyleGAN's dataset.json. A relative path is searched from the working directory, then beside `root`, then in
            it.
        factors: names of the folder levels below `root`, outermost first, or columns of the CSV file. None means
            `[style]` for folders, and every column of at most 100 distinct values for a CSV file.
        resize: `crop` the centre, `pad` with `background`, or `stretch`.
        filter: lanczos, bicubic, bilinear, box, hamming or nearest.
        background: a colour name, "#rrggbb" or (r, g, b): behind transparent pixels, and in the borders of `pad`.
        test_fraction: the share of pictures held out for testing, chosen by a hash of their content. Outer folders
            called train and test (or val) decide instead.
        encoding: of names in zips and of tables that do not declare theirs; None guesses it, with a note.
        max_pixels: pictures decoded at more pixels are skipped: a small file can need more memory than there is.
        licence: what the pictures may be used for; it is copied into reports and published models.
        condition: the factors that networks are conditioned on.

    Raises:
        UserError: if a setting is invalid, or there are no pictures.
    """

    def __init__(
        self,
        *,
        root: str | os.PathLike[str],
        height: int = 64,
        width: int = 64,
        channels: int = 3,
        labels: str | None = "folder",
        factors: str | Sequence[str] | None = None,
        resize: str = "crop",
        filter: str = "lanczos",
        background: str | Sequence[int] = "white",
        test_fraction: float = 0.1,
        encoding: str | int | None = None,
        max_pixels: int = MAX_PIXELS,
        licence: str = "unknown",
        condition: str | Sequence[str] = (),
    ) -> None:
        self.root = Path(root).expanduser()
        self.height = settings.side("dataset.height", height)
        self.width = settings.side("dataset.width", width)
        self.channels = settings.channel_count(channels)
        self.resize = settings.one_of("dataset.resize", resize, WAYS)
        self.filter = filter
        self.resampling = settings.resampling(filter)
        self.resizing = f"{resize}, {filter}"
        self.background = settings.colour("dataset.background", background)
        self.test_fraction = settings.fraction("dataset.test_fraction", test_fraction)
        self.encoding = known_encoding(encoding)
        self.max_pixels = settings.pixel_count("dataset.max_pixels", max_pixels)
        self.licence = licence
        self.name = _safe(self.root)
        self.labels = labels or "none"
        self.asked_factors = None if factors is None else settings.names(factors)

        self._listing = list_pictures(self.root, self.encoding)
        self._entries = self._listing.pictures
        names = [entry.name for entry in self._entries]
        folders = ["style"] if self.asked_factors is None else self.asked_factors
        self._layout = labelling.lay_out(names, len(folders) if self.labels == "folder" else 0)
        self._table = b"" if self.labels in ("folder", "none") else _table(self.labels, self.root)
        self._labelling = self._label(names, folders)
        self.condition = settings.conditions(condition, [factor.name for factor in self._labelling.factors])

    def __len__(self) -> int:
        return len(self._entries) + len(self._listing.skipped)

    def factors(self) -> tuple[Factor, ...]:
        return self._labelling.factors

    def key(self) -> str:
        table = hashlib.sha256(self._table).hexdigest()
        how = [DECODER, self.height, self.width, self.channels, self.resize, self.filter, self.background]
        how += [self.test_fraction, self.labels in ("folder", "none") and self.labels, self.asked_factors, table]
        how += [self.encoding, self.max_pixels]
        what = [[entry.name, entry.size, entry.stamp] for entry in self._entries]
        skipped = [[row.file, row.reason] for row in self._listing.skipped]
        return hashlib.sha256(json.dumps([how, what, skipped]).encode()).hexdigest()

    def notes(self) -> list[str]:
        return [*self._listing.notes, *self._labelling.notes, *self._hints()]

    def _hints(self) -> Iterator[str]:
        """Yield a hint for each table beside the pictures that labels them, if their folders do not."""
        names = [entry.name for entry in self._entries]
        if self.labels == "folder" and len(set(self._labelling.rows)) == 1:
            for place in _tables_nearby(names):
                with suppress(UserError):  # not a table, or one of other pictures
                    self._label_by(place, _table(place, self.root), names)
                    line = shell(f"dataset.labels={place}")
                    yield f"{place} lies there too; to take labels from it: {line}"

    def can_read_now(self, file: str) -> bool:
        with reader(self.root) as read, pillow_limit(self.max_pixels):
            return any(
                isinstance(self._picture(read, index), Picture)
                for index, known in enumerate(self._layout.files)
                if known == file
            )

    def decode(self) -> Iterator[Picture | Skipped]:
        yield from self._listing.skipped
        with (
            pillow_limit(self.max_pixels),
            reader(self.root) as read,
            ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool,
        ):
            yield from _in_order(pool, partial(self._picture, read), len(self._entries))

    def _label(self, names: Sequence[str], folders: Sequence[str]) -> labelling.Labelling:
        if self.labels == "folder":
            return labelling.from_folders(self._layout.levels, folders)
        if self.labels == "none":
            return labelling.Labelling((), [()] * len(names))
        return self._label_by(self.labels, self._table, names)

    def _label_by(self, labels: str, content: bytes, names: Sequence[str]) -> labelling.Labelling:
        """Label the pictures by the table called `labels`."""
        table = read_table(Path(labels).name, content, self.encoding)
        basenames = Counter(PurePosixPath(name).name for name in names)
        known = [
            labelling.spellings(
                (name, file, f"{self.root.stem}/{name}", *_seen_from_table(name, labels)),
                basenames[PurePosixPath(name).name] == 1,
            )
            for name, file in zip(names, self._layout.files, strict=True)
        ]
        return labelling.from_table(known, table, self.asked_factors, self._listing.notes)

    def _picture(self, read: Callable[[Entry], bytes], index: int) -> Picture | Skipped:
        file, entry, data = self._layout.files[index], self._entries[index], b""
        try:
            with _CONTENTS.room(entry.size):
                data = read(entry)
                # Twice the final size leaves the resampling filter enough pixels.
                opened = open_picture(data, 2 * max(self.height, self.width), self.max_pixels)
                with opened.image, _PIXELS.room(opened.num_bytes):
                    decoded = decode(opened, self.channels, self.background)
                    fitted = fit(decoded.image, self.width, self.height, self.resize, self.resampling, self.background)
                sha256 = hashlib.sha256(data).hexdigest()
        except Exception as error:  # damaged files raise almost any error, and must not end a run
            return Skipped(file, reason(error, data), is_temporary(error, data))
        pixels = np.asarray(fitted).reshape(self.height, self.width, self.channels)
        said = self._layout.is_test[index]
        test = _held_out(sha256, self.test_fraction) if said is None else said
        return Picture(pixels, self._labelling.rows[index], file, sha256, test, decoded.size, decoded.remarks)


_CONTENTS, _PIXELS = Memory(CONTENTS), Memory(PIXELS)


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[int], Picture | Skipped], count: int
) -> Iterator[Picture | Skipped]:
    """Yield work(0), work(1), … in order, with at most 64 pictures pending, so that memory stays bounded."""
    ahead: deque[Future[Picture | Skipped]] = deque()
    for index in range(count):
        ahead.append(pool.submit(work, index))
        if len(ahead) == 64:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


def _held_out(sha256: str, fraction: float) -> bool:
    """Return whether a picture is for testing: its hash as a number in [0, 1), independent of other pictures."""
    return int(sha256[:13], 16) / 16**13 < fraction


def _seen_from_table(name: str, labels: str) -> list[str]:
    """Return the name of a picture relative to the folder of the table: train/metadata.csv names files in train/."""
    folder = PurePosixPath(labels).parent.as_posix()
    return [name.removeprefix(f"{folder}/")] if name.startswith(f"{folder}/") else []


def _tables_nearby(names: Sequence[str]) -> list[str]:
    """Return the usual places of other tools' tables: beside the pictures, or in one of their outer folders."""
    outer = sorted({name.partition("/")[0] for name in names if "/" in name})[:MOST_LOOKED_IN]
    return [*USUAL_NAMES, *(f"{folder}/{name}" for folder in outer for name in USUAL_NAMES)]


def _safe(root: Path) -> str:
    """Return a name usable in file names, made from the name of the folder or zip."""
    root = root.resolve()
    stem = root.name if root.is_dir() else root.stem
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "pictures"


def _table(labels: str, root: Path) -> bytes:
    """Return the content of the table that `labels` names: in the working directory, beside `root` or in it."""
    path = Path(labels).expanduser()
    for place in (path, root.parent / path, root / path):
        if place.is_file():
            return place.read_bytes()
    inside = read_named(root, path.as_posix()) if root.is_file() else None
    if inside is not None:
        return inside
    raise UserError(
        f"dataset.labels={labels}: there is no such file here, beside {root} or in it. Type dataset.labels=folder, "
        "dataset.labels=none, or the path of a CSV file with a column called file and one column a factor."
    )

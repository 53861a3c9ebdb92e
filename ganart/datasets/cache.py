"""The cache of decoded data sets: memory-mapped arrays in a folder named by the data set and its key.

    <cache>/datasets/<name>-<key>/  images.npy  labels.npy  dataset.json

The folder is written beside its place and renamed when complete, under a lock: an incomplete cache is never used, and
of two runs that want the same one, the second waits and reads what the first has written.
"""

from __future__ import annotations

import glob
import hashlib
import json
import math
import os
import shutil
import tempfile
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import numpy as np
from filelock import FileLock

from ganart.console import console, progress, remark
from ganart.datasets.base import Dataset, Factor, Manifest, PictureSet, Skipped
from ganart.errors import PlaceError, UserError
from ganart.files.paths import CACHE_ADVICE, cache_dir, writing_to
from ganart.files.store import save_array, whole
from ganart.numbers import counted

MOST_TRIED = 20


def load(dataset: Dataset) -> PictureSet:
    """Return `dataset` decoded, from the cache; decode it into the cache first if necessary.

    A filled cache is used without writing to it; a damaged folder is decoded again.

    Raises:
        UserError: if not one picture could be read.
        PlaceError: if the cache cannot be read or written.
    """
    key = dataset.key()
    folder = cache_dir() / "datasets" / f"{dataset.name}-{key[:20]}"
    pictures = _whole(folder, dataset, key)
    if pictures is None:
        with writing_to(folder, CACHE_ADVICE):
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(folder.with_name(f"{folder.name}.lock")):
                pictures = _whole(folder, dataset, key)  # maybe decoded by another process meanwhile
                if pictures is None:
                    _decode_into(folder, dataset)
    return pictures or _open(folder, dataset, key)


def _whole(folder: Path, dataset: Dataset, key: str) -> PictureSet | None:
    """Return the decoded data set in `folder`; None if it is missing, damaged, or skipped files can be read now."""
    found = whole(folder, lambda there: _open(there, dataset, key))
    return None if not found or _skipped_files_are_readable(dataset, found[0].manifest.skipped) else found[0]


def _skipped_files_are_readable(dataset: Dataset, skipped: list[Skipped]) -> bool:
    """Return whether a file skipped for a passing reason can be read now; tries up to `MOST_TRIED` per reason."""
    tried: Counter[str] = Counter()
    for row in skipped:
        tried[row.reason] += row.passing
        if row.passing and tried[row.reason] <= MOST_TRIED and dataset.can_read_now(row.file):
            return True
    return False


def _open(folder: Path, dataset: Dataset, key: str) -> PictureSet:
    description = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    skipped = [Skipped(**row) for row in description["manifest"].pop("skipped")]
    return PictureSet(
        name=dataset.name,
        key=key,
        pixels_sha256=description["pixels_sha256"],
        factors=tuple(Factor(row["name"], tuple(row["classes"])) for row in description["factors"]),
        images=np.load(folder / "images.npy", mmap_mode="r"),
        labels=np.load(folder / "labels.npy"),
        manifest=Manifest(**description["manifest"], skipped=skipped, licence=dataset.licence),
        resize=dataset.resizing,
    )


def _decode_into(folder: Path, dataset: Dataset) -> None:
    prefix = f"{folder.name}.unfinished-"
    for left_by_a_killed_run in folder.parent.glob(f"{glob.escape(prefix)}*"):  # killed for sure: this run has the lock
        shutil.rmtree(left_by_a_killed_run, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        _write(unfinished, dataset)
        unfinished.chmod(0o755)  # readable for all users of a shared cache
        shutil.rmtree(folder, ignore_errors=True)  # a damaged one
        os.replace(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write(folder: Path, dataset: Dataset) -> None:
    shape = (dataset.height, dataset.width, dataset.channels)
    _refuse_full_disk(folder, len(dataset) * math.prod(shape))
    pictures, skipped, digest = [], [], hashlib.sha256()
    remarks: dict[str, list[str]] = defaultdict(list)
    with progress(f"reading {dataset.name}", len(dataset)) as advance, open(folder / "images.npy", "wb") as pixels:
        _write_header(pixels, (len(dataset), *shape))
        for picture in dataset.decode():
            if isinstance(picture, Skipped):
                skipped.append(picture)
            else:
                assert picture.pixels.shape == shape, (picture.file, picture.pixels.shape, shape)
                assert picture.pixels.dtype == np.uint8
                content = picture.pixels.tobytes()
                pixels.write(content)
                digest.update(content)
                size = list(picture.size or (dataset.width, dataset.height))
                labels = [int(label) for label in picture.labels]
                pictures.append((picture.file, picture.sha256, size, labels, bool(picture.test)))
                for note in picture.remarks:
                    remarks[note].append(picture.file)
            advance(1)
        pixels.seek(0)  # the final count is known only now
        _write_header(pixels, (len(pictures), *shape))
    if not pictures:
        raise UserError("\n".join([f"dataset {dataset.name}: not one picture could be read.", *_listed(skipped)]))
    notes = [*dataset.notes(), *(_summed_up(note, about) for note, about in remarks.items())]
    for note in notes:
        remark("note", "yellow", note)
    if skipped:
        remark("skipped", "yellow", f"{len(skipped)} of {len(dataset)} files of {dataset.name}:")
        console.say("\n".join(_listed(skipped)))

    files, sha256, sizes, rows, is_test = (list(column) for column in zip(*pictures, strict=True))
    save_array(folder / "labels.npy", np.asarray(rows, dtype=np.int64).reshape(len(files), len(dataset.factors())))
    manifest = {"files": files, "sha256": sha256, "sizes": sizes, "labels": rows, "is_test": is_test}
    manifest |= {"skipped": [asdict(row) for row in skipped], "notes": notes}
    description = {"factors": [asdict(factor) for factor in dataset.factors()], "manifest": manifest}
    description["pixels_sha256"] = digest.hexdigest()
    (folder / "dataset.json").write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")


def _refuse_full_disk(folder: Path, num_bytes: int) -> None:
    """Raise `PlaceError` before decoding starts if the disk has no room for `num_bytes`."""
    free = shutil.disk_usage(folder).free
    if free < num_bytes:
        needed = f"the decoded pictures need {num_bytes / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free"
        raise PlaceError(f"{folder.parent} cannot be written: {needed}. {CACHE_ADVICE}")


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    """Write the header of a .npy file of uint8; its length is the same for any number of pictures."""
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def _summed_up(note: str, files: list[str]) -> str:
    return f"{counted(len(files), 'picture')}: {note} (e.g. {files[0]})"


def _listed(skipped: list[Skipped]) -> list[str]:
    lines = [f"  {row.file}: {row.reason}" for row in skipped[:10]]
    return lines + [f"  … and {len(skipped) - 10} more"] * (len(skipped) > 10)

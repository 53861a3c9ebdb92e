"""Decode once: a data set becomes a folder of memory-mapped arrays, named by what was read and how.

    <cache>/datasets/<name>-<key>/  images.npy  labels.npy  dataset.json

The folder is written beside its place and renamed into it when complete, under a lock: a half-written cache is never
used, and of two runs that want the same one, the second waits and then reads what the first has written.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
from filelock import FileLock
from rich.markup import escape

from ganart.console import console, progress
from ganart.datasets.base import Dataset, Factor, Manifest, PictureSet, Skipped
from ganart.errors import UserError
from ganart.paths import cache_dir


def load(dataset: Dataset) -> PictureSet:
    """Return `dataset` decoded, from the cache where it is there, decoding it into the cache first where it is not.

    Raises:
        UserError: if not one picture could be read.
    """
    key = dataset.key()
    folder = cache_dir() / "datasets" / f"{dataset.name}-{key[:20]}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f"{folder.name}.lock")):
            if not folder.exists():
                _decode_into(folder, dataset)
    return _open(folder, dataset, key)


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
    for left_by_a_killed_run in folder.parent.glob(f"{glob.escape(prefix)}*"):  # no living one: this run has the lock
        shutil.rmtree(left_by_a_killed_run, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        _write(unfinished, dataset)
        unfinished.chmod(0o755)  # a shared cache is for everybody
        os.replace(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write(folder: Path, dataset: Dataset) -> None:
    shape = (dataset.height, dataset.width, dataset.channels)
    pictures, skipped, digest = [], [], hashlib.sha256()
    # The pixels are appended as they come and the header is written last: how many can be read is not known before.
    with progress(f"reading {dataset.name}", len(dataset)) as advance, open(folder / "pixels", "wb") as pixels:
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
            advance(1)
    if not pictures:
        raise UserError("\n".join([f"dataset {dataset.name}: not one picture could be read.", *_listed(skipped)]))
    if skipped:
        console.print(f"[yellow]skipped[/] {len(skipped)} of {len(dataset)} files of {escape(dataset.name)}:")
        console.print(escape("\n".join(_listed(skipped))))

    files, sha256, sizes, rows, is_test = (list(column) for column in zip(*pictures, strict=True))
    _with_header(folder / "pixels", folder / "images.npy", (len(files), *shape))
    np.save(folder / "labels.npy", np.asarray(rows, dtype=np.int64).reshape(len(files), len(dataset.factors())))
    manifest = {"files": files, "sha256": sha256, "sizes": sizes, "labels": rows, "is_test": is_test}
    manifest["skipped"] = [asdict(row) for row in skipped]
    description = {"factors": [asdict(factor) for factor in dataset.factors()], "manifest": manifest}
    description["pixels_sha256"] = digest.hexdigest()
    (folder / "dataset.json").write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")


def _with_header(raw: Path, npy: Path, shape: tuple[int, ...]) -> None:
    """Turn a file of raw bytes into a .npy file of `shape`."""
    images = np.lib.format.open_memmap(npy, mode="w+", dtype=np.uint8, shape=shape)
    source = np.memmap(raw, dtype=np.uint8, mode="r", shape=shape)
    for start in range(0, shape[0], 4096):
        images[start : start + 4096] = source[start : start + 4096]
    images.flush()
    raw.unlink()


def _listed(skipped: list[Skipped]) -> list[str]:
    lines = [f"  {row.file}: {row.reason}" for row in skipped[:10]]
    return lines + [f"  … and {len(skipped) - 10} more"] * (len(skipped) > 10)

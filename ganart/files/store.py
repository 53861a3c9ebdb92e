"""The cache: files made once and found again by a key of everything they depend on."""

from __future__ import annotations

import hashlib
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import numpy as np
from filelock import FileLock

from ganart.files.paths import CACHE_ADVICE, DISK_ERRORS, cache_dir, reading_from, replacing, writing_to

Content = TypeVar("Content")

DAMAGE = (ValueError, EOFError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile, pickle.UnpicklingError)
"""Errors of numpy, torch and json for files that are truncated or hold something else."""


def cached(kind: str, key: str, suffix: str, write: Callable[[Path], None], read: Callable[[Path], Content]) -> Content:
    """Return the content cached under `key`; call `write` first if its file is missing or damaged.

    Safe with several processes at once. An existing file is used as it is, so a filled cache on a read-only disk is
    never written to.

    Args:
        kind: the subfolder of the cache.
        key: everything that the content depends on, as text.
        suffix: the suffix of the file's name, for instance `.npy`.
        write: writes the content to the path it is given, which has the same suffix.
        read: reads the file; raises one of `DAMAGE` if it is incomplete.

    Raises:
        PlaceError: if the cache cannot be read or written.
    """
    file = cache_dir() / kind / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}{suffix}"
    if found := whole(file, read):
        return found[0]
    with writing_to(file, CACHE_ADVICE):
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):
            if found := whole(file, read):  # another process has made it in the meantime
                return found[0]
            with replacing(file) as unfinished:
                write(unfinished)
    return read(file)


def save_array(file: Path, array: np.ndarray) -> None:
    """Write `array` as .npy through Python's file object: numpy's own writing reports a full disk without a reason."""
    with file.open("wb") as stream:
        np.save(SimpleNamespace(write=stream.write), array)


def whole(file: Path, read: Callable[[Path], Content]) -> list[Content]:
    """Return the content of `file` in a list, which is empty if the file is missing or damaged.

    Raises:
        PlaceError: if the disk fails, or is closed to this user.
    """
    with reading_from(file, CACHE_ADVICE):
        try:
            return [read(file)]
        except DAMAGE:
            return []
        except OSError as error:  # the file is missing, or a position in it is
            if error.errno in DISK_ERRORS:
                raise
            return []

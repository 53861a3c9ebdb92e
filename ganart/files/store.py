"""Files in the cache that are made once and found again by what they were made of."""

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
"""What numpy, torch and json raise for files that are torn or hold something else."""


def cached(kind: str, key: str, suffix: str, write: Callable[[Path], None], read: Callable[[Path], Content]) -> Content:
    """Return what `read` makes of the file of `key`; `write` makes the file where there is none or a damaged one.

    Safe when several processes ask at once. A file that is there is used as it is: a filled cache on a read-only disk
    is never written to.

    Args:
        kind: the folder below the cache.
        key: everything that the content depends on, as text.
        suffix: the ending of the file's name, `.npy` for instance.
        write: writes the content to the path that it gets, which has the same ending.
        read: reads a whole file; raises one of `DAMAGE` where it is not whole.

    Raises:
        PlaceError: if the cache cannot be read or written to.
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
    """Write `array` as .npy. Where numpy writes to files itself, a full disk raises an error without a reason."""
    with file.open("wb") as stream:
        np.save(SimpleNamespace(write=stream.write), array)


def whole(file: Path, read: Callable[[Path], Content]) -> list[Content]:
    """Return the content of `file` in a list; an empty one where there is no such file or a damaged one.

    Raises:
        PlaceError: if the disk fails, or is closed to this user.
    """
    with reading_from(file, CACHE_ADVICE):
        try:
            return [read(file)]
        except DAMAGE:
            return []
        except OSError as error:  # of a file that is not there, or from a place in it that is not
            if error.errno in DISK_ERRORS:
                raise
            return []

"""Files in the cache that are made once and found again by what they were made of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from ganart.paths import CACHE_ADVICE, cache_dir, replacing, writing_to


def cached(kind: str, key: str, suffix: str, write: Callable[[Path], None]) -> Path:
    """Return the file of `key`, written by `write(path)` the first time; safe when several processes ask at once.

    A file that is there is used as it is: a filled cache on a read-only disk is never written to.

    Args:
        kind: the folder below the cache.
        key: everything that the content depends on, as text.
        suffix: the ending of the file's name, `.npy` for instance.
        write: writes the content to the path that it gets, which has the same ending.

    Raises:
        UserError: if the cache cannot be written to.
    """
    file = cache_dir() / kind / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}{suffix}"
    if file.exists():
        return file
    with writing_to(file, CACHE_ADVICE):
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):
            if not file.exists():
                with replacing(file) as unfinished:
                    write(unfinished)
    return file

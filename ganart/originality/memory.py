"""Tensors that are made once and kept on disk under what they were made of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor

from ganart.paths import cache_dir


def kept(key: str, make: Callable[[], Tensor]) -> Tensor:
    """Return the tensor of `key`, made by `make` the first time; safe when two ask at once."""
    file = cache_dir() / "originality" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npy"
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            unfinished = file.with_name(f"{file.stem}.unfinished-{os.getpid()}.npy")
            np.save(unfinished, make().numpy())
            os.replace(unfinished, file)
    return torch.from_numpy(np.load(file))

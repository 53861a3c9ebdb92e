"""Tensors cached on disk by a key of their inputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ganart.files.store import cached, save_array


def kept(key: str, make: Callable[[], Tensor]) -> Tensor:
    """Return the tensor of `key`, made by `make` the first time; safe under concurrent calls."""
    array = cached("originality", key, ".npy", lambda file: save_array(file, make().numpy()), np.load)
    return torch.from_numpy(array)

"""The interface between the model and the samples of one modality."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image
from torch import Tensor


class Codec(Protocol):
    """All knowledge of one modality outside of its data sets, networks and feature networks."""

    name: str
    """The name of the modality: image."""

    suffix: str
    """The suffix of lossless files: .png."""

    def to_model(self, stored: Tensor, *, channels_last: bool = False) -> Tensor:
        """Convert stored samples to the networks' input: images uint8 [N, H, W, C] to float [N, C, H, W] in [−1, 1]."""
        ...

    def to_stored(self, made: Tensor) -> Tensor:
        """Convert a generator's output to stored samples: the inverse of `to_model`, rounded and clipped."""
        ...

    def save(self, sample: np.ndarray, file: Path, origin: dict[str, Any]) -> None:
        """Write one stored sample with its origin into `file`."""
        ...

    def sheet(self, samples: np.ndarray, columns: int, captions: Sequence[str] | None = None) -> Image.Image:
        """Draw stored samples [N, …] on one sheet, in rows of `columns`."""
        ...

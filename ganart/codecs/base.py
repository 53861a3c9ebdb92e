"""The interface between the model and one kind of sample: a codec a modality."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image
from torch import Tensor


class Codec(Protocol):
    """Everything that is known of one modality outside of its data sets, networks and feature networks."""

    name: str
    """Of the modality: image."""

    suffix: str
    """Of the files that keep every value: .png."""

    def to_model(self, stored: Tensor, *, channels_last: bool = False) -> Tensor:
        """Return stored samples as the networks take them: images uint8 [N, H, W, C] as float [N, C, H, W]."""
        ...

    def to_stored(self, made: Tensor) -> Tensor:
        """Return what a generator made as it is stored and saved: the reverse of `to_model`, rounded and clipped."""
        ...

    def save(self, sample: np.ndarray, file: Path, origin: dict[str, Any]) -> None:
        """Write one stored sample, with its origin inside the file."""
        ...

    def sheet(self, samples: np.ndarray, columns: int, captions: Sequence[str] | None = None) -> Image.Image:
        """Draw stored samples [N, …] on one sheet, in rows of `columns`."""
        ...

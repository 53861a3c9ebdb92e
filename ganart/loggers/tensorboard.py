"""The TensorBoard logger: `tensorboard --logdir runs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL.Image import Image
from pytorch_lightning.loggers import TensorBoardLogger as LightningTensorBoardLogger
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ganart.files.tables import in_markdown
from ganart.loggers.base import ExperimentLogger, refuse_without


class TensorBoardLogger(LightningTensorBoardLogger, ExperimentLogger):
    """Lightning's TensorBoard logger with images seen as its step, and with images and tables."""

    def __init__(self, *, folder: str | Path) -> None:
        refuse_without("tensorboard")
        super().__init__(save_dir=str(folder), name="tensorboard", version="", default_hp_metric=False)

    @rank_zero_only
    def log_pictures(self, name: str, picture: Image, images_seen: int) -> None:
        self.experiment.add_image(name, np.asarray(picture.convert("RGB")), images_seen, dataformats="HWC")

    @rank_zero_only
    def log_rows(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], images_seen: int) -> None:
        self.experiment.add_text(name, table_in_markdown(columns, rows), images_seen)

    @rank_zero_only
    def log_protocols(self, protocols: Mapping[str, Mapping[str, Any]]) -> None:
        for name, protocol in protocols.items():
            self.experiment.add_text(f"{name}/protocol", table_in_markdown(("", ""), list(protocol.items())))

    @rank_zero_only
    def close(self) -> None:
        if self._experiment is not None:
            self._experiment.close()


def table_in_markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table in Markdown, which TensorBoard renders."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(in_markdown(value) for value in line)} |" for line in lines)

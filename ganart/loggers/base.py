"""The interface of ganart's loggers, beyond that of Lightning's."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL.Image import Image
from pytorch_lightning.loggers import Logger

from ganart.errors import UserError


class ExperimentLogger(Logger):
    """A Lightning logger whose `step` is the number of images seen, with optional methods for images and tables."""

    after_failure = ""
    """Advice to print when the logger has failed."""

    def go_on_from(self, images_seen: int) -> None:
        """Drop entries later than `images_seen` before anything is logged; −1 for a new run."""

    def log_pictures(self, name: str, picture: Image, images_seen: int) -> None:
        """Log `picture`; does nothing in loggers of numbers."""

    def log_moving_picture(self, name: str, file: Path, images_seen: int) -> None:
        """Log the animated GIF in `file`."""

    def log_rows(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], images_seen: int) -> None:
        """Log a table of numbers and names."""

    def log_dataset(self, name: str, facts: Mapping[str, Any]) -> None:
        """Log the content of dataset.json, before the training begins."""

    def log_run_folder(self, facts: Mapping[str, Any]) -> None:
        """Log the files in the run folder, after the training has ended."""

    def expect_scores(self, lower_is_better: Mapping[str, bool]) -> None:
        """Register the names of scores and their directions, before their values are logged."""

    def log_protocols(self, protocols: Mapping[str, Mapping[str, Any]]) -> None:
        """Log the protocol of each score."""

    def close(self) -> None:
        """Close files and connections; the next job of a multirun opens its own."""


def refuse_without(package: str) -> None:
    """Raise `UserError` if the package of a logger is not installed."""
    if importlib.util.find_spec(package) is None:
        raise UserError(f"logger={package} needs a package that is not installed: pip install {package}")

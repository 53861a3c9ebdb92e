"""What ganart asks of a logger beside what Lightning does."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL.Image import Image
from pytorch_lightning.loggers import Logger

from ganart.errors import UserError


class ExperimentLogger(Logger):
    """A Lightning logger whose `step` is the number of images seen, and that may take pictures and goals too."""

    after_failure = ""
    """What its user can do when it has failed."""

    def go_on_from(self, images_seen: int) -> None:
        """Forget what has been logged of later moments, before anything is logged; −1 for a run that begins."""

    def log_pictures(self, name: str, picture: Image, images_seen: int) -> None:
        """Keep `picture`; loggers of numbers do not."""

    def log_moving_picture(self, name: str, file: Path, images_seen: int) -> None:
        """Keep the moving picture in `file`, a GIF."""

    def log_rows(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], images_seen: int) -> None:
        """Keep a table of numbers and names."""

    def log_dataset(self, name: str, facts: Mapping[str, Any]) -> None:
        """Learn what the run is trained on, before it begins; dataset.json in the run folder says the same."""

    def log_run_folder(self, facts: Mapping[str, Any]) -> None:
        """Keep what the run has left in its folder, when it has ended."""

    def expect_scores(self, lower_is_better: Mapping[str, bool]) -> None:
        """Learn which numbers are scores and which way is up, before they come."""

    def log_protocols(self, protocols: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep how each score was taken, beside the score."""

    def close(self) -> None:
        """Let go of files and services; the next job of a multirun opens its own."""


def refuse_without(package: str) -> None:
    """Raise `UserError` if the package of a logger is not installed."""
    if importlib.util.find_spec(package) is None:
        raise UserError(f"logger={package} needs a package that is not installed: pip install {package}")

"""Sheets of generated pictures, each beside its seven nearest training images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
from PIL.Image import Image

from ganart.datasets.base import Split
from ganart.grids import grid
from ganart.originality.auditor import SHOWN, Finding

ROWS = 12
SIDE = 112
"""The least side of a picture in pixels, so that a file name fits below it."""


def sheets(
    pictures: np.ndarray,
    names: Sequence[str],
    findings: Sequence[Finding],
    works: Split,
    files: Sequence[str],
    count: int,
) -> list[Image]:
    """Return up to `count` sheets of twelve rows, the pictures nearest to a training image first.

    `files` are the file names of the training images.
    """
    worst = sorted(
        range(len(findings)), key=lambda index: (findings[index].percentile, findings[index].nearest.distances[0])
    )
    chunks = [worst[start : start + ROWS] for start in range(0, len(worst), ROWS)][:count]
    return [_sheet(pictures, names, findings, works, files, rows) for rows in chunks]


def _sheet(
    pictures: np.ndarray,
    names: Sequence[str],
    findings: Sequence[Finding],
    works: Split,
    files: Sequence[str],
    rows: Sequence[int],
) -> Image:
    tiles, captions = [], []
    for index in rows:
        finding = findings[index]
        nearest = finding.nearest
        tiles += [pictures[index], *works.pictures(np.array(nearest.positions))]
        captions.append(f"{finding.verdict} {finding.percentile:.2g} % {names[index]}")
        captions += [PurePosixPath(files[position]).name for position in nearest.positions]
        for _ in range(SHOWN - len(nearest.positions)):  # a data set with fewer training images than a row shows
            tiles.append(np.full_like(pictures[index], 255))
            captions.append("")
    return grid(np.stack(tiles), 1 + SHOWN, captions=captions, min_side=SIDE)

"""What a run came to: `summary.json` and the table at the end."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from rich.table import Table

from ganart import __version__
from ganart.hardware import cpu_name
from ganart.metrics import Result
from ganart.run_folder import write_atomically

STACK = ("torchvision", "pytorch-lightning", "torchmetrics", "hydra-core", "numpy")


def versions() -> dict[str, str]:
    """The versions that numbers and pixels may depend on."""
    return {
        "ganart": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        **{name: version(name) for name in STACK},
    }


def device_name(device: torch.device) -> str:
    return (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{cpu_name()}, {torch.get_num_threads()} threads"
    )


def write(file: Path, results: Sequence[Result], facts: dict[str, Any]) -> None:
    """Write the final scores with their protocols beside everything else in `facts`."""
    scores = {row.name: {**asdict(row), "times_floor": row.times_floor} for row in results}
    for score in scores.values():
        del score["name"]
    text = json.dumps({**facts, "scores": scores, "versions": versions()}, indent=2, ensure_ascii=False)
    write_atomically(file, text)


def headline(results: Sequence[Result], facts: dict[str, Any]) -> str:
    """What was done, in how long, on what, and how it was scored."""
    scored = f"; scored on {results[0].protocol['n_fake']:,} pictures" if results else ""
    return f"{facts['images_seen']:,} images in {facts['seconds_training']:.0f} s on {facts['device']}{scored}"


def table(results: Sequence[Result]) -> Table:
    """The scores as a table, with the floor that real pictures reach."""
    sheet = Table()
    for name in ("score", "value", "real pictures reach", "× floor"):
        sheet.add_column(name, justify="left" if name == "score" else "right")
    for row in results:
        arrow = "↓" if row.lower_is_better else "↑"
        spread = f" ± {row.std:.2g}" if row.std is not None else ""
        times = f"{row.times_floor:.1f}" if row.times_floor is not None and row.times_floor > 0 else ""
        sheet.add_row(
            f"{row.name} {arrow}", f"{row.value:.4g}{spread}", "" if row.floor is None else f"{row.floor:.4g}", times
        )
    return sheet

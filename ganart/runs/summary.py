"""The result of a run: `summary.json` and the final table."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from rich.table import Table

from ganart import __version__
from ganart.files.json_files import write_json
from ganart.machine.hardware import cpu_name
from ganart.metrics.results import LabelTable, Result
from ganart.numbers import brief, counted

ENOUGH_FOR_FRECHET = 10_000

STACK = ("torchvision", "pytorch-lightning", "torchmetrics", "hydra-core", "numpy")


def versions() -> dict[str, str]:
    """Return the versions of packages that numbers and pixels may depend on."""
    return {
        "ganart": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        **{name: version(name) for name in STACK},
    }


def commit() -> str | None:
    """Return the commit of ganart's checkout, with a + if it has changes; None for an installed ganart."""
    checkout = Path(__file__).parents[2]
    if not (checkout / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(checkout), "describe", "--always", "--dirty=+", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def device_name(device: torch.device) -> str:
    return (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{cpu_name()}, {counted(torch.get_num_threads(), 'thread')}"
    )


def write(file: Path, facts: dict[str, Any]) -> None:
    """Write `facts` and the `versions` they may depend on."""
    write_json(file, {**facts, "versions": versions()})


def headline(facts: dict[str, Any]) -> str:
    """Return one line with images seen, seconds, device, and the number of images scored."""
    first = next(iter(facts["scores"].values()), None)
    scored = f"; scored on {counted(first['protocol']['n_fake'], 'picture')}" if first else ""
    return f"{counted(facts['images_seen'], 'image')} in {facts['seconds_training']:.0f} s on {facts['device']}{scored}"


def table(results: Sequence[Result]) -> Table:
    """Build the table of scores with the floor of real images; see `in_order` for the order."""
    sheet = Table()
    for name in ("score", "value", "real pictures reach", "× floor"):
        sheet.add_column(name, justify="left" if name == "score" else "right", overflow="fold")
    for row in in_order(results):
        arrow = "↓" if row.lower_is_better else "↑"
        spread = f" ± {row.std:.2g}" if row.std is not None else ""
        times = f"{row.times_floor:.1f}" if row.times_floor is not None else ""
        counts = {row.protocol[side] for side in ("n_real", "n_fake", "n_floor")}
        at = f" (of {row.protocol['n_floor']:,})" if row.lower_is_better and len(counts) > 1 else ""
        floor = "" if row.floor is None else f"{row.floor:.4g}{at}"
        sheet.add_row(f"{row.name} {arrow}", f"{row.value:.4g}{spread}", floor, times)
    return sheet


def in_order(results: Sequence[Result]) -> list[Result]:
    """Return `results` in their order, kernel distances first where Fréchet distances are biased (see `caveats`)."""
    return sorted(results, key=lambda row: not (few(row) and row.name.startswith(("kid", "kd_"))))


def few(row: Result) -> bool:
    return row.protocol["n_fake"] < ENOUGH_FOR_FRECHET


def caveats(results: Sequence[Result]) -> list[str]:
    """Return a warning if a Fréchet distance of fewer than 10,000 images is among `results`: its bias is about c/N."""
    frechet = next((row for row in results if few(row) and row.name.startswith(("fid", "fd_"))), None)
    if frechet is None:
        return []
    bias = f" (real pictures get {frechet.floor:.3g} at {frechet.protocol['n_floor']:,})" if frechet.floor else ""
    return [
        f"{frechet.name} of {frechet.protocol['n_fake']:,} pictures is too high, by something like c/N{bias}: compare "
        "it only with values at the same count, or go by the kernel distance, which has no bias."
    ]


def protocol_lines(results: Sequence[Result]) -> list[str]:
    """Return the protocol shared by all results on one line, and the settings of each on a line of its own."""
    if not results:
        return []
    first = results[0].protocol
    shared = {
        k: v for k, v in first.items() if all(row.protocol.get(k, v) == v and k in row.protocol for row in results)
    }
    lines = ["protocol: " + _listed(shared)]
    own = {row.name: {k: v for k, v in row.protocol.items() if k not in shared} for row in results}
    return lines + [f"  {name}: {_listed(particular)}" for name, particular in own.items() if particular]


def _listed(protocol: dict[str, Any]) -> str:
    return ", ".join(f"{key}={brief(value)}" for key, value in protocol.items())


def label_table(table: LabelTable) -> Table:
    """Build the table of all classes of one factor."""
    title = f"by {table.factor}"
    if table.total_variation is not None:
        title += f": shares differ by {table.total_variation:.1%}"
    if table.agreement is not None:
        title += f", {table.agreement:.1%} are recognised as asked for"
    sheet = Table(title=title, title_justify="left")
    for name in (table.factor, "share of real", "share of generated", "kernel distance ↓", "recall ↑"):
        sheet.add_column(name, justify="left" if name == table.factor else "right", overflow="fold")
    for row in table.rows:
        shares = ("" if share is None else f"{share:.1%}" for share in (row.share_real, row.share_fake))
        distance = "" if row.kernel_distance is None else f"{row.kernel_distance:.3g}"
        recall = "" if row.recall is None else f"{row.recall:.2f}"
        sheet.add_row(row.class_name, *shares, distance, recall)
    return sheet

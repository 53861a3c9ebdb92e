"""Finding of runs by path, and the place of their report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ganart.errors import UserError
from ganart.files.foreign import is_inside

DEEPEST = 4
"""Depth below the named folder in which runs are searched: a study may hold multiruns of several recipes."""

FIGURES = "figures"
"""Folder of the charts written by `format=svg`; in a multirun it stands beside the jobs."""


def find_runs(paths: Sequence[str]) -> list[Path]:
    """Return the run folders that `paths` name or contain, each once, in the order of the command.

    Single files are skipped if there are folders too: `runs/*` matches both.

    Raises:
        UserError: if a path does not exist or contains no run.
    """
    places = [Path(path).expanduser() for path in paths]
    for path, place in zip(paths, places, strict=True):
        if not place.exists():
            raise UserError(f"{path} does not exist. Name a run folder, or a folder of runs: ganart report runs/…")
    folders = [place for place in places if place.is_dir()]
    found: dict[Path, Path] = {}
    for folder in folders:
        inside = runs_in(folder)
        if not inside and len(folders) == 1:
            raise UserError(f"{folder} holds no run: no folder in it has a config.yaml. Train one first: ganart train")
        for run in inside:
            found.setdefault(run.resolve(), run)
    if not found:
        raise UserError(
            f"No run is in {', '.join(map(str, paths))}. A run is a folder with a config.yaml: ganart report runs/…"
        )
    return list(found.values())


def runs_in(folder: Path, depth: int = DEEPEST) -> list[Path]:
    """Return `folder` itself if it is a run, else the runs below it; jobs of a multirun count even if they never began.

    Links that lead out of `folder` are skipped; such a run can be named directly.
    """
    if (folder / "config.yaml").is_file():
        return [folder]
    if depth == 0:
        return []
    is_multirun = (folder / "multirun.yaml").is_file()
    children = [child for child in folder.iterdir() if is_inside(folder, child) and child.is_dir()]
    children = [child for child in children if not child.name.startswith(".")]
    runs = []
    for child in sorted(children, key=lambda child: by_number(child.name)):
        runs += runs_in(child, depth - 1) or ([child] if is_multirun and child.name != FIGURES else [])
    return runs


def by_number(name: str) -> list[tuple[int, str]]:
    """Return a sorting key that puts 2 before 10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", name)]


def place_of_report(paths: Sequence[str], output: str | None) -> Path:
    """Return `output`, else report.html in the one folder that was named, in the common parent of several, or here."""
    if output is not None:
        wanted = Path(output).expanduser()
        return wanted / "report.html" if wanted.is_dir() else wanted
    folders = [Path(path).expanduser() for path in paths if Path(path).expanduser().is_dir()]
    if len(folders) == 1:
        return folders[0] / "report.html"
    parents = {folder.resolve().parent for folder in folders}
    return (folders[0].parent if len(parents) == 1 else Path()) / "report.html"

"""Where the files of a user lie that a run was trained with: relative to its folder, so found from anywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

KEYS = ("dataset.root", "dataset.labels", "features.weights")
"""What names files or folders of the user, and need not."""


def recorded(cfg: DictConfig, run: Path) -> dict[str, str]:
    """Where the files that `cfg` names by relative paths lie, seen from the folder `run`.

    A path that was typed as absolute, or from `~`, is found from anywhere as it is.
    """
    typed = {key: text for key in KEYS if (text := _typed(cfg, key))}
    return {key: seen_from(run, Path(text)) for key, text in typed.items() if _is_relative_file(text)}


def found(cfg: DictConfig, run: Path, places: Mapping[str, object]) -> dict[str, str]:
    """The values, by key, that have to take the place of those of `cfg` for its files to be found from here.

    Args:
        cfg: what the run was trained with.
        run: its folder.
        places: what `recorded` gave when it was trained.
    """
    values = {}
    for key in KEYS:
        typed, place = _typed(cfg, key), places.get(key)
        if typed is None or not isinstance(place, str):
            continue
        then = run / Path(place).expanduser()
        if then.exists() and not (Path(typed).exists() and Path(typed).samefile(then)):
            values[key] = place if place.startswith("~") else os.path.relpath(then)
    return values


def exists(text: str) -> bool:
    """Whether there is something at the path that was typed, from here."""
    return Path(text).expanduser().exists()


def _typed(cfg: DictConfig, key: str) -> str | None:
    value = OmegaConf.select(cfg, key, throw_on_missing=False)
    return value if isinstance(value, str) and value else None


def _is_relative_file(text: str) -> bool:
    return not text.startswith("~") and not Path(text).is_absolute() and Path(text).exists()


def seen_from(folder: Path, place: Path) -> str:
    """The path from `folder` to `place`; from the home folder where it would name the user: runs are published."""
    folder, place, home = folder.absolute(), place.absolute(), Path.home()
    if place.is_relative_to(home) and not folder.is_relative_to(home):
        return str(Path("~") / place.relative_to(home))
    return os.path.relpath(place, folder)

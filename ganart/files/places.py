"""Paths of the user's files that a run was trained with, stored relative to its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

KEYS = ("dataset.root", "dataset.labels", "features.weights")
"""Settings that may name files or folders of the user."""


def recorded(cfg: DictConfig, run: Path) -> dict[str, str]:
    """Return, by key, the relative paths in `cfg` as seen from the folder `run`.

    Absolute paths and paths from `~` are left out: they are the same from anywhere.
    """
    typed = {key: text for key in KEYS if (text := _typed(cfg, key))}
    return {key: seen_from(run, Path(text)) for key, text in typed.items() if _is_relative_file(text)}


def found(cfg: DictConfig, run: Path, places: Mapping[str, object]) -> dict[str, str]:
    """Return, by key, the values that must replace those of `cfg` so that its files are found from the working folder.

    Args:
        cfg: the run's configuration.
        run: its folder.
        places: the result of `recorded` when it was trained.
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


def missing(run: Path, key: str, typed: str, places: Mapping[str, object]) -> str:
    """Return the place of `key` as seen from the working folder, though nothing is there; `typed` if it is unknown."""
    place = places.get(key)
    if not isinstance(place, str):
        return typed
    return place if place.startswith("~") else os.path.relpath(run / place)


def exists(text: str) -> bool:
    """Return whether the typed path exists, seen from the working folder."""
    return Path(text).expanduser().exists()


def _typed(cfg: DictConfig, key: str) -> str | None:
    value = OmegaConf.select(cfg, key, throw_on_missing=False)
    return value if isinstance(value, str) and value else None


def _is_relative_file(text: str) -> bool:
    return not text.startswith("~") and not Path(text).is_absolute() and Path(text).exists()


def seen_from(folder: Path, place: Path) -> str:
    """Return the path from `folder` to `place`; `~/…` if it would name the user, since runs are published."""
    folder, place, home = folder.absolute(), place.absolute(), Path.home()
    if place.is_relative_to(home) and not folder.is_relative_to(home):
        return str(Path("~") / place.relative_to(home))
    return os.path.relpath(place, folder)

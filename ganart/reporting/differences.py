"""Differences between runs: keys that differ, short names, and groups of runs that differ only in the seed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganart.config.walk import leaves
from ganart.runs.read import Run

SEED = "seed"
LABELS = ("name", "run_folder", "resume", "trainer.threads")
"""Keys that name or place a run, but do not change what it is."""


@dataclass(frozen=True)
class Differences:
    """A table with one row per run: `rows[r][k]` is the value of `keys[k]` as text, None if the run lacks the key."""

    keys: list[str]
    rows: list[list[str | None]]


def configuration_differences(runs: Sequence[Run]) -> Differences:
    """Return the keys of recipe and data that differ between `runs`; runs of which nothing is known are ignored."""
    columns = [identity(run) for run in runs]
    keys = differences([column for column in columns if column]).keys
    return Differences(keys, [[text(column[key]) if key in column else None for key in keys] for column in columns])


def identity(run: Run) -> dict[str, Any]:
    """Return everything that defines `run`: its flat recipe and its data."""
    flat = {key: value for key, value in flatten(run.recipe).items() if not _is_label(key)}
    data = {"pictures": run.dataset.get("name"), "pictures (hash)": str(run.dataset.get("hash", ""))[:12]}
    return {**flat, **{key: value for key, value in data.items() if value}}


def differences(columns: Sequence[Mapping[str, Any]]) -> Differences:
    """Return the keys whose values differ between `columns`, in order of first appearance."""
    keys = list(dict.fromkeys(key for column in columns for key in column))
    differing = [key for key in keys if len({_canonical(column, key) for column in columns}) > 1]
    return Differences(differing, [[text(column[k]) if k in column else None for k in differing] for column in columns])


def shared(columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the entries that are equal in all `columns`."""
    different = set(differences(columns).keys)
    return {key: value for key, value in columns[0].items() if key not in different} if columns else {}


def groups_but_for_seed(runs: Sequence[Run]) -> list[list[int]]:
    """Return groups of positions of runs that differ only in `seed`, in order of first appearance."""
    groups: dict[str, list[int]] = {}
    for position, run in enumerate(runs):
        recipe = {key: value for key, value in identity(run).items() if key != SEED}
        # A job that never began has no recipe, and so is its own group.
        key = json.dumps(recipe, sort_keys=True, default=str) if recipe else str(run.path)
        groups.setdefault(key, []).append(position)
    return list(groups.values())


def flatten(nested: Mapping[Any, Any]) -> dict[str, Any]:
    """Return nested mappings with dotted keys; a `_target_` is stored under its parent's key: `loss: losses.Hinge`."""
    flat: dict[str, Any] = {}
    for key, value in leaves(nested):
        parent, _, name = key.rpartition(".")
        if name == "_target_":
            flat[parent or name] = str(value).removeprefix("ganart.")
        else:
            flat[key] = value
    return flat


def text(value: Any) -> str:
    """Return a value as one would type it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def short_names(paths: Sequence[Path]) -> list[str]:
    """Return the last parts of the paths, with as many parents as needed to make them distinct."""
    parts = [path.resolve().parts for path in paths]
    names = [path[-1] for path in parts]
    longest = max(map(len, parts), default=0)
    for depth in range(2, longest + 1):
        twice = {name for name in names if names.count(name) > 1}
        names = ["/".join(p[-depth:]) if name in twice else name for name, p in zip(names, parts, strict=True)]
    return names


def own_overrides(runs: Sequence[Run]) -> list[list[str]]:
    """Return the overrides of each run that were not typed for all of them."""
    known = [set(run.overrides) for run in runs if run.overrides is not None]
    common = set.intersection(*known) if known else set()
    return [[override for override in run.overrides or () if override not in common] for run in runs]


def _is_label(key: str) -> bool:
    return key in LABELS or key.endswith(".folder") or key.startswith("logger.")


def _canonical(column: Mapping[str, Any], key: str) -> str | None:
    return json.dumps(column[key], sort_keys=True, default=str) if key in column else None

"""What sets runs apart: the keys that differ, their names on the page, and which are the same but for the seed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganart.runs.read import Run

SEED = "seed"
LABELS = ("name", "run_folder", "resume", "trainer.threads")
"""Keys that say where and how a run is kept, not what it is."""


@dataclass(frozen=True)
class Differences:
    """A table of one row a run: `rows[r][k]` is the value of `keys[k]` as text, None where the run has no such key."""

    keys: list[str]
    rows: list[list[str | None]]


def configuration_differences(runs: Sequence[Run]) -> Differences:
    """The keys of the recipes, and the data, that are not the same in all `runs` of which anything is known."""
    columns = [identity(run) for run in runs]
    keys = differences([column for column in columns if column]).keys
    return Differences(keys, [[text(column[key]) if key in column else None for key in keys] for column in columns])


def identity(run: Run) -> dict[str, Any]:
    """Everything that makes `run` what it is: its recipe, flat, and the data that it was given."""
    flat = {key: value for key, value in flatten(run.recipe).items() if not _is_label(key)}
    data = {"pictures": run.dataset.get("name"), "pictures (hash)": str(run.dataset.get("hash", ""))[:12]}
    return {**flat, **{key: value for key, value in data.items() if value}}


def differences(columns: Sequence[Mapping[str, Any]]) -> Differences:
    """The keys whose values are not the same in all of `columns`, in the order in which they first come."""
    keys = list(dict.fromkeys(key for column in columns for key in column))
    differing = [key for key in keys if len({_canonical(column, key) for column in columns}) > 1]
    return Differences(differing, [[text(column[k]) if k in column else None for k in differing] for column in columns])


def shared(columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The entries that are the same in all of `columns`."""
    different = set(differences(columns).keys)
    return {key: value for key, value in columns[0].items() if key not in different} if columns else {}


def groups_but_for_seed(runs: Sequence[Run]) -> list[list[int]]:
    """Positions of runs that differ in nothing but `seed`, in the order in which they first come."""
    groups: dict[str, list[int]] = {}
    for position, run in enumerate(runs):
        recipe = {key: value for key, value in identity(run).items() if key != SEED}
        # A job that never began is its own group: nothing is known of it.
        key = json.dumps(recipe, sort_keys=True, default=str) if recipe else str(run.path)
        groups.setdefault(key, []).append(position)
    return list(groups.values())


def flatten(nested: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as dotted keys; a class goes by the key of what it builds: `loss: losses.Hinge`."""
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if name == "_target_":
            flat[prefix.rstrip(".") or "_target_"] = str(value).removeprefix("ganart.")
        elif isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def text(value: Any) -> str:
    """A value as one would type it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def short_names(paths: Sequence[Path]) -> list[str]:
    """The ends of the paths, with as many of their parents as it takes to tell them apart."""
    parts = [path.resolve().parts for path in paths]
    names = [path[-1] for path in parts]
    longest = max(map(len, parts), default=0)
    for depth in range(2, longest + 1):
        twice = {name for name in names if names.count(name) > 1}
        names = ["/".join(p[-depth:]) if name in twice else name for name, p in zip(names, parts, strict=True)]
    return names


def own_overrides(runs: Sequence[Run]) -> list[list[str]]:
    """Of what was typed for each run, what was not typed for all of them."""
    known = [set(run.overrides) for run in runs if run.overrides is not None]
    common = set.intersection(*known) if known else set()
    return [[override for override in run.overrides or () if override not in common] for run in runs]


def _is_label(key: str) -> bool:
    return key in LABELS or key.endswith(".folder") or key.startswith("logger.")


def _canonical(column: Mapping[str, Any], key: str) -> str | None:
    return json.dumps(column[key], sort_keys=True, default=str) if key in column else None

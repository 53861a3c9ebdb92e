"""Export of a composed configuration as an `experiment` file that produces it from the defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf, open_dict

from ganart.config.values import TAKING_SEVERAL
from ganart.config.walk import flat
from ganart.runs.read import mapping

LABELS = ("name", "run_folder", "resume", "allow_targets")
"""Keys that name or place a run, but do not change its results."""


def as_experiment(
    config_name: str, overrides: Sequence[str], own_keys: Sequence[str], comment: str
) -> tuple[str, list[str]]:
    """Return an experiment that turns the defaults of `train` into `config_name` with `overrides`.

    Returns:
        Its YAML, and the overrides to type beside it: a file can add and change keys, but not remove them.
    """
    wanted, choices = _composed(config_name, overrides)
    _, usual = _composed("train", [])
    chosen = {group: choice for group, choice in choices.items() if group in usual and choice != usual[group]}
    start, _ = _composed("train", [f"{group}={_written(choice)}" for group, choice in chosen.items()])
    before, after = flat(start), flat(wanted)
    values = OmegaConf.create()
    for key, value in after.items():
        if before.get(key, _NOTHING) != value and key.split(".")[0] not in (*own_keys, *LABELS):
            OmegaConf.update(values, key, value, force_add=True)
    plain = mapping(OmegaConf.to_container(wanted, resolve=False))
    gone = {_gone(key, plain) for key in before.keys() - after.keys()}
    lost = sorted(f"~{key}" for key in gone if key is not None)
    notes = comment.splitlines() + ([f"Type beside it: {' '.join(lost)}"] if lost else [])
    lines = ["# @package _global_", *(f"# {line}" for line in notes)]
    if chosen:
        lines += ["defaults:", *(f"  - override /{group}: {_written(choice)}" for group, choice in chosen.items())]
    return "\n".join(lines) + f"\n{OmegaConf.to_yaml(values) if values else ''}", lost


def _gone(key: str, wanted: Mapping[str, Any]) -> str | None:
    """Return the first part of `key` that is missing in `wanted`; None if another kind of value is there."""
    node: Any = wanted
    parts = key.split(".")
    for depth, part in enumerate(parts, 1):
        if not isinstance(node, dict):
            return None
        if part not in node:
            return ".".join(parts[:depth])
        node = node[part]
    return None


def _composed(config_name: str, overrides: Sequence[str]) -> tuple[DictConfig, Mapping[str, Any]]:
    """Return the configuration, and the choices of each config group of ganart or the user."""
    cfg = compose(config_name, list(overrides), return_hydra_config=True)
    choices = mapping(OmegaConf.to_container(cfg.hydra.runtime.choices))
    with open_dict(cfg):
        del cfg["hydra"]
    ours = {str(g): c for g, c in choices.items() if not str(g).startswith("hydra/") and g != "experiment"}
    # Hydra does not report the choices of groups that take several; those that were removed again are left out.
    loader = GlobalHydra.instance().config_loader()
    several = {group: set(loader.get_group_options(group)) for group in TAKING_SEVERAL}
    return cfg, ours | {group: [name for name in cfg[group] if name in known] for group, known in several.items()}


def _written(choice: Any) -> str:
    return f"[{','.join(map(str, choice))}]" if isinstance(choice, list) else str(choice)


_NOTHING = object()

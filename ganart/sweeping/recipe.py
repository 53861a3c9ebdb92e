"""A composed configuration as a recipe: an `experiment` file that makes the same of the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf, open_dict

from ganart.config.values import TAKING_SEVERAL
from ganart.runs.read import mapping

LABELS = ("name", "run_folder", "resume", "allow_targets")
"""Keys that say where and by whose leave a run is made, and not what it is."""


def as_experiment(
    config_name: str, overrides: Sequence[str], own_keys: Sequence[str], comment: str
) -> tuple[str, list[str]]:
    """Write an experiment that makes of the defaults of `train` what `overrides` make of `config_name`.

    Returns:
        Its YAML, and what has to be typed beside it: a file can add and change, but not take away.
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
    """The first part of `key` that `wanted` has not; None if it has another kind of value there."""
    node: Any = wanted
    parts = key.split(".")
    for depth, part in enumerate(parts, 1):
        if not isinstance(node, dict):
            return None
        if part not in node:
            return ".".join(parts[:depth])
        node = node[part]
    return None


def leaves(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value by its dotted key."""
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def flat(cfg: DictConfig) -> dict[str, Any]:
    """Every value of a configuration by its dotted key, interpolations as they are written."""
    return dict(leaves(mapping(OmegaConf.to_container(cfg, resolve=False))))


def _composed(config_name: str, overrides: Sequence[str]) -> tuple[DictConfig, Mapping[str, Any]]:
    """The configuration, and what is chosen of each group that ganart or the user has."""
    cfg = compose(config_name, list(overrides), return_hydra_config=True)
    choices = mapping(OmegaConf.to_container(cfg.hydra.runtime.choices))
    with open_dict(cfg):
        del cfg["hydra"]
    ours = {str(g): c for g, c in choices.items() if not str(g).startswith("hydra/") and g != "experiment"}
    # Hydra does not tell what is chosen of groups that take several; what was taken away again is not among it.
    loader = GlobalHydra.instance().config_loader()
    several = {group: set(loader.get_group_options(group)) for group in TAKING_SEVERAL}
    return cfg, ours | {group: [name for name in cfg[group] if name in known] for group, known in several.items()}


def _written(choice: Any) -> str:
    return f"[{','.join(map(str, choice))}]" if isinstance(choice, list) else str(choice)


_NOTHING = object()

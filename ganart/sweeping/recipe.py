"""A composed configuration as a recipe: an `experiment` file that makes the same of the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra import compose
from omegaconf import DictConfig, OmegaConf, open_dict

from ganart.reporting.run import mapping

LABELS = ("name", "run_folder", "resume", "allow_targets")
"""Keys that say where and by whose leave a run is made, and not what it is."""


def as_experiment(config_name: str, overrides: Sequence[str], own_keys: Sequence[str], comment: str) -> str:
    """Return the YAML of an experiment that makes of the defaults of `train` what `overrides` make of `config_name`."""
    wanted, choices = _composed(config_name, overrides)
    _, usual = _composed("train", [])
    chosen = {group: choice for group, choice in choices.items() if group in usual and choice != usual[group]}
    start, _ = _composed("train", [f"{group}={_written(choice)}" for group, choice in chosen.items()])
    before, after = flat(start), flat(wanted)
    differing = {k: v for k, v in after.items() if before.get(k, _NOTHING) != v and k.split(".")[0] not in own_keys}
    values = OmegaConf.create()
    for key, value in differing.items():
        if key.split(".")[0] not in LABELS:
            OmegaConf.update(values, key, value, force_add=True)
    lines = ["# @package _global_", *(f"# {line}" for line in comment.splitlines()), "defaults:"]
    lines += [f"  - override /{group}: {_written(choice)}" for group, choice in chosen.items()]
    text = "\n".join(lines if chosen else lines[:-1])
    return f"{text}\n{OmegaConf.to_yaml(values) if values else ''}"


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
    return cfg, ours


def _written(choice: Any) -> str:
    return f"[{','.join(map(str, choice))}]" if isinstance(choice, list) else str(choice)


_NOTHING = object()

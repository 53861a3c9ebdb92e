"""From configuration to objects: what it may name, and the one call that builds it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf
from torch import nn

from ganart import naming as naming  # its resolvers may stand in any configuration
from ganart.datasets.base import Dataset
from ganart.errors import UserError

ALLOWED_TARGETS = (
    "ganart.",
    "torch.optim.",
    "torch.nn.",
    "torchvision.transforms.",
    "torchvision.datasets.",
    "optuna.pruners.",
    "optuna.samplers.",
    "pytorch_lightning.callbacks.",
    "pytorch_lightning.loggers.",
    "pytorch_lightning.plugins.",
    "pytorch_lightning.strategies.",
    "pytorch_lightning.trainer.",
    "pytorch_lightning.Trainer",
)
"""The classes that a configuration may name in `_target_`. Not all of `torch.`, which can load code from files."""

ALLOWED_FUNCTIONS = ("ganart.features.auto",)
"""Functions that it may name; others are tools, not parts."""


def build(node: Any, *, allow: Sequence[str] = (), **extra: Any) -> Any:
    """Build what `node` names in its `_target_`, with the nodes inside it; the only caller of `instantiate`.

    Args:
        node: a configuration node; a mapping without `_target_` gives a dictionary of what its entries name.
        allow: package prefixes beside `ALLOWED_TARGETS` that the user trusts (`allow_targets=[mypackage]`).
        extra: arguments that no configuration can know: label sizes, parameters, picture sets.

    Raises:
        UserError: if a target is not allowed, does not exist, or does not take the arguments that are given to it.
    """
    if isinstance(node, dict | list):
        node = OmegaConf.create(node)
    for target in targets_in(node):
        _check_target(target, allow)
    try:
        return instantiate(node, _convert_="all", **extra)
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, UserError):
            raise cause from None
        if isinstance(cause, TypeError | ValueError):
            found = re.search(r"full_key: (.+)", str(error))
            where = f" (in {found.group(1)})" if found else ""
            raise UserError(f"{cause}{where}") from cause
        raise


def build_network(node: DictConfig, *, allow: Sequence[str] = (), **extra: Any) -> nn.Module:
    """Build a player, and nothing but a network: what a run folder names may come from a stranger.

    Networks may be ganart's, torch's or those of packages that the user trusts; others load files when they are built.
    """
    prefixes = _prefixes(("ganart.networks.", "torch.nn."), allow)
    for target in targets_in(node):
        found = _check_target(target, allow, prefixes)
        if not (inspect.isclass(found) and issubclass(found, nn.Module)):
            raise UserError(f"_target_={target} is not a network (a subclass of torch.nn.Module).")
    return build(node, allow=allow, **extra)


def build_dataset(node: DictConfig, *, allow: Sequence[str] = ()) -> Dataset:
    """Build a data set, and nothing but a data set: what a run folder names may come from a stranger."""
    prefixes = _prefixes(("ganart.datasets.", "torchvision.datasets."), allow)
    for target in targets_in(node):
        _check_target(target, allow, prefixes)
    found = build(node, allow=allow)
    if not isinstance(found, Dataset):
        raise UserError(
            f"_target_={node.get('_target_')} is not a data set (a subclass of ganart.datasets.base.Dataset)."
        )
    return found


def targets_in(node: Any) -> Iterator[str]:
    """Every `_target_` in `node`, interpolations followed."""
    if isinstance(node, DictConfig):
        if node._is_none() or node._is_missing():
            return
        if "_target_" in node:
            yield str(node["_target_"])
        for key in node:
            if not OmegaConf.is_missing(node, key):
                yield from targets_in(node[key])
    elif isinstance(node, ListConfig) and not node._is_none():
        for item in node:
            yield from targets_in(item)


def _prefixes(own: tuple[str, ...], allow: Sequence[str]) -> tuple[str, ...]:
    return (*own, *(f"{name.rstrip('.')}." for name in allow))


def _check_target(target: str, allow: Sequence[str], prefixes: tuple[str, ...] = ()) -> Any:
    prefixes = prefixes or _prefixes(ALLOWED_TARGETS, allow)
    if not target.startswith(prefixes):
        raise UserError(
            f"_target_={target} is outside of what a configuration may build ({', '.join(prefixes)}).\n"
            f"If you wrote or trust that code, say so: allow_targets=[{target.split('.')[0]}]"
        )
    try:
        found = get_object(target)
    except Exception as error:
        raise UserError(f"_target_={target} cannot be found: {error}") from error
    # A path may lead through an allowed module to what that module imported: what counts is where the object is from.
    home = f"{getattr(found, '__module__', '')}."
    buildable = inspect.isclass(found) or target in ALLOWED_FUNCTIONS or target.startswith(_prefixes((), allow) or "-")
    if not buildable or not home.startswith(prefixes):
        raise UserError(f"_target_={target} is not a class of an allowed package; it lives in {home[:-1]!r}.")
    return found

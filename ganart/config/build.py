"""From configuration to objects: what it may name, and the one call that builds it."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf
from torch import nn

from ganart.config import naming as naming  # its resolvers may stand in any configuration
from ganart.datasets.base import Dataset
from ganart.errors import UserError

ALLOWED_TARGETS = ("ganart.", "torch.optim.", "torch.nn.", "optuna.pruners.", "optuna.samplers.")
"""Where the classes are from that a configuration may name in `_target_`; none of them reads files when it is built.

Not all of torch and torchvision: they have classes that unpickle the files they are given."""

ALLOWED_BY_NAME = ("pytorch_lightning.Trainer", "ganart.features.auto")
"""What it may name beside these; of functions none but this one."""

TORCHVISION_SETS = tuple(f"torchvision.datasets.{name}" for name in ("MNIST", "FashionMNIST", "KMNIST", "CIFAR10"))
"""What `TorchvisionSet.source` may be: sets whose files are known by their hashes, or hold numbers only."""

NOBODYS_OWN = {*sys.stdlib_module_names, "ganart", "torch", "torchvision", "torchmetrics", "torch_fidelity", "numpy"}
NOBODYS_OWN |= {"pytorch_lightning", "lightning", "lightning_fabric", "hydra", "omegaconf", "hydra_plugins", "optuna"}
NOBODYS_OWN |= {"scipy", "PIL", "wandb", "tensorboard", "yaml", "jinja2", "rich", "filelock", "joblib", "submitit"}
NOBODYS_OWN |= {"pandas", "sklearn", "matplotlib", "IPython", "setuptools", "pip", "cloudpickle", "dill", "fsspec"}
"""Packages that nobody who uses ganart has written: a line that allows one of them is never what is meant."""


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

    Networks and their layers may be ganart's, torch's or those of packages that the user trusts; others load files when
    they are built.
    """
    prefixes = _prefixes(("ganart.networks.", "ganart.layers.", "torch.nn."), allow)
    _refuse_other_than(nn.Module, "a network (a subclass of torch.nn.Module)", node, allow, prefixes)
    for target in targets_in(node):
        found = _check_target(target, allow, prefixes)
        if not (inspect.isclass(found) and issubclass(found, nn.Module)):
            raise UserError(f"_target_={target} is not a network (a subclass of torch.nn.Module).")
    return build(node, allow=allow, **extra)


def build_dataset(node: DictConfig, *, allow: Sequence[str] = ()) -> Dataset:
    """Build a data set, and nothing but a data set: what a run folder names may come from a stranger.

    It may be ganart's, with one of `TORCHVISION_SETS` as its source, or of a package that the user trusts.
    """
    kind = "a data set (a subclass of ganart.datasets.base.Dataset)"
    prefixes = _prefixes(("ganart.datasets.",), allow)
    _refuse_other_than(Dataset, kind, node, allow, prefixes)
    source = _source_of(node)
    for target in targets_in(node):
        if target != source:
            _check_target(target, allow, prefixes)
    found = build(node, allow=(*allow, source) if source else allow)
    if not isinstance(found, Dataset):
        raise UserError(f"_target_={node.get('_target_')} is not {kind}.")
    return found


def refuse_wrong_arguments(node: Any, *, allow: Sequence[str] = (), given: Sequence[str] = ()) -> None:
    """Raise `UserError` if something that `node` names does not take its arguments; nothing is built for this.

    Args:
        node: a configuration node; the nodes inside it are looked at too.
        allow: package prefixes that the user trusts.
        given: the names of the arguments that are added when `node` itself is built.
    """
    if isinstance(node, ListConfig):
        for item in node:
            refuse_wrong_arguments(item, allow=allow)
    if not isinstance(node, DictConfig) or node._is_none() or node._is_missing():
        return
    inner = [str(key) for key in node if not OmegaConf.is_missing(node, key)]
    if "_target_" in node:
        _refuse_wrong_call(str(node["_target_"]), node, allow, given)
    if node.get("_recursive_", True):
        for key in inner:
            refuse_wrong_arguments(node[key], allow=allow)


def _refuse_wrong_call(target: str, node: DictConfig, allow: Sequence[str], given: Sequence[str]) -> None:
    found = _check_target(target, allow)
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):  # of what is not written in Python none may be known
        return
    positional = [None] * len(node.get("_args_") or ())
    named = dict.fromkeys([*(str(key) for key in node if str(key) not in HYDRAS_OWN), *given])
    try:
        (signature.bind_partial if node.get("_partial_") else signature.bind)(*positional, **named)
    except TypeError as error:
        takes = ", ".join(name for name in signature.parameters if name not in given) or "nothing"
        raise UserError(f"{target}: {error}. It takes: {takes}.") from None


HYDRAS_OWN = ("_target_", "_args_", "_partial_", "_convert_", "_recursive_")
"""Keys of a node that are no arguments of what it names."""


def _refuse_other_than(base: type, kind: str, node: Any, allow: Sequence[str], prefixes: tuple[str, ...]) -> None:
    """Raise `UserError` if `node` names something else than a subclass of `base`: before it is built."""
    target = node.get("_target_") if isinstance(node, DictConfig) else None
    if not isinstance(target, str):
        raise UserError(f"There is nothing to build: {kind} is named by its class, _target_=….")
    found = _check_target(target, allow, prefixes)
    is_function_of_the_users = not inspect.isclass(found) and target.startswith(_prefixes((), allow))
    if node.get("_partial_") or not (is_function_of_the_users or (inspect.isclass(found) and issubclass(found, base))):
        raise UserError(f"_target_={target} is not {kind}.")


def _source_of(node: DictConfig) -> str | None:
    """The data set of torchvision that `node` reads, if it reads one of those that it may."""
    source = node.get("source")
    is_known = isinstance(source, DictConfig) and source.get("_target_") in TORCHVISION_SETS
    return str(source["_target_"]) if is_known and source.get("_partial_") is True else None


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
    """Return what `target` names.

    Raises:
        UserError: if that is not allowed, or does not exist.
    """
    named = (*ALLOWED_BY_NAME, *allow) if not prefixes else tuple(allow)
    prefixes = prefixes or _prefixes(ALLOWED_TARGETS, allow)
    if not target.startswith(prefixes) and target not in named:
        raise UserError(
            f"_target_={target} is outside of what a configuration may build ({', '.join(prefixes)})."
            f"{_how_to_allow(target)}"
        )
    try:
        found = get_object(target)
    except Exception as error:
        raise UserError(f"_target_={target} cannot be found: {error}") from error
    if target in named:
        return found
    # A path may lead through an allowed module to what that module imported: what counts is where the object is from.
    home = f"{getattr(found, '__module__', '')}."
    buildable = inspect.isclass(found) or target.startswith(_prefixes((), allow) or "-")
    if not buildable or not home.startswith(prefixes):
        raise UserError(f"_target_={target} is not a class of an allowed package; it lives in {home[:-1]!r}.")
    return found


def _how_to_allow(target: str) -> str:
    """What to type if `target` may be the user's own code; nothing for packages that are nobody's own."""
    package = target.split(".")[0]
    if package in NOBODYS_OWN or not package.isidentifier() or "." not in target:
        return ""
    return f"\nIf you wrote or trust that code, say so: allow_targets=[{package}]"

"""Building of objects from configurations, and the targets that a configuration may name."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue
from torch import nn

from ganart.config import naming as naming  # registers resolvers that any configuration may use
from ganart.config.walk import MISSING, walk
from ganart.datasets.base import Dataset
from ganart.errors import UserError

ALLOWED_TARGETS = ("ganart.", "torch.optim.", "torch.nn.", "optuna.pruners.", "optuna.samplers.")
"""Prefixes of the classes that a configuration may name in `_target_`; none of them reads files when it is built.

Not all of torch and torchvision is allowed: some of their classes unpickle files."""

ALLOWED_BY_NAME = ("pytorch_lightning.Trainer", "ganart.features.auto")
"""Further allowed targets; `ganart.features.auto` is the only function."""

TORCHVISION_SETS = tuple(f"torchvision.datasets.{name}" for name in ("MNIST", "FashionMNIST", "KMNIST", "CIFAR10"))
"""Allowed values of `TorchvisionSet.source`: data sets whose files have known hashes or hold only numbers."""

NOBODYS_OWN = {*sys.stdlib_module_names, "ganart", "torch", "torchvision", "torchmetrics", "torch_fidelity", "numpy"}
NOBODYS_OWN |= {"pytorch_lightning", "lightning", "lightning_fabric", "hydra", "omegaconf", "hydra_plugins", "optuna"}
NOBODYS_OWN |= {"scipy", "PIL", "wandb", "tensorboard", "yaml", "jinja2", "rich", "filelock", "joblib", "submitit"}
NOBODYS_OWN |= {"pandas", "sklearn", "matplotlib", "IPython", "setuptools", "pip", "cloudpickle", "dill", "fsspec"}
"""Packages that are no user's own: error messages never advise to allow them."""


def build(node: Any, *, allow: Sequence[str] = (), **extra: Any) -> Any:
    """Build the object that `node` names in `_target_`, with the nodes inside it; the only caller of `instantiate`.

    Args:
        node: a configuration node; a mapping without `_target_` gives a dictionary of the objects of its entries.
        allow: package prefixes beside `ALLOWED_TARGETS` that the user trusts (`allow_targets=[mypackage]`).
        extra: arguments that no configuration can hold: label sizes, parameters, picture sets.

    Raises:
        UserError: if a target is not allowed, does not exist, or does not accept its arguments.
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
    """Build a player; refuse anything but a network, because a run folder may be untrusted.

    Networks and layers may be ganart's, torch's or those of packages that the user trusts; others could load files when
    they are built.

    Raises:
        UserError: if a target is not such a network.
    """
    prefixes = _prefixes(("ganart.networks.", "ganart.layers.", "torch.nn."), allow)
    _refuse_other_than(nn.Module, "a network (a subclass of torch.nn.Module)", node, allow, prefixes)
    for target in targets_in(node):
        found = _check_target(target, allow, prefixes)
        if not (inspect.isclass(found) and issubclass(found, nn.Module)):
            raise UserError(f"_target_={target} is not a network (a subclass of torch.nn.Module).")
    return build(node, allow=allow, **extra)


def build_dataset(node: DictConfig, *, allow: Sequence[str] = ()) -> Dataset:
    """Build a data set; refuse anything else, because a run folder may be untrusted.

    It may be ganart's, with one of `TORCHVISION_SETS` as its source, or of a package that the user trusts.

    Raises:
        UserError: if a target is no such data set.
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
    """Raise `UserError` if a target in `node` does not accept its arguments; checks signatures and builds nothing.

    Args:
        node: a configuration node; the nodes inside it are checked too.
        allow: package prefixes that the user trusts.
        given: names of the arguments that are added when `node` itself is built.
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
    except (TypeError, ValueError):  # extension types may have no known signature
        return
    positional = [None] * len(node.get("_args_") or ())
    named = dict.fromkeys([*(str(key) for key in node if str(key) not in HYDRAS_OWN), *given])
    try:
        (signature.bind_partial if node.get("_partial_") else signature.bind)(*positional, **named)
    except TypeError as error:
        takes = ", ".join(name for name in signature.parameters if name not in given) or "nothing"
        raise UserError(f"{target}: {error}. It takes: {takes}.") from None


HYDRAS_OWN = ("_target_", "_args_", "_partial_", "_convert_", "_recursive_")
"""Keys of a node that are Hydra's own, not arguments of the target."""


def _refuse_other_than(base: type, kind: str, node: Any, allow: Sequence[str], prefixes: tuple[str, ...]) -> None:
    """Raise `UserError`, before anything is built, unless `node` names a subclass of `base` or a user's function."""
    target = node.get("_target_") if isinstance(node, DictConfig) else None
    if not isinstance(target, str):
        raise UserError(f"There is nothing to build: {kind} is named by its class, _target_=….")
    found = _check_target(target, allow, prefixes)
    is_function_of_the_users = not inspect.isclass(found) and target.startswith(_prefixes((), allow))
    if node.get("_partial_") or not (is_function_of_the_users or (inspect.isclass(found) and issubclass(found, base))):
        raise UserError(f"_target_={target} is not {kind}.")


def _source_of(node: DictConfig) -> str | None:
    """Return the target of the allowed torchvision data set that `node` reads, or None."""
    source = node.get("source")
    is_known = isinstance(source, DictConfig) and source.get("_target_") in TORCHVISION_SETS
    return str(source["_target_"]) if is_known and source.get("_partial_") is True else None


def targets_in(node: Any) -> Iterator[str]:
    """Yield every `_target_` in `node`, interpolations resolved."""
    for key, value in walk(node, follow=True, lists=True):
        if key.rpartition(".")[2] == "_target_":
            if value == MISSING:
                raise MissingMandatoryValue(f"{key} has no value")
            yield str(value)


def _prefixes(own: tuple[str, ...], allow: Sequence[str]) -> tuple[str, ...]:
    return (*own, *(f"{name.rstrip('.')}." for name in allow))


def _check_target(target: str, allow: Sequence[str], prefixes: tuple[str, ...] = ()) -> Any:
    """Return the object that `target` names.

    Raises:
        UserError: if it is not allowed, or does not exist.
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
    # A path may lead through an allowed module to an object that it imported: the object's own module must be allowed.
    home = f"{getattr(found, '__module__', '')}."
    buildable = inspect.isclass(found) or target.startswith(_prefixes((), allow) or "-")
    if not buildable or not home.startswith(prefixes):
        raise UserError(f"_target_={target} is not a class of an allowed package; it lives in {home[:-1]!r}.")
    return found


def _how_to_allow(target: str) -> str:
    """Return advice to allow `target` if it may be the user's own code; empty for well-known packages."""
    package = target.split(".")[0]
    if package in NOBODYS_OWN or not package.isidentifier() or "." not in target:
        return ""
    return f"\nIf you wrote or trust that code, say so: allow_targets=[{package}]"

"""Iteration over nested configurations by dotted key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from omegaconf import DictConfig, ListConfig, OmegaConf

MISSING = "???"
"""The placeholder of a mandatory value that is not given yet."""


def walk(node: Any, prefix: str = "", *, follow: bool = False, lists: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) for every entry in `node`, a mapping before its own entries.

    Args:
        node: a configuration, or plain mappings and lists.
        prefix: prefix of the keys, for example `hydra.`.
        follow: True to resolve interpolations and continue in their values, False to yield their text.
        lists: True to enter lists too; their items are numbered.

    Raises:
        InterpolationResolutionError: if a followed interpolation cannot be resolved.
    """
    for name, value in _entries(node, follow, lists):
        yield f"{prefix}{name}", value
        yield from walk(value, f"{prefix}{name}.", follow=follow, lists=lists)


def leaves(node: Any, prefix: str = "", *, lists: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) for every entry in `node` without entries of its own, see `walk`."""
    for key, value in walk(node, prefix, lists=lists):
        if next(_entries(value, follow=False, lists=lists), None) is None:
            yield key, value


def flat(cfg: DictConfig) -> dict[str, Any]:
    """Return the values of a configuration by dotted key, interpolations as text."""
    return dict(leaves(OmegaConf.to_container(cfg, resolve=False)))


def _entries(node: Any, follow: bool, lists: bool) -> Iterator[tuple[str, Any]]:
    """Yield (name or number, value) for the entries of a mapping or, with `lists`, of a list; nothing otherwise."""
    if isinstance(node, DictConfig | ListConfig):
        if node._is_none() or node._is_missing() or not (lists or isinstance(node, DictConfig)):
            return
        keys = list(node) if isinstance(node, DictConfig) else list(range(len(node)))
        raw = cast(Any, OmegaConf.to_container(node, resolve=False))
        for key in keys:
            is_missing, refers = OmegaConf.is_missing(node, key), OmegaConf.is_interpolation(node, cast(Any, key))
            yield str(key), raw[key] if is_missing or (refers and not follow) else node[key]
    elif isinstance(node, Mapping):
        yield from ((str(key), value) for key, value in node.items())
    elif lists and isinstance(node, list | tuple):
        yield from ((str(number), value) for number, value in enumerate(node))

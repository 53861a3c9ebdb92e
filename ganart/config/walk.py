"""Every value of a configuration by its dotted key: the one walk through nested mappings and lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from omegaconf import DictConfig, ListConfig, OmegaConf

MISSING = "???"
"""What stands for a value that is still to be given."""


def walk(node: Any, prefix: str = "", *, follow: bool = False, lists: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and the value of everything in `node`, a mapping before what is in it.

    Args:
        node: a configuration, or plain mappings and lists.
        prefix: what the keys begin with, `hydra.`, say.
        follow: take an interpolation for what it refers to, and walk on there; else for its text.
        lists: walk into lists too, whose items are numbered.

    Raises:
        InterpolationResolutionError: if an interpolation that is to be followed leads nowhere.
    """
    for name, value in _entries(node, follow, lists):
        yield f"{prefix}{name}", value
        yield from walk(value, f"{prefix}{name}.", follow=follow, lists=lists)


def leaves(node: Any, prefix: str = "", *, lists: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and the value of everything in `node` that holds nothing itself: see `walk`."""
    for key, value in walk(node, prefix, lists=lists):
        if next(_entries(value, follow=False, lists=lists), None) is None:
            yield key, value


def flat(cfg: DictConfig) -> dict[str, Any]:
    """Return every value of a configuration by its dotted key, interpolations as they are written."""
    return dict(leaves(OmegaConf.to_container(cfg, resolve=False)))


def _entries(node: Any, follow: bool, lists: bool) -> Iterator[tuple[str, Any]]:
    """Yield what `node` holds, by name or number; nothing if it is no mapping, and no list that is to be walked."""
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

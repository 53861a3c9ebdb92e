"""Checks of typed values against the type of their key: whole numbers, numbers, true or false."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ganart.config.values import TEXT, matches
from ganart.errors import UserError

WORDS = {int: "a whole number", float: "a number", bool: "true or false"}


def refuse_other_kinds(cfg: DictConfig) -> None:
    """Raise one `UserError` for all typed values that do not have the type of their key.

    That is the type in the signature of the class that takes it, or else the type of the value without this command.
    """
    typed = {key: value for key, value in _typed(cfg) if not isinstance(value, int) or isinstance(value, bool)}
    problems = list(_problems(cfg, typed)) if typed and GlobalHydra.instance().is_initialized() else []
    if problems:
        raise UserError("\n".join(problems))


def _typed(cfg: DictConfig) -> Iterator[tuple[str, Any]]:
    """Yield (key, value) for each override of the command with one value, except for keys whose values are text."""
    for override in _overrides():
        key = override.key_or_group
        if override.is_delete() or override.is_add() or matches(key, TEXT):
            continue
        value = _at(cfg, key)
        if isinstance(value, str | int | float):
            yield key, value


def _overrides() -> list[Override]:
    return OverridesParser.create().parse_overrides(list(HydraConfig.get().overrides.task))


def _problems(cfg: DictConfig, typed: dict[str, Any]) -> Iterator[str]:
    others = [str(o.input_line) for o in _overrides() if o.key_or_group not in typed]
    try:
        usual = compose(HydraConfig.get().job.config_name, others)
    except Exception:  # without these overrides it may not compose; other checks report the problem
        return
    for key, value in typed.items():
        before = _at(usual, key)
        if not isinstance(before, int | float):
            continue
        wanted = _wanted(cfg, key, before)
        if not any(_is(value, kind) for kind in wanted):
            kind = next((kind for kind in (bool, float, int) if kind in wanted), type(before))
            yield f"{key}={_written(value)} is not {WORDS[kind]}; type e.g. {key}={_example(value, before, kind)}"


def _at(cfg: DictConfig, key: str) -> Any:
    try:
        return OmegaConf.select(cfg, key, throw_on_missing=False)
    except OmegaConfBaseException:
        return None


def _wanted(cfg: DictConfig, key: str, before: float) -> set[Any]:
    """Return the types and literals that `key` accepts; `before` is its value without this command."""
    parent, _, name = key.rpartition(".")
    node = _at(cfg, parent) if parent else None
    target = node.get("_target_") if isinstance(node, DictConfig) else None
    said = _annotated_types(str(target), name) if target else set()
    return {kind for kind in said if kind is not type(None)} or {type(before)}


def _annotated_types(target: str, name: str) -> set[Any]:
    """Return the types and literals in the annotation of one argument; empty if there is none or it cannot be read."""
    try:
        found = get_object(target)
        return set(_members(get_type_hints(found.__init__ if inspect.isclass(found) else found)[name]))
    except Exception:  # building reports missing names
        return set()


def _members(hint: Any) -> Iterator[Any]:
    if get_origin(hint) in (Union, types.UnionType):
        for member in get_args(hint):
            yield from _members(member)
    elif get_origin(hint) is Literal:
        yield from get_args(hint)
    else:
        yield get_origin(hint) or hint


def _is(value: Any, kind: Any) -> bool:
    """Return whether `value` has the type `kind` or equals the literal `kind`; ints count as floats, bools do not."""
    if not isinstance(kind, type):
        return kind is Any or bool(value == kind)
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _example(value: Any, before: float, kind: type) -> str:
    if kind is bool:
        return _written(before)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(before or 1)

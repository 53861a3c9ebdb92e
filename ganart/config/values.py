"""Values of overrides as users type them, rewritten for Hydra's grammar: text, lists, and choices from groups."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override
from hydra.errors import HydraException

from ganart.errors import UserError
from ganart.files.paths import conf_dir, latest_run, quoted

TEXT = (
    *("run", "resume", "real", "fake", "works", "pictures", "output", "file", "checkpoint", "storage"),
    *("name", "experiment", "run_folder", "labels.*", "dataset.labels", "dataset.licence", "dataset.factor"),
    *("logger.*.project", "logger.*.group", "logger.*.entity", "logger.*.job_type"),
    *("features.weights", "features.sha256", "hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir"),
    *("*.root", "*.path", "*.file", "*.files", "*.folder", "*.name"),
)
"""Keys whose values are paths, names or classes, taken literally."""

TEXT_LISTS = ("dataset.condition", "dataset.factors", "logger.*.tags", "runs", "allow_targets")
"""Keys whose values are lists of such texts."""

NEVER_SWEPT = ("hydra.*", "storage", "output", "file", "runs", "allow_targets")
"""Keys that have one value per command; commas belong to it."""

FOLDERS_OF_HYDRA = ("hydra.run.dir", "hydra.sweep.dir")
"""Paths in which `~` must be expanded here, because Hydra does not."""

TAKING_SEVERAL = ("penalty", "term", "metric", "callback", "logger")
"""Groups of which several options may be chosen together, each under its own name."""

FOR_EACH_PLAYER = ("optimizer",)
"""Groups with one choice per player: `optimizer@optimizer.generator`."""

MAY_BE_NULL = ("experiment",)
"""Groups without a required choice."""

FOREIGN = re.compile(r"[^\w\s/\-\\+.$%*@?|()\[\]{}:=,'\"]|[^\x00-\x7f]")
"""Characters that Hydra's grammar allows only inside quotes."""


def as_hydra_reads(override: str, *, several: bool = False, folders: Sequence[Path] = ()) -> str:
    """Return `override` in Hydra's notation, with text quoted where Hydra would read something else.

    A value in Hydra's quotes stays as it is, unless a file or folder has that name. One value for a key that takes a
    list becomes a list of one, and `null` an empty list.

    Args:
        override: `key=value`, `+key=value` or `++key=value`; anything else is returned unchanged.
        several: True if commas separate values for several jobs or trials, except in the name of an existing file.
        folders: folders with groups beside ganart's own.

    Raises:
        UserError: for `GROUP=null` where a choice is needed, or `run=latest` where there is no run.
    """
    found = re.fullmatch(r"(\+{0,2})([^=+~][^=]*)=(.*)", override, re.DOTALL)
    if not found or exists(override):
        return override
    plus, key, value = found.groups()
    if key in ("run", "resume") and value == "latest" and not exists(value):
        value = str(latest_run(key))
    if value.startswith("~/") and matches(key, FOLDERS_OF_HYDRA):
        value = str(Path(value).expanduser())
    form = _form_of(key, folders)
    is_one = matches(key, NEVER_SWEPT) or (matches(key, TEXT) and exists(value))
    if several and not is_one:
        if _is_sweep_function(value):
            return override
        written = ",".join(form(part) for part in parted(value))
        return f"{plus}{key}={value if written == ','.join(parted(value)) else written}"
    return f"{plus}{key}={form(value)}"


def _form_of(key: str, folders: Sequence[Path]) -> Callable[[str], str]:
    """Return the function that writes one value of `key` for Hydra."""
    if matches(key, TEXT):
        return functools.partial(_text, is_class=key.startswith("labels."))
    group = key.partition("@")[0]
    if key in TAKING_SEVERAL:
        return functools.partial(_list, item=_any, null="[]")
    if options := options_of(group, folders):
        return functools.partial(_choice, key=key, options=options)
    has_list = any(isinstance(value, list) for value in _defaults_of(key, folders))
    if has_list or matches(key, TEXT_LISTS):
        item = _text if matches(key, TEXT_LISTS) else _any
        return functools.partial(_list, item=item, null="[]" if has_list else "null")
    return _any


def _text(value: str, *, is_class: bool = False) -> str:
    """Return one text for Hydra, quoted where needed; `null` stays null, unless it may be the name of a class."""
    if not exists(value):
        is_none = value.lower() == "null" and not is_class
        is_mapping = value.startswith("{") and isinstance(_read(value), dict)
        if not value or is_none or is_mapping or is_quoted(value):
            return value
    return value if _read(value) == value else quoted(value)


def _any(value: str) -> str:
    """Return a value of no known kind unchanged, or quoted if Hydra cannot read one of its characters."""
    if not FOREIGN.search(value) or _read(value) is not UNREADABLE:
        return value
    return _list(value, item=_text) if _in_brackets(value) else quoted(value)


def _list(value: str, *, item: Callable[[str], str], null: str = "null") -> str:
    if value.lower() in ("", "null"):
        return null
    if _in_brackets(value):
        return f"[{','.join(map(item, parted(value[1:-1])))}]" if item is _text else value
    if value.startswith(("${", "{")) or _is_sweep_function(value) or (item is _any and value.startswith("[")):
        return value
    items = parted(value)
    return f"[{','.join(map(item, items))}]" if item is _text or len(items) == 1 else value


def _choice(value: str, *, key: str, options: Sequence[str]) -> str:
    if value.lower() not in ("", "null") or key in MAY_BE_NULL:
        return _any(value)
    hint = f"Leave it out with {key}=none." if "none" in options else f"It cannot be left out: type {key}={options[0]}."
    raise UserError(f"{key}={value}: one {key.partition('@')[0]} is needed. {hint} There are: {', '.join(options)}.")


def parted(value: str) -> list[str]:
    """Split `value` at its commas, except inside closed quotes, brackets or parentheses."""
    parts, start, depth, quote = [], 0, 0, ""
    for place, letter in enumerate(value):
        begins = not value[start:place].strip()
        if quote:
            quote = "" if letter == quote and value[place - 1] != "\\" else quote
        elif letter in "'\"" and (begins or value[place - 1] in "[("):
            quote = letter
        elif letter in "[({":
            depth += 1
        elif letter in "])}":
            depth = max(depth - 1, 0)
        elif letter == "," and not depth:
            parts.append(value[start:place].strip())
            start = place + 1
    if quote or depth:  # unclosed: an apostrophe or a bracket that is part of a text
        return [part.strip() for part in value.split(",")]
    return [*parts, value[start:].strip()]


def plain(value: str) -> str:
    """Return a value without Hydra's quotes."""
    return str(_read(value)) if is_quoted(value) else value


def is_quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" and isinstance(_read(value), str)


def exists(value: str) -> bool:
    """Return whether a file or folder `value` exists."""
    try:
        return bool(value) and Path(value).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # too long for a path, or the home folder of an unknown user
        return False


def options_of(group: str, folders: Sequence[Path] = ()) -> list[str]:
    """Return the options of a group, ganart's own and those in `folders`; empty if it is no group."""
    return sorted({file.stem for folder in (conf_dir(), *folders) for file in (folder / group).glob("*.yaml")})


def options_with(key: str) -> list[str]:
    """Return the options of ganart's group that have `key`, first those in which it is mandatory."""
    files = sorted((conf_dir() / key.partition(".")[0]).glob("*.yaml"))
    values = {file.stem: _value_in(file, key) for file in files}
    found = {option: value != "???" for option, value in values.items() if value is not ABSENT}
    return sorted(found, key=lambda option: found[option])


def groups() -> list[str]:
    """Return the names of ganart's own groups."""
    return sorted({file.parent.name for file in conf_dir().glob("*/*.yaml")})


def _defaults_of(key: str, folders: Sequence[Path]) -> Iterator[Any]:
    """Yield the values of `key` in the files of its group."""
    for folder in (conf_dir(), *folders):
        for file in sorted((folder / key.partition(".")[0]).glob("*.yaml")):
            yield _value_in(file, key)


def _value_in(file: Path, key: str) -> Any:
    group, *path = key.split(".")
    path = path[1:] if group in FOR_EACH_PLAYER else path
    return functools.reduce(_below, path, _content(file)) if path else ABSENT


def _below(node: Any, name: str) -> Any:
    return node.get(name, ABSENT) if isinstance(node, dict) else ABSENT


@functools.cache
def _content(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):  # Hydra will raise the error later
        return None


UNREADABLE, ABSENT = object(), object()


@functools.lru_cache(maxsize=1000)
def _override(value: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(f"key={value}")
    except HydraException:
        return None


def _read(value: str) -> Any:
    """Return the value that Hydra reads; `UNREADABLE` if it cannot read it, or reads several values."""
    override = _override(value)
    return UNREADABLE if override is None or override.is_sweep_override() else override.value()


def _is_sweep_function(value: str) -> bool:
    """Return whether `value` is a sweep such as `choice(a,b)`, `range(1,5)` or `interval(0.1,1)`."""
    override = _override(value) if value.endswith(")") else None
    if override is None or not override.is_sweep_override():
        return False
    sweep = override.value()
    return not (isinstance(sweep, ChoiceSweep) and sweep.simple_form)


def _in_brackets(value: str) -> bool:
    return value.startswith("[") and value.endswith("]")


def matches(key: str, patterns: Sequence[str]) -> bool:
    """Return whether `key` matches one of `patterns`, in which * stands for anything."""
    return any(fnmatchcase(key, pattern) for pattern in patterns)

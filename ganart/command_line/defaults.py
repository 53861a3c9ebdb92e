"""Personal defaults: overrides from the file that `$GANART_DEFAULTS` names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ganart.command_line.arguments import flags_in, overrides_in, values_in
from ganart.console import console
from ganart.errors import UserError
from ganart.files.paths import conf_dir, quoted

VARIABLE = "GANART_DEFAULTS"


def with_defaults(command: str, arguments: list[str]) -> list[str]:
    """Insert the overrides of the file in `$GANART_DEFAULTS` before the typed ones, which take precedence.

    The file has one override per line, and comments after #. Defaults for keys that this command does not have are
    skipped; a resumed run keeps its own values.

    Raises:
        UserError: if the file cannot be read.
    """
    named = os.environ.get(VARIABLE)
    resumes = values_in(arguments).get("resume", "auto") not in ("auto", "null", "")
    has_all_values = {"--config-path", "-cp"} & set(flags_in(arguments))
    if not named or resumes or has_all_values or {"--help", "-h"} & set(arguments):
        return arguments
    typed = overrides_in(arguments)
    keys = {_key(override) for override in typed}
    wanted = [line for line in _lines(Path(named).expanduser()) if _key(line) not in keys]
    flags = flags_in(arguments)
    name = [command, *_values(flags, "--config-name", "-cn")][-1]
    folders = [Path(folder).expanduser().absolute() for folder in _values(flags, "--config-dir", "-cd")]
    known = _known(name, [*wanted, *typed], [conf_dir(), *folders])
    taken = [line for line in wanted if known is None or _is_in(_key(line), known)]
    if taken:
        console.say(f"defaults  {' '.join(taken)}  ({named})", style="dim")
    return [*taken, *arguments]


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{VARIABLE}={file} cannot be read: {error}") from error
    lines = [line.partition(" #")[0].strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    for line in lines:
        if "=" not in line:
            raise UserError(f"{VARIABLE}={file}: {line!r} is no override. Write key=value, one a line.")
    return lines


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def _values(flags: list[str], *names: str) -> list[str]:
    """Return the values given as `--name value` or `--name=value`."""
    joined = [flag.partition("=")[2] for flag in flags if flag.startswith(tuple(f"{name}=" for name in names))]
    return joined + [value for flag, value in pairwise(flags) if flag in names]


def _known(name: str, overrides: list[str], folders: list[Path]) -> DictConfig | None:
    """Compose the configuration `name` from `folders` with the chosen options; None if it cannot be composed."""
    home = next((folder for folder in folders if (folder / f"{name}.yaml").is_file()), folders[0])
    others = ",".join(quoted(f"file://{folder}") for folder in folders if folder != home)
    searched = [f"hydra.searchpath=[{others}]"]
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(home), version_base="1.3"):
            plain = compose(name, searched, return_hydra_config=True)
            chosen = _choices(overrides, plain, folders)
            return compose(name, [*searched, *chosen], return_hydra_config=True)
    except (HydraException, OmegaConfBaseException):
        return None


def _choices(overrides: list[str], cfg: DictConfig, folders: list[Path]) -> Iterator[str]:
    """Yield those `overrides` that choose options in a group of `cfg`; for a sweep its first option."""
    for written in overrides:
        try:
            override = OverridesParser.create().parse_override(written)
        except HydraException:
            continue
        value, key = override.value(), _key(written)
        option: Any = value.list[0] if isinstance(value, ChoiceSweep) else value
        # Hydra's choices do not include the groups that take several options.
        is_group = key in cfg if isinstance(option, list) else key in cfg.hydra.runtime.choices
        options = option if isinstance(option, list) else [option]
        places = [folder / override.key_or_group for folder in folders]
        if is_group and all(any((place / f"{name}.yaml").is_file() for place in places) for name in options):
            yield f"{key}=[{','.join(options)}]" if isinstance(option, list) else f"{key}={option}"


def _is_in(key: str, cfg: DictConfig) -> bool:
    """Return whether a configuration has `key`, a value or a group."""
    if key in cfg.hydra.runtime.choices:
        return True
    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(cfg, parent, throw_on_missing=False) if parent else cfg
    return isinstance(node, DictConfig) and name in node

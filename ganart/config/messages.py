"""Error messages for users: Hydra's errors reworded, with the nearest valid name."""

from __future__ import annotations

import functools
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ganart.config.kinds_of_values import refuse_other_kinds
from ganart.config.values import FOR_EACH_PLAYER, TAKING_SEVERAL, groups, options_of, options_with, plain
from ganart.config.walk import walk
from ganart.console import fail
from ganart.errors import TrainingDivergedError, UserError, did_you_mean, nearest_name
from ganart.files.paths import RUN_ADVICE, conf_dir, disk_error_in, quoted, remove_if_nothing_is_in, shell

KEY = re.compile(r"[+~]{0,2}[a-zA-Z_$][\w$/@.:-]*", re.ASCII)


PLUGINS = {
    **{f"hydra/launcher/{name}": "'ganart[launchers]'" for name in ("joblib", "submitit_local", "submitit_slurm")},
    "hydra/launcher/ray": "hydra-ray-launcher",
    "hydra/launcher/rq": "hydra-rq-launcher",
    "hydra/sweeper/optuna": "hydra-optuna-sweeper; ganart sweep needs none",
    "hydra/sweeper/ax": "hydra-ax-sweeper; ganart sweep needs none",
    "hydra/sweeper/nevergrad": "hydra-nevergrad-sweeper; ganart sweep needs none",
}
"""Packages of the optional plug-ins of Hydra."""


def reports_user_errors(main: Callable[[DictConfig], Any]) -> Callable[[DictConfig], Any]:
    """Decorate a verb's main: print errors for users and exit; in a multirun, raise them for the launcher."""

    @functools.wraps(main)
    def wrapped(cfg: DictConfig) -> Any:
        try:
            refuse_other_kinds(cfg)
            return main(cfg)
        except (UserError, TrainingDivergedError) as error:
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise
            remove_if_nothing_is_in(Path(HydraConfig.get().runtime.output_dir))
            fail(str(error))

    return wrapped


def explain(error: Exception, module: str) -> str | None:
    """Return the message of `error` for users; None for a bug, which needs its traceback."""
    if isinstance(error, UserError | TrainingDivergedError):
        return str(error)
    if isinstance(error, MissingConfigException):
        return _missing_option(str(error))
    if isinstance(error, OverrideParseException):
        return _unreadable(error.override)
    if isinstance(error, ConfigCompositionException):
        return _bad_override(error, module.rpartition(".")[2])
    if (disk := disk_error_in(error)) is not None:
        is_multirun = {"--multirun", "-m"} & set(sys.argv)
        advice = RUN_ADVICE.replace("hydra.run.dir", "hydra.sweep.dir") if is_multirun else RUN_ADVICE
        return f"{disk.filename or 'A file'} cannot be written or read: {disk.strerror}. {advice}"
    if isinstance(error, HydraException | OmegaConfBaseException):
        return str(error)
    return None


def _unreadable(override: str) -> str:
    """Return the message for an override that Hydra cannot parse, with the quoted form to type in a shell."""
    key, equals, value = override.partition("=")
    if not equals:
        return f"{override} is no key=value. Write key=value, ~key to leave a part out, or a flag such as --multirun."
    if not KEY.fullmatch(key):
        return f"{override}: {key} cannot be a key. Keys have letters a to z, digits, _ and dots: dataset.root=FOLDER"
    return (
        f"{override}: this value cannot be read. If it is one piece of text, type it in two pairs of quotes:\n"
        f"  {_in_shell(f'{key}={quoted(value)}')}\n"
        "A list is written 'penalty=[r1,r2]'; quotes, brackets and parentheses are closed again."
    )


def _in_shell(word: str) -> str:
    return shlex.quote(word) if set('"$`\\!') & set(word) else f'"{word}"'


def _missing_option(message: str) -> str:
    """Return the message for a missing option of an existing group, as in `loss=hing`."""
    found = re.search(r"Could not find '([\w/]+)/([^'/]+)'", message) or re.search(
        r"Could not load '([\w/]+)/([^']+)'", message
    )
    if not found:
        return message
    group, wanted = found.groups()
    if package := PLUGINS.get(f"{group}/{wanted}"):
        return f"{group}={wanted} needs a package of its own: pip install {package}"
    options = sorted(file.stem for file in (conf_dir() / group).glob("*.yaml"))
    options += [line.strip() for line in re.findall(r"^\t(\S+)$", message, re.M) if line.strip() not in options]
    hint = did_you_mean(wanted, [*options, *_plugins_of(group)], prefix=f"{group}=")
    return f"{group}={wanted}: there is no such {group}.{hint} There are: {', '.join(options)}."


def _bad_override(error: Exception, config_name: str) -> str:
    """Return the message for a key that does not exist, as in `los=hinge` or `penalty.r1.gama=2`."""
    message = str(error)
    if ambiguous := re.search(r"Ambiguous value for argument '(.+)'\n", message):
        key, _, values = ambiguous[1].partition("=")
        return (
            f"{ambiguous[1]} are several values. One after the other: --multirun {shell(ambiguous[1])}; "
            f"together, where a list is wanted: {shell(f'{key}=[{values}]')}"
        )
    found = re.search(r"Could not override '([^']+)'", message) or re.search(r"match for override '([^'=]+)", message)
    if not found:
        cause = f"\n{error.__cause__}" if error.__cause__ else ""
        return f"{message}{cause}"
    key = found.group(1).partition("@")[0].lstrip("+")
    known = _known_keys(config_name)
    chosen_from = _groups_of(config_name)
    if key.partition(".")[0] in chosen_from and (elsewhere := _in_another_option(key, known)):
        return elsewhere
    same_end = [name for name in known if name.rpartition(".")[2] == key.rpartition(".")[2]]
    if not same_end and (group := nearest_name(key, groups())) in chosen_from:
        option = _typed(key).partition("=")[2]
        if nearest_name(key, [group, *(name for name in known if name not in groups())]) == group:
            wanted = f"{group}={option}" if option in options_of(group) else group
            return f"{key}: there is no such key. Did you mean {wanted}?"
    parent = key.rpartition(".")[0]
    siblings = sorted(name for name in known if name.rpartition(".")[0] == parent)
    there = f" There are: {', '.join(siblings)}." if siblings else ""
    hint = did_you_mean(key, same_end or known)
    if same_end and not hint:  # latent_dim, for instance: its whole key is too long to be similar
        hint = f" Did you mean {min(same_end, key=len)}?"
    return f"{key}: there is no such key.{hint}{there}"


def _groups_of(config_name: str) -> set[str]:
    """Return the groups that a verb's configuration chooses from; `dataset.root` may be a key where there is none."""
    verb = OmegaConf.load(conf_dir() / f"{config_name}.yaml")
    assert isinstance(verb, DictConfig)
    defaults = verb.get("defaults", [])
    names = [next(iter(entry)) if isinstance(entry, DictConfig) else str(entry) for entry in defaults]
    return {str(name).removeprefix("override ").partition("@")[0].partition("/")[0] for name in names}


def _in_another_option(key: str, known: list[str]) -> str | None:
    """Return the message if another option of the group has `key`, as for `dataset.root=FOLDER`; else None."""
    group = key.partition(".")[0]
    options = options_with(key)
    if not options:
        return None
    place = f"{group}@{'.'.join(key.split('.')[:2])}" if group in FOR_EACH_PLAYER else group
    choice = f"{place}={options[0]}"
    if group in TAKING_SEVERAL:
        chosen = [name.removeprefix(f"{group}.") for name in known if re.fullmatch(rf"{group}\.\w+", name)]
        choice = f"{group}=[{','.join([*chosen, options[0]])}]"
    others = f" (or {', '.join(options[1:])})" if options[1:] else ""
    return (
        f"{key}: there is no such key in what is chosen from {group}; {options[0]}{others} has it. Type both:\n"
        f"  {shell(choice, _typed(key))}"
    )


def _typed(key: str) -> str:
    """Return the argument for `key` as it was typed."""
    found = next((a for a in sys.argv if a.lstrip("+").partition("=")[0].partition("@")[0] == key), key)
    before, equals, value = found.partition("=")
    return f"{before}{equals}{plain(value)}"


def _plugins_of(group: str) -> list[str]:
    return [name.rpartition("/")[2] for name in PLUGINS if name.startswith(f"{group}/")]


def _known_keys(config_name: str) -> list[str]:
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            return [key for key, _ in walk(compose(config_name, _group_choices(sys.argv[1:])))]
    except (HydraException, OmegaConfBaseException):
        return []


def _group_choices(arguments: list[str]) -> list[str]:
    """Return the arguments that choose options of groups, which decide the valid keys."""
    choices = []
    for argument in arguments:
        group, _, option = argument.partition("=")
        options = [name.strip() for name in option.strip("[]").split(",") if name.strip()]
        if options and set(options) <= set(options_of(group)):
            choices.append(argument)
    return choices

"""Checks of composed configurations against untrusted recipes that would make Hydra itself run code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from ganart.config.walk import leaves
from ganart.errors import UserError

TARGETS = (
    r"hydra\.callbacks\.\w+=ganart\.runs\.(multirun\.Jobs|output\.Folder)",
    r"hydra\.(launcher|sweeper)=(hydra\._internal\.core_plugins|hydra_plugins)\.[\w.]+",  # Hydra knows its plugins
    r"hydra\.sweeper\.sampler=optuna\.samplers\.\w+",
)
"""Allowed keys and values of `_target_` below `hydra`."""

LOGGING = (
    r"handlers\.\w+\.class=logging\.(StreamHandler|FileHandler|NullHandler)",
    r"handlers\.\w+\.filename=\$\{hydra\.runtime\.output_dir\}/(\$\{hydra\.job\.name\})?[\w.-]*",
    r"handlers\.\w+\.stream=ext://sys\.std(out|err)",
    r"formatters\.\w+\.\(\)=colorlog\.ColoredFormatter",
)
"""Allowed settings of logging that name a class, function, file or stream; all others must be plain text."""

SHELL = ("setup", "python", "srun_args", "additional_parameters")
"""Settings of launchers that become lines of a shell script."""


@contextmanager
def checked() -> Iterator[None]:
    """Check every configuration that is composed inside the context.

    Hydra builds callbacks and logging handlers before it calls ganart, so the check must run at composition.
    """
    from hydra._internal.config_loader_impl import ConfigLoaderImpl

    compose = ConfigLoaderImpl.load_configuration

    def compose_and_check(self: Any, config_name: str | None, overrides: list[str], *args: Any, **more: Any) -> Any:
        cfg = compose(self, config_name, overrides, *args, **more)
        check(cfg, overrides)
        return cfg

    setattr(ConfigLoaderImpl, "load_configuration", compose_and_check)  # noqa: B010
    try:
        yield
    finally:
        setattr(ConfigLoaderImpl, "load_configuration", compose)  # noqa: B010


def check(cfg: DictConfig, overrides: Sequence[str]) -> None:
    """Check a composed configuration; `overrides` are those that the user typed.

    Raises:
        UserError: if it would run code, set environment variables or allow packages without the user having typed so,
            or if a recipe has no effect.
    """
    if isinstance(cfg.get("experiment"), DictConfig):
        chosen = next((typed for typed in overrides if typed.startswith("experiment=")), "experiment=…")
        raise UserError(
            f"{chosen}: the values of this recipe would stand below the key experiment, where nothing reads them. Its "
            "file must begin with the line\n  # @package _global_"
        )
    typed = [override.lstrip("+~").partition("=")[0] for override in overrides]
    allowed = cfg.get("allow_targets")
    if allowed and "allow_targets" not in typed:
        names = ",".join(map(str, allowed)) if isinstance(allowed, ListConfig) else allowed
        raise UserError(
            f"A recipe allows {names}: whose code is run is for you to say. If you trust it, type it: "
            f"'allow_targets=[{names}]'"
        )
    trusted = tuple(f"{str(name).rstrip('.')}." for name in allowed or ())
    of_hydra = OmegaConf.to_container(cfg.hydra, resolve=False) if "hydra" in cfg else {}
    for place, value in leaves(of_hydra, "hydra.", lists=True):
        problem = _problem(place, str(value), trusted) if value not in ({}, []) else None
        if problem and not any(_is_typed(place, key) for key in typed):
            raise UserError(
                f"{place}={value}: {problem}, and a recipe may not. If you wrote or trust it, type that key and its "
                "value yourself."
            )


def _problem(place: str, value: str, trusted: tuple[str, ...]) -> str | None:
    """Return the effect of the value at `place` that only the user may ask for; None if it is harmless."""
    parent, _, name = place.rpartition(".")
    if name == "_target_":
        is_known = any(re.fullmatch(pattern, f"{parent}={value}") for pattern in TARGETS)
        return None if is_known or value.startswith(trusted or ("\0",)) else "Hydra would build and run it"
    if place.startswith(("hydra.job_logging.", "hydra.hydra_logging.")):
        return _problem_of_logging(place.partition("_logging.")[2], value)
    if place.startswith("hydra.job.env_set."):
        return "it sets a variable of the environment"
    if place.startswith("hydra.launcher.") and place.split(".")[2] in SHELL and value != "None":
        return "it becomes a line of a shell script"
    if place == "hydra.job.name" and re.search(r"[/\\]", value):
        return "it is part of the name of a file"
    return None


def _problem_of_logging(place: str, value: str) -> str | None:
    if any(re.fullmatch(pattern, f"{place}={value}") for pattern in LOGGING):
        return None
    calls = place.endswith((".class", "()", ".filename")) or ".()." in f".{place}."
    return "it would be called, imported or written" if calls or re.search(r"://|\$\{", value) else None


def _is_typed(place: str, key: str) -> bool:
    """Return whether the typed `key` covers `place`; hydra/launcher=slurm also covers the launcher's shell script."""
    is_shell = place.startswith("hydra.launcher.") and place.split(".")[2] in SHELL
    key = key.replace("/", ".") if is_shell else key
    return place == key or place.startswith(f"{key}.")

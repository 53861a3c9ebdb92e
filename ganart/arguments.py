"""What a verb makes of the command line before Hydra reads it."""

from __future__ import annotations

import datetime
from pathlib import Path

from ganart.paths import quoted

ASKING = {"--help", "-h", "--cfg", "-c", "--info", "--hydra-help"}
FLAGS_WITH_VALUES = {"--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp", "--package", "-p"}
FLAGS_WITH_VALUES |= {"--cfg", "-c", "--experimental-rerun"}
INFOS = {"all", "config", "defaults", "defaults-tree", "plugins", "searchpath"}
"""What may follow `--info`, and need not."""


def asks(arguments: list[str]) -> bool:
    """Whether help or the configuration is wanted, and nothing is to be done."""
    return bool(ASKING & {argument.partition("=")[0] for argument in arguments})


def flags_in(arguments: list[str]) -> list[str]:
    """`--multirun`, `--config-dir FOLDER` and their like, with their values."""
    return _split(arguments)[0]


def overrides_in(arguments: list[str]) -> list[str]:
    """What changes the configuration: `key=value`, `+key=value` and `~key`."""
    return _split(arguments)[1]


def flags_first(arguments: list[str]) -> list[str]:
    """Python's parser takes all overrides at one place only; people write flags wherever they think of them."""
    flags, overrides = _split(arguments)
    return [*flags, *overrides]


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    flags: list[str] = []
    overrides: list[str] = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        is_value = before in FLAGS_WITH_VALUES or (before in ("--info", "-i") and argument in INFOS)
        (flags if is_value or argument.startswith("-") else overrides).append(argument)
    return flags, overrides


def values_in(arguments: list[str]) -> dict[str, str]:
    """The values by key; of a key that is given twice the last."""
    return dict(argument.split("=", 1) for argument in arguments if "=" in argument)


def with_seeds_quoted(arguments: list[str]) -> list[str]:
    """`seeds=0-63` and `seeds=1,5,9` as Hydra reads a string, not as a sweep."""
    seeds = [argument.removeprefix("seeds=") for argument in arguments if argument.startswith("seeds=")]
    others = [argument for argument in arguments if not argument.startswith("seeds=")]
    return others + [f"seeds={quoted(value)}" for value in seeds[-1:]]


def with_output(arguments: list[str], kind: str) -> list[str]:
    """Give the output its place: below `kind` in the run folder that is named or else here, by the time of day."""
    values = values_in(arguments)
    if "hydra.run.dir" in values:
        return arguments
    place = Path()
    if values.get("run"):
        from ganart.run_folder import RunFolder

        place = RunFolder.open(values["run"]).path
    folder = place / kind / f"{datetime.datetime.now():%Y-%m-%d_%H-%M-%S}"
    return [*arguments, f"hydra.run.dir={quoted(folder)}"]

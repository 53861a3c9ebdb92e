"""Parsing and rewriting of a verb's arguments before Hydra reads them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from ganart.config import naming as naming  # with_output writes place_of_job, one of its resolvers
from ganart.config.values import as_hydra_reads, exists, plain
from ganart.errors import UserError
from ganart.files.paths import latest_run, quoted, shell

ASKING = {"--help", "-h", "--cfg", "-c", "--info", "--hydra-help"}
FLAGS_WITH_VALUES = {"--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp", "--package", "-p"}
FLAGS_WITH_VALUES |= {"--cfg", "-c", "--experimental-rerun"}
INFOS = {"all", "config", "defaults", "defaults-tree", "plugins", "searchpath"}
"""Optional values of the flag `--info`."""


def asks(arguments: list[str]) -> bool:
    """Return whether the arguments ask only for help or the configuration."""
    return bool(ASKING & {argument.partition("=")[0] for argument in arguments})


def as_typed(arguments: list[str], *, comma_parts: bool) -> list[str]:
    """Return the arguments with values in Hydra's notation; flags keep their places.

    Args:
        arguments: all that follows the verb.
        comma_parts: True if for this verb commas separate several values also without `--multirun`.
    """
    several, folders = comma_parts or is_multirun(arguments), config_dirs_in(arguments)
    return [
        argument if is_flag else as_hydra_reads(argument, several=several, folders=folders)
        for is_flag, argument in _marked(arguments)
    ]


def config_dirs_in(arguments: list[str]) -> list[Path]:
    """Return the folders given with `--config-dir`."""
    flags = [part for flag in flags_in(arguments) for part in (flag.split("=", 1) if flag[0] == "-" else [flag])]
    return [Path(folder) for flag, folder in pairwise(flags) if flag in ("--config-dir", "-cd")]


def flags_in(arguments: list[str]) -> list[str]:
    """Return the flags, `--multirun`, `--config-dir FOLDER` …, with their values."""
    return _split(arguments)[0]


def overrides_in(arguments: list[str]) -> list[str]:
    """Return the overrides: `key=value`, `+key=value` and `~key`."""
    return _split(arguments)[1]


def flags_first(arguments: list[str]) -> list[str]:
    """Return the flags, then the overrides: argparse accepts overrides only in one place, users mix them with flags."""
    flags, overrides = _split(arguments)
    return [*flags, *overrides]


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    marked = _marked(arguments)
    return [a for is_flag, a in marked if is_flag], [a for is_flag, a in marked if not is_flag]


def _marked(arguments: list[str]) -> list[tuple[bool, str]]:
    """Return pairs of True for a flag or its value, else False, and the argument."""
    marked = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        is_value = before in FLAGS_WITH_VALUES or (before in ("--info", "-i") and argument in INFOS)
        marked.append((is_value or argument.startswith("-"), argument))
    return marked


def is_multirun(arguments: list[str]) -> bool:
    return bool({"--multirun", "-m"} & set(flags_in(arguments)))


def refuse_multirun(arguments: list[str], instead: str) -> None:
    """Raise `UserError` for `--multirun` with a verb that runs only once."""
    if is_multirun(arguments):
        raise UserError(f"Leave --multirun out. {instead}")


def values_in(arguments: list[str]) -> dict[str, str]:
    """Return the values by key, without quotes; of a repeated key the last."""
    pairs = [argument.split("=", 1) for argument in arguments if "=" in argument]
    return {key.lstrip("+"): plain(value) for key, value in pairs}


def without_paths(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return the arguments that are paths, not `key=value`, and the others; `latest` becomes the newest run."""
    paths: list[str] = []
    others: list[str] = []
    for is_flag, argument in _marked(arguments):
        is_override = "=" in argument or (argument.startswith("~") and not argument.startswith("~/"))
        (others if is_flag or (is_override and not exists(argument)) else paths).append(argument)
    return [str(latest_run("RUN")) if path == "latest" and not exists(path) else path for path in paths], others


ABOUT = {"generate": "run", "evaluate": "run", "audit": "run", "regenerate": "file", "dataset": "dataset.root"}
"""The key of each verb's main argument, which users may leave out."""


def with_path_named(verb: str, arguments: list[str]) -> list[str]:
    """Rewrite `ganart VERB PATH` as `ganart VERB key=PATH`; `ganart dataset PATH` also gets `dataset=image_folder`.

    Raises:
        UserError: if there are several paths.
    """
    paths, others = without_paths(arguments)
    if not paths or verb not in ABOUT:
        return arguments
    key, values = ABOUT[verb], values_in(others)
    if len(paths) > 1 or key in values:
        several = " Each of several: --multirun run=ONE,OTHER" if key == "run" else ""
        raise UserError(f"{shell(*paths)}: name one, by its path or by {key}=PATH.{several}")
    own = ["dataset=image_folder"] if verb == "dataset" and "dataset" not in values else []
    return [*own, *others, f"{key}={quoted(paths[0])}"]


def refuse_paths(arguments: list[str], *keys: str) -> None:
    """Raise `UserError` for a path without its key, as in `ganart train PICTURES`, naming the `keys` it may be for."""
    paths, _ = without_paths(arguments)
    if paths:
        lines = [f"  {' '.join([*key.split()[:-1], shell(f'{key.split()[-1]}={paths[0]}')])}" for key in keys]
        raise UserError("\n".join([f"{paths[0]} is no key=value. What is meant by it? Type", *lines]))


def with_seeds_quoted(arguments: list[str]) -> list[str]:
    """Quote `seeds=0-63` and `seeds=1,5,9`, so that Hydra reads a string, not a sweep."""
    others = [argument for argument in arguments if not argument.startswith("seeds=")]
    seeds = values_in(arguments).get("seeds")
    return others if seeds is None else [*others, f"seeds={quoted(seeds)}"]


CONSTANT_KEYS = "hydra.job.config.override_dirname.exclude_keys"


def with_constants_named(arguments: list[str]) -> list[str]:
    """Add the setting that leaves overrides equal in all jobs out of the jobs' names."""
    if CONSTANT_KEYS in values_in(arguments):
        return arguments
    try:
        overrides = OverridesParser.create().parse_overrides(overrides_in(arguments))
    except HydraException:
        return arguments  # Hydra will raise the error later
    # Hydra takes the last value of a repeated key.
    several = {str(o.input_line).partition("=")[0]: o.is_sweep_override() for o in overrides}
    constant = [key for key, is_swept in several.items() if not is_swept]
    names = [quoted(key) for key in constant if not key.startswith("hydra")]
    return [*arguments, f"{CONSTANT_KEYS}=[{','.join(names)}]"] if names else arguments


def with_output(arguments: list[str], kind: str) -> list[str]:
    """Add the output folder, named by date and time, below `kind` in the folder of `run=`, or else in this one.

    In a multirun the output of each job lies in the run folder of that job.
    """
    values, now = values_in(arguments), "${now:%Y-%m-%d_%H-%M-%S}"
    if is_multirun(arguments):
        named = now if "hydra.sweep.dir" in values else "${multirun_name:}"  # unlike the time, unique
        job = f"${{place_of_job:${{run}},{kind},{named},${{hydra.overrides.task}},${{{CONSTANT_KEYS}}}}}"
        places = {"hydra.sweep.dir": f"runs/{kind}/{now}", "hydra.sweep.subdir": quoted(job)}
        given = [f"{key}={place}" for key, place in places.items() if key not in values]
        return [*with_constants_named(arguments), *given]
    if "hydra.run.dir" in values:
        return arguments
    place = Path()
    if values.get("run"):
        from ganart.runs.folder import RunFolder

        place = RunFolder.open(values["run"]).path
    return [*arguments, f"hydra.run.dir={quoted(place / kind / now)}"]

"""What a verb makes of the command line before Hydra reads it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from ganart.config import naming as naming  # place_of_job stands in what with_output writes
from ganart.config.values import as_hydra_reads, exists, plain
from ganart.errors import UserError
from ganart.files.paths import latest_run, quoted, shell

ASKING = {"--help", "-h", "--cfg", "-c", "--info", "--hydra-help"}
FLAGS_WITH_VALUES = {"--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp", "--package", "-p"}
FLAGS_WITH_VALUES |= {"--cfg", "-c", "--experimental-rerun"}
INFOS = {"all", "config", "defaults", "defaults-tree", "plugins", "searchpath"}
"""What may follow `--info`, and need not."""


def asks(arguments: list[str]) -> bool:
    """Whether help or the configuration is wanted, and nothing is to be done."""
    return bool(ASKING & {argument.partition("=")[0] for argument in arguments})


def as_typed(arguments: list[str], *, comma_parts: bool) -> list[str]:
    """Write the values so that Hydra reads what was typed; the flags stay where they are.

    Args:
        arguments: all that follows the verb.
        comma_parts: whether values with commas are several values for this verb, without `--multirun` too.
    """
    several, folders = comma_parts or is_multirun(arguments), config_dirs_in(arguments)
    return [
        argument if is_flag else as_hydra_reads(argument, several=several, folders=folders)
        for is_flag, argument in _marked(arguments)
    ]


def config_dirs_in(arguments: list[str]) -> list[Path]:
    """The folders of the user's own groups."""
    flags = [part for flag in flags_in(arguments) for part in (flag.split("=", 1) if flag[0] == "-" else [flag])]
    return [Path(folder) for flag, folder in pairwise(flags) if flag in ("--config-dir", "-cd")]


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
    marked = _marked(arguments)
    return [a for is_flag, a in marked if is_flag], [a for is_flag, a in marked if not is_flag]


def _marked(arguments: list[str]) -> list[tuple[bool, str]]:
    """Each argument, and whether it is a flag or the value of one."""
    marked = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        is_value = before in FLAGS_WITH_VALUES or (before in ("--info", "-i") and argument in INFOS)
        marked.append((is_value or argument.startswith("-"), argument))
    return marked


def is_multirun(arguments: list[str]) -> bool:
    return bool({"--multirun", "-m"} & set(flags_in(arguments)))


def refuse_multirun(arguments: list[str], instead: str) -> None:
    """Raise `UserError` for `--multirun` with a verb that does once whatever it does."""
    if is_multirun(arguments):
        raise UserError(f"Leave --multirun out. {instead}")


def values_in(arguments: list[str]) -> dict[str, str]:
    """The values by key, out of their quotes; of a key that is given twice the last."""
    pairs = [argument.split("=", 1) for argument in arguments if "=" in argument]
    return {key.lstrip("+"): plain(value) for key, value in pairs}


def without_paths(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Part the arguments that are no `key=value` from the others: what a verb is about. `latest` is the newest run."""
    paths: list[str] = []
    others: list[str] = []
    for is_flag, argument in _marked(arguments):
        is_override = "=" in argument or (argument.startswith("~") and not argument.startswith("~/"))
        (others if is_flag or (is_override and not exists(argument)) else paths).append(argument)
    return [str(latest_run("RUN")) if path == "latest" and not exists(path) else path for path in paths], others


ABOUT = {"generate": "run", "evaluate": "run", "audit": "run", "regenerate": "file", "dataset": "dataset.root"}
"""The key of what a verb is about, which can be left out."""


def with_path_named(verb: str, arguments: list[str]) -> list[str]:
    """`ganart VERB PATH` as `ganart VERB key=PATH`; the pictures of `ganart dataset PATH` are one's own.

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
    """Raise `UserError` for a path that a verb takes only by its key: `ganart train PICTURES`."""
    paths, _ = without_paths(arguments)
    if paths:
        lines = [f"  {' '.join([*key.split()[:-1], shell(f'{key.split()[-1]}={paths[0]}')])}" for key in keys]
        raise UserError("\n".join([f"{paths[0]} is no key=value. What is meant by it? Type", *lines]))


def with_seeds_quoted(arguments: list[str]) -> list[str]:
    """`seeds=0-63` and `seeds=1,5,9` as Hydra reads a string, not as a sweep."""
    others = [argument for argument in arguments if not argument.startswith("seeds=")]
    seeds = values_in(arguments).get("seeds")
    return others if seeds is None else [*others, f"seeds={quoted(seeds)}"]


CONSTANT_KEYS = "hydra.job.config.override_dirname.exclude_keys"


def with_constants_named(arguments: list[str]) -> list[str]:
    """Tell Hydra which overrides are the same in all jobs, and no part of their names."""
    if CONSTANT_KEYS in values_in(arguments):
        return arguments
    try:
        overrides = OverridesParser.create().parse_overrides(overrides_in(arguments))
    except HydraException:
        return arguments  # Hydra will tell what cannot be read
    # Of a key that is given twice Hydra takes the last.
    several = {str(o.input_line).partition("=")[0]: o.is_sweep_override() for o in overrides}
    constant = [key for key, is_swept in several.items() if not is_swept]
    names = [quoted(key) for key in constant if not key.startswith("hydra")]
    return [*arguments, f"{CONSTANT_KEYS}=[{','.join(names)}]"] if names else arguments


def with_output(arguments: list[str], kind: str) -> list[str]:
    """Give the output its place: below `kind` in the run folder that is named or else here, by the time of day.

    Each job of a multirun has its place in its own run folder.
    """
    values, now = values_in(arguments), "${now:%Y-%m-%d_%H-%M-%S}"
    if is_multirun(arguments):
        named = now if "hydra.sweep.dir" in values else "${multirun_name:}"  # by which two of the same second differ
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

"""Names of jobs and folders in a multirun, from the overrides that differ; resolvers such as `${job_name:…}`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import OmegaConf

LONGEST_NAME = 120


def what_differs(overrides: Sequence[str], constant: Sequence[str] = ()) -> str:
    """Return a job's name from its overrides without `constant` keys: `loss-hinge_generator.lr-0.001_seed-1`.

    It has only characters that need no quotes in a shell or in Hydra's grammar, so that it can be typed after `run=`.
    """
    pairs = [override.partition("=")[::2] for override in overrides]
    values = {key: value for key, value in pairs if key not in constant}
    names = zip(tails_of(list(values)), values.values(), strict=True)
    words = [f"{name}-{_readable(value)}" if value else f"without-{name}" for name, value in names]
    name = "_".join(words)
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return name or "job"


def _plain(key: str) -> str:
    """Return a key without + or ~ and without its group: `optimizer@optimizer.generator` as `optimizer.generator`."""
    return re.sub(r"[^\w.-]+", "-", key.lstrip("+~").rpartition("@")[2])


def _readable(value: str) -> str:
    """Return a value as a part of a name, with digits of its hash if characters are replaced."""
    inside = re.sub(r"[\[\]'\"]", "", value).replace(",", "+")
    name = re.sub(r"[^\w.+-]+", "-", inside)
    if name != inside:
        name = f"{name.strip('-')}-{hashlib.sha256(value.encode()).hexdigest()[:4]}"
    return name or "none"


def tails_of(keys: Sequence[str]) -> list[str]:
    """Return the shortest dotted suffix of each key that no other key ends with."""
    plain, tails = [_plain(key) for key in keys], []
    for key in plain:
        parts = key.split(".")
        ends = [".".join(parts[first:]) for first in range(len(parts) - 1, -1, -1)]
        tails.append(next((end for end in ends if sum(f".{other}".endswith(f".{end}") for other in plain) == 1), key))
    return tails


def job_name(otherwise: str) -> str:
    """Return the name of this job of a multirun, or `otherwise` outside a multirun."""
    if not in_multirun():
        return otherwise
    hydra = HydraConfig.get()
    return what_differs(hydra.overrides.task, hydra.job.config.override_dirname.exclude_keys)


MULTIRUN = "multirun"


def shared_name(name: str, *searched: Mapping[str, str] | Sequence[str]) -> str:
    """Return the folder below runs/ for a multirun or study: `name`, if all its runs share it.

    If the runs have several data sets or names, it is the name of their experiment, or `multirun`. `searched` are the
    values that a study tries, by key or as overrides.
    """
    if not HydraConfig.initialized():
        return name
    typed = OverridesParser.create().parse_overrides(list(HydraConfig.get().overrides.task))
    several = {override.key_or_group for override in typed if override.is_sweep_override()}
    several |= {str(item).partition("=")[0] for some in searched for item in some}
    if not several & {"dataset", "name", "experiment"}:
        return name
    experiment = str(HydraConfig.get().runtime.choices.get("experiment"))
    return MULTIRUN if experiment in ("None", "null") or several & {"name", "experiment"} else experiment


def multirun_name() -> str | None:
    """Return the name of the multirun's folder; None outside a multirun."""
    return Path(HydraConfig.get().sweep.dir).name if in_multirun() else None


def place_of_job(run: str | None, kind: str, now: str, overrides: Sequence[str], constant: Sequence[str]) -> str:
    """Return the output folder of a job about `run` (a run folder or a checkpoint in one), below `kind` in that run."""
    if run is None:
        return what_differs(overrides, constant)
    path = Path(run).expanduser().resolve()
    folder = path.parents[1] if path.is_file() else path
    name = what_differs(overrides, [*constant, "run"])
    return str(folder / kind / (now if name == "job" else f"{now}_{name}"))


def in_multirun() -> bool:
    return HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN


for resolver in (what_differs, job_name, shared_name, multirun_name, place_of_job):
    OmegaConf.register_new_resolver(resolver.__name__, resolver, replace=True)

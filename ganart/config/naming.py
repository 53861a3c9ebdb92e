"""What a run is called that is one of many: by what sets it apart. Configurations may ask for it, `${job_name:…}`."""

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
    """Name a job by its overrides, but for those of `constant` keys: `loss-hinge_generator.lr-0.001_seed-1`.

    Only what needs no quotes in a shell or in Hydra's grammar is in it, so that it can be typed after `run=`.
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
    """`optimizer@optimizer.generator` to the place it stands at, without what adds or takes away."""
    return re.sub(r"[^\w.-]+", "-", key.lstrip("+~").rpartition("@")[2])


def _readable(value: str) -> str:
    """A value as a part of a name; where that loses something, with some letters by which to tell it from others."""
    inside = re.sub(r"[\[\]'\"]", "", value).replace(",", "+")
    name = re.sub(r"[^\w.+-]+", "-", inside)
    if name != inside:
        name = f"{name.strip('-')}-{hashlib.sha256(value.encode()).hexdigest()[:4]}"
    return name or "none"


def tails_of(keys: Sequence[str]) -> list[str]:
    """The shortest end of each dotted key that no other key ends in."""
    plain, tails = [_plain(key) for key in keys], []
    for key in plain:
        parts = key.split(".")
        ends = [".".join(parts[first:]) for first in range(len(parts) - 1, -1, -1)]
        tails.append(next((end for end in ends if sum(f".{other}".endswith(f".{end}") for other in plain) == 1), key))
    return tails


def job_name(otherwise: str) -> str:
    """What sets this job of a multirun apart, or `otherwise` if this is no multirun."""
    if not in_multirun():
        return otherwise
    hydra = HydraConfig.get()
    return what_differs(hydra.overrides.task, hydra.job.config.override_dirname.exclude_keys)


MULTIRUN = "multirun"


def shared_name(name: str, *searched: Mapping[str, str] | Sequence[str]) -> str:
    """The folder below runs/ for many runs: `name`, that of each by itself, where they share it.

    Where they have several data sets or names, and so no name in common, that of their experiment, or `multirun`.
    `searched` are the values that a study tries, by key or as overrides.
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
    """The name of the multirun's folder; None if this is no multirun."""
    return Path(HydraConfig.get().sweep.dir).name if in_multirun() else None


def place_of_job(run: str | None, kind: str, now: str, overrides: Sequence[str], constant: Sequence[str]) -> str:
    """Where a job that looks at `run` (a run folder, or a checkpoint in one) leaves its output: below `kind` in it."""
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

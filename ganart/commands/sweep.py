"""The verb `ganart sweep`: a search for the best values of any keys, on this machine or on many at once."""

from __future__ import annotations

import inspect
import math
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf

from ganart.command_line.arguments import asks, flags_in, overrides_in, refuse_multirun, refuse_paths, values_in
from ganart.command_line.run_dirs import without_resume
from ganart.config.messages import reports_user_errors
from ganart.config.naming import tails_of
from ganart.errors import UserError
from ganart.files.paths import conf_dir, from_here, quoted, shell, write_atomically

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from ganart.sweeping.objective import Objective
    from ganart.sweeping.space import SearchSpace

OWN_KEYS = ("n_trials", "objective", "seeds", "search", "timeout", "storage", "sampler", "pruner", "sweep")
SPACE = "sweep.space."
MAY_DIFFER = ("run_folder", "resume", "logger.", "trainer.", "dataset.root", "dataset.download", "callback.progress.")
"""Keys that may differ between machines, or between sessions, of the same study."""


@hydra.main(config_path=str(conf_dir()), config_name="sweep", version_base="1.3")
@reports_user_errors
def main(cfg: DictConfig) -> None:
    """Run trials of the study in `cfg` until all are done."""
    try:
        import optuna
    except ImportError:
        raise UserError("ganart sweep needs Optuna: pip install 'ganart[sweep]'") from None
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    warnings.filterwarnings("ignore", message="PedAnovaImportanceEvaluator computes")
    work_on_study(cfg, Path(HydraConfig.get().runtime.output_dir), HydraConfig.get().job.config_name or "sweep")


def work_on_study(cfg: DictConfig, folder: Path, config_name: str) -> None:
    """Create or join the study in `folder`, run trials, and write its results and best recipe.

    Raises:
        UserError: if the settings, the search space or the data set are not valid.
    """
    from ganart.config.build import build, build_dataset
    from ganart.console import console
    from ganart.datasets import cache
    from ganart.machine.launch import launch_of
    from ganart.sweeping import outcome
    from ganart.sweeping.objective import objectives_of
    from ganart.sweeping.sampler import SeededByTrial
    from ganart.sweeping.space import SearchSpace
    from ganart.sweeping.study import Study
    from ganart.sweeping.worker import Worker, composer
    from ganart.training.checks import check

    if launch_of(cfg.trainer) is not None:
        raise UserError(
            "torchrun and srun start all processes of one run, and a sweep is many. Leave them out: trainer=ddp "
            "trainer.devices=N starts the processes of each trial. To let each process work on the study by itself: "
            "srun ganart sweep … trainer.devices=1"
        )
    base = [o for o in without_resume(HydraConfig.get().overrides.task) if not _is_own(o)]
    compose = composer(config_name, base, OWN_KEYS)
    check_settings(cfg)
    check(compose([]))
    objectives, space = objectives_of(cfg), SearchSpace.read(searched(cfg))
    space.check(compose)
    sampler = sampler_of(cfg, space, compose)
    pruner = build(cfg.pruner, allow=cfg.allow_targets)
    prunes = len(objectives) == 1 and type(pruner).__name__ != "NopPruner"
    study = Study.open(
        folder, cfg.storage, objectives, SeededByTrial(sampler, cfg.seed), pruner, name=f"{cfg.name}/{folder.name}"
    )
    study.agree_on(recipe(compose([]), cfg, space, objectives))
    cache.load(build_dataset(cfg.dataset, allow=cfg.allow_targets))  # problems of the data set must not fail trials
    n_trials = min(cfg.n_trials, _points(space) if cfg.sampler._target_.endswith("GridSampler") else math.inf)
    console.say(
        f"study     {from_here(folder)}: {', '.join(space.as_written)}, by {', '.join(o.key for o in objectives)}"
    )

    def write_down() -> dict[str, Any]:
        facts = outcome.describe(study, objectives, space.as_written, cfg.total_images)
        outcome.write(folder, facts)
        return facts

    worker = Worker(study, space, objectives, compose, list(cfg.seeds), base, prunes)
    worker.work(int(n_trials), time.monotonic() + (cfg.timeout or math.inf), write_down)
    conclude(write_down(), folder, config_name, base)


def conclude(facts: dict[str, Any], folder: Path, config_name: str, base: list[str]) -> None:
    """Print the results of a study, write its best recipe, and print what to type next."""
    from ganart.console import console, fail
    from ganart.sweeping import outcome
    from ganart.sweeping.recipe import as_experiment

    console.say(f"\n{outcome.headline(facts)}")
    console.print(outcome.table(facts))
    if not facts["best"]:
        fail("No trial has come to a value. Why stands in study.json, and in the failure.json of each run.")
    overrides = [*base, *next(trial["overrides"] for trial in facts["trials"] if trial["number"] == facts["best"][0])]
    comment = f"{outcome.headline(facts)}; this is trial {facts['best'][0]}."
    (folder / "experiment").mkdir(exist_ok=True)
    best, lost = as_experiment(config_name, overrides, OWN_KEYS, comment)
    write_atomically(folder / "experiment" / "best.yaml", best)
    shown = from_here(folder)
    command = shell("ganart", "train", "--config-dir", shown, "experiment=best", *lost)
    console.say(f"train the best    {command}")
    console.say(f"look at it all    {shell('ganart', 'report', shown)}")
    console.say(f"for the log       {outcome.line_for_log(shown, facts)}")


def searched(cfg: DictConfig) -> dict[str, str]:
    """Return the search space by key, as written: that of the `sweep` group, then that of the command line."""
    of_group = OmegaConf.to_container(cfg.sweep.space, resolve=True)
    assert isinstance(of_group, dict)
    of_command = dict(str(override).split("=", 1) for override in cfg.search)
    return {**{str(key): str(written) for key, written in of_group.items()}, **of_command}


def check_settings(cfg: DictConfig) -> None:
    """Raise `UserError` for invalid settings of a study; make `cfg.seeds` a list."""
    for key, least in (("n_trials", 1), ("timeout", 1)):
        value = cfg[key]
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool) or value < least):
            raise UserError(f"{key}={value} must be a number of at least {least}.")
    seeds = cfg.seeds if isinstance(cfg.seeds, ListConfig) else [cfg.seeds]
    if not seeds or len(set(seeds)) != len(seeds) or not all(isinstance(seed, int) for seed in seeds):
        raise UserError(f"seeds={cfg.seeds}: give each trial one or more different seeds, seeds=0,1,2.")
    cfg.seeds = seeds
    if "seed" in {**cfg.sweep.space, **dict(override.split("=", 1) for override in cfg.search)}:
        raise UserError("seed is not searched for: a lucky one says nothing. Give each trial several, seeds=0,1,2.")
    if "interrupt" not in cfg.callback:
        raise UserError("A sweep ends trials through callback.interrupt: leave it in.")


def sampler_of(cfg: DictConfig, space: SearchSpace, compose: Any) -> Any:
    """Return a function from a seed to a sampler."""
    from hydra.utils import get_object

    from ganart.config.build import build

    extra = {}
    if "search_space" in inspect.signature(get_object(cfg.sampler._target_)).parameters:
        extra["search_space"] = space.grid(compose)

    def make(seed: int) -> BaseSampler:
        return build(cfg.sampler, allow=cfg.allow_targets, seed=seed, **extra)

    return make


def recipe(run: DictConfig, cfg: DictConfig, space: SearchSpace, objectives: list[Objective]) -> dict[str, Any]:
    """Return the settings shared by all trials of a study, flat."""
    from ganart.config.walk import flat

    shared = {key: value for key, value in flat(run).items() if not key.startswith(MAY_DIFFER)}
    searched = {f"sweep.space.{key}": written for key, written in space.as_written.items()}
    return {
        **shared,
        **searched,
        "trainer.max_time": run.trainer.max_time,
        "objective": [goal.key for goal in objectives],
        "seeds": list(cfg.seeds),
    }


def prepare_arguments(arguments: list[str]) -> list[str]:
    """Collect overrides with several values, as `loss=hinge,minimax`, into `search=[…]`; make a list of `seeds=0,1`."""
    if asks(arguments):
        return arguments
    refuse_paths(arguments, "dataset=image_folder dataset.root", "hydra.run.dir")
    refuse_multirun(arguments, "ganart sweep is many runs already. loss=hinge,minimax is searched as it stands.")
    parser = OverridesParser.create()
    kept = flags_in(arguments)
    search: list[str] = []
    for argument in overrides_in(arguments):
        try:
            several = parser.parse_override(argument).is_sweep_override()
        except HydraException:
            several = False  # Hydra will raise the error later
        key, _, written = argument.partition("=")
        if several and key.startswith(SPACE):
            search.append(f"{key.removeprefix(SPACE)}={written}")
        elif several and _is_own(argument):
            kept.append(f"{key}=[{written}]")
        else:
            (search if several else kept).append(argument)
    if not search:
        return kept
    values = values_in(kept)
    kept += [] if "sweep" in values else ["sweep=none"]
    if "hydra.run.dir" not in values and "sweep" not in values:
        names = "_".join(tails_of([override.partition("=")[0] for override in search]))
        # In quotes: Hydra's grammar knows interpolations in interpolations only inside of texts.
        kept.append(f"hydra.run.dir='runs/${{shared_name:${{name}},${{search}}}}/sweep_{names}'")
    return [*kept, f"search=[{','.join(map(quoted, search))}]"]


def _is_own(override: str) -> bool:
    return override.lstrip("+~").partition("=")[0].split(".")[0] in OWN_KEYS


def _points(space: SearchSpace) -> int:
    return math.prod(len(parameter.values) for parameter in space.parameters)

"""The verb `ganart train`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ganart.command_line.arguments import asks, refuse_paths, with_constants_named
from ganart.command_line.run_dirs import with_folder_to_resume, without_resume
from ganart.config.messages import reports_user_errors
from ganart.config.naming import in_multirun
from ganart.console import console
from ganart.files.paths import conf_dir, from_here, shell
from ganart.runs.multirun import failure_stays_in_its_job

if TYPE_CHECKING:
    from ganart.runs.folder import RunFolder


@failure_stays_in_its_job
@reports_user_errors
def train_one(cfg: DictConfig) -> float | None:
    """Train one GAN from `cfg`; return its first final score, for sweepers."""
    # Imported here because composing, `--help` and `--cfg job` need none of it, and it takes seconds.
    from ganart.api.runs import train_composed
    from ganart.training.lightning import is_first_process

    run, status = train_composed(cfg, without_resume(HydraConfig.get().overrides.task))
    if status is None:
        console.say(f"{from_here(run.path)} is finished already.")
        return run.first_score
    if status:
        sys.exit(status)
    if is_first_process() and not in_multirun():
        print_next_commands(run)
    return run.first_score


main = hydra.main(config_path=str(conf_dir()), config_name="train", version_base="1.3")(train_one)
"""Launchers pickle `train_one` by name, so it must not be replaced by its decorated form."""


def print_next_commands(run: RunFolder) -> None:
    folder = from_here(run.path)
    lines = {
        **({"pictures while it learned": shell(f"{folder}/samples/")} if any(run.samples.iterdir()) else {}),
        "generate pictures": shell("ganart", "generate", f"run={folder}", "seeds=0-63"),
        **({"score in full": shell("ganart", "evaluate", f"run={folder}")} if can_be_scored(run) else {}),
        "train on": shell("ganart", "train", f"resume={folder}", more_training(run)),
    }
    for what, line in lines.items():
        console.say(f"{what:<27} {line}")


def more_training(run: RunFolder) -> str:
    """Return the override with which a run that has ended trains on: twice the rounds or images that it has seen."""
    if run.summary.get("ended_by") == "steps":
        return f"trainer.max_steps={2 * run.config.trainer.max_steps}"
    return f"total_images={max(2 * run.summary['images_seen'], run.config.total_images)}"


def can_be_scored(run: RunFolder) -> bool:
    """Return whether `ganart evaluate` has features: those of Inception, or of a classifier, which needs labels."""
    from ganart.features.inception import local_weights

    has_labels = any(len(factor["classes"]) > 1 for factor in run.dataset["factors"])
    return has_labels or local_weights(None) is not None


def prepare_arguments(arguments: list[str]) -> list[str]:
    """Name the jobs of a multirun by the overrides that differ; add the folder of a resumed run."""
    if asks(arguments):
        return arguments
    refuse_paths(arguments, "dataset=image_folder dataset.root", "resume")
    return with_folder_to_resume(with_constants_named(arguments))

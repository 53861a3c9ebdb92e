"""The processes that Lightning starts for further devices: what they run, and what is left when they are gone."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from unittest.mock import patch

import torch
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, read_write
from pytorch_lightning import Trainer

from ganart.paths import quoted


@contextmanager
def children_train(run_folder: Path, checkpoint: Path | None, trainer: Trainer) -> Iterator[None]:
    """Let every further process of this training train what config.yaml in `run_folder` says, from `checkpoint`.

    Lightning starts them as this process was started. Of a multirun each would then run a sweep of its own, in folders
    of its own; of a job in a pool of workers it would start the pool's program. Afterwards nothing of the job is left:
    neither its process group nor the environment variables by which the next job would take itself for its part.
    """
    arguments = ["train", "--config-path", str(run_folder.resolve()), "--config-name", CONFIG_NAME]
    arguments += [f"resume={quoted(checkpoint) if checkpoint else 'null'}", "hydra/job_logging=none"]
    environment = dict(os.environ)
    try:
        with (
            patch.object(sys, "argv", [sys.argv[0], *arguments]),
            patch.object(sys.modules["__main__"], "__spec__", importlib.util.find_spec("ganart.__main__")),
            run_dir_of_hydra(run_folder),
        ):
            yield
    finally:
        release_children(trainer)
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        os.environ.clear()
        os.environ.update(environment)


@contextmanager
def run_dir_of_hydra(run_folder: Path) -> Iterator[None]:
    """Lightning tells the processes that it starts the folder of a single run, which in a multirun is not the job's."""
    if not HydraConfig.initialized():
        yield
        return
    hydra = cast(DictConfig, HydraConfig.get())
    with read_write(hydra):
        before, hydra.run.dir = hydra.run.dir, str(run_folder.resolve())
        try:
            yield
        finally:
            hydra.run.dir = before


def release_children(trainer: Trainer) -> None:
    """See the other processes of the job off, and stop Lightning from watching them.

    Its watcher kills this process within seconds when one of them has failed: a job that failed, and has been told,
    would end all that come after it.
    """
    watched = getattr(trainer.strategy.launcher, "procs", None) or []
    children, watched[:] = list(watched), []
    for child in children:
        try:
            child.wait(SECONDS_TO_LEAVE)
        except subprocess.TimeoutExpired:  # it waits for this one, say, and holds its device
            child.kill()


def is_child() -> bool:
    """Whether another process of ganart has started this one, with the whole configuration of its run."""
    return HydraConfig.initialized() and HydraConfig.get().job.config_name == CONFIG_NAME


CONFIG_NAME = "config"
SECONDS_TO_LEAVE = 30

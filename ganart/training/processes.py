"""The processes of one run: ranks, start of the other processes, and cleaning up after them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from unittest.mock import patch

import torch
from hydra.core.hydra_config import HydraConfig
from lightning_fabric.plugins.environments.lightning import find_free_network_port
from omegaconf import DictConfig, read_write
from pytorch_lightning import Trainer
from pytorch_lightning.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ganart.console import console
from ganart.files.paths import quoted
from ganart.machine.launch import launch_of


def take_rank(trainer: DictConfig) -> None:
    """Set the rank of this process in its run, before there is a trainer.

    Lightning takes the rank from environment variables (RANK, LOCAL_RANK, SLURM_PROCID), which may also be set in
    processes with a run of their own: all but one of them would print nothing.
    """
    launch = launch_of(trainer)
    if launch is not None:
        rank = launch.rank
    elif is_child():
        rank = int(os.environ.get("LOCAL_RANK", "0"))
    else:
        rank = int(os.environ.get("NODE_RANK", "0")) if trainer.num_nodes > 1 else 0
    rank_zero_only.rank = rank  # type: ignore[attr-defined]
    console.quiet = rank != 0


def environment_of(trainer: DictConfig) -> ClusterEnvironment:
    """Return Lightning's cluster environment: of torchrun or Slurm if these started the processes, else our own."""
    launch = launch_of(trainer)
    if launch is None:
        return OwnProcesses(trainer.num_nodes)
    return TorchElasticEnvironment() if launch.by == "torchrun" else SLURMEnvironment()


class OwnProcesses(LightningEnvironment):
    """An environment in which the first process starts the others, whatever variables a launcher has set."""

    def __init__(self, num_nodes: int) -> None:
        super().__init__()
        self._hears = is_child() or num_nodes > 1

    @property
    def creates_processes_externally(self) -> bool:
        return is_child()

    @property
    def main_address(self) -> str:
        return super().main_address if self._hears else "127.0.0.1"

    @property
    def main_port(self) -> int:
        if not self._hears and self._main_port == -1:
            self._main_port = find_free_network_port()
        return super().main_port

    def local_rank(self) -> int:
        return super().local_rank() if is_child() else 0

    def node_rank(self) -> int:
        return super().node_rank() if self._hears else 0


@contextmanager
def children_train(
    run_folder: Path, checkpoint: Path | None, trainer: Trainer, allow: Sequence[str] = ()
) -> Iterator[None]:
    """Make the other processes of this run train config.yaml in `run_folder` from `checkpoint`; clean up on exit.

    Lightning starts them with the command line of this process: in a multirun each would run its own sweep, and in a
    pool of workers the pool's program. On exit the process group is destroyed and environment variables are restored,
    so that the next job does not take itself for a part of this one.
    """
    arguments = ["train", "--config-path", str(run_folder.resolve()), "--config-name", CONFIG_NAME]
    arguments.append(f"run_folder={quoted(run_folder.resolve())}")
    arguments += [f"resume={quoted(checkpoint) if checkpoint else 'null'}", "hydra/job_logging=none"]
    arguments.append(f"allow_targets=[{','.join(map(quoted, allow))}]")  # from this command, not from the file
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
    """Set Hydra's folder of a single run, which Lightning passes to the processes it starts, to this job's folder."""
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
    """Wait for the other processes of the job, or kill them, and stop Lightning from watching them.

    Lightning's watcher kills this process within seconds after one of them has failed, which would also end the
    following jobs of a multirun.
    """
    watched = getattr(trainer.strategy.launcher, "procs", None) or []
    children, watched[:] = list(watched), []
    for child in children:
        try:
            child.wait(SECONDS_TO_LEAVE)
        except subprocess.TimeoutExpired:  # for example, it waits for this process and holds its device
            child.kill()


def is_child() -> bool:
    """Return whether another process of ganart has started this one with the configuration of its run."""
    return HydraConfig.initialized() and HydraConfig.get().job.config_name == CONFIG_NAME


CONFIG_NAME = "config"
SECONDS_TO_LEAVE = 30

"""Launches: processes started together by torchrun, srun, mpirun or jsrun, and whether they train one run.

The environment variables of a scheduler or launcher are trusted only if the run has as many processes as were started.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from omegaconf import DictConfig, ListConfig

from ganart.errors import UserError

NO_REAL_STEP = 2**32 - 100
"""Step numbers from here on are not srun's: Slurm gives them to the batch script or an interactive shell."""

AT_ONCE = "GANART_JOBS_AT_ONCE"
"""Environment variable with which a multirun passes its jobs the number of jobs at a time on this machine."""

OTHERS = {"mpirun": ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE"), "jsrun": ("JSM_NAMESPACE_SIZE",)}


@dataclass(frozen=True)
class Launch:
    """One of `size` processes that the program `by` has started together, `per_node` on each machine."""

    by: str
    size: int
    per_node: int = 0
    rank: int = 0
    name: str | None = None

    @classmethod
    def find(cls, environment: Mapping[str, str] | None = None) -> Launch | None:
        """Return the launch that this process belongs to; None if it was started alone."""
        variables = os.environ if environment is None else environment
        found = _by_torchrun(variables) or _by_srun(variables) or _by_others(variables)
        return found if found and found.size > 1 else None


def launch_of(trainer: DictConfig) -> Launch | None:
    """Return the launch whose processes train one run together, according to `devices` and `num_nodes` of `trainer`.

    None for a process that trains alone or that starts the others itself.

    Raises:
        UserError: if the launch and the run differ in size, or srun was not given `--ntasks-per-node`; says what to
            type.
    """
    launch, wanted = Launch.find(), num_processes(trainer)
    if launch is None or (wanted == 1 and launch.by != "torchrun"):
        return None
    if launch.by in OTHERS:
        raise UserError(
            f"{launch.by} has started {launch.size} processes, and ganart does not train one run with them. Start it "
            f"by torchrun or srun, or give each process a run of its own: trainer.devices=1 trainer.num_nodes=1"
        )
    if wanted not in (None, launch.size):
        nodes = launch.size // launch.per_node
        alone = "" if launch.by == "torchrun" else " For a run of its own in each: trainer.devices=1"
        raise UserError(
            f"{launch.by} has started {launch.size} processes, and this run is to have {wanted}: trainer.devices="
            f"{trainer.devices} × trainer.num_nodes={trainer.num_nodes}. For one run with all of them: trainer=ddp "
            f"trainer.devices={launch.per_node} trainer.num_nodes={nodes}.{alone}"
        )
    if launch.by == "srun" and "SLURM_NTASKS_PER_NODE" not in os.environ:
        raise UserError(f"Tell srun how many processes each machine has: srun --ntasks-per-node={launch.per_node}")
    return launch


def num_processes(trainer: DictConfig) -> int | None:
    """Count the processes of a run; None if the machine decides (`devices=auto`)."""
    if not str(trainer.num_nodes).isdecimal():  # refused where all settings are checked
        return None
    devices, nodes = trainer.devices, int(trainer.num_nodes)
    if isinstance(devices, list | ListConfig):
        return len(devices) * nodes
    text = str(devices).strip()
    if "," in text:
        return len([number for number in text.split(",") if number.strip()]) * nodes
    return int(text) * nodes if text.isdecimal() else None


def _by_torchrun(variables: Mapping[str, str]) -> Launch | None:
    if "TORCHELASTIC_RUN_ID" not in variables:
        return None
    size = _number(variables, ["WORLD_SIZE"])
    name = variables["TORCHELASTIC_RUN_ID"]
    return Launch(
        by="torchrun",
        size=size,
        per_node=_number(variables, ["LOCAL_WORLD_SIZE"], size),
        rank=_number(variables, ["RANK"], 0),
        name=None if name == "none" else name,
    )


def _by_srun(variables: Mapping[str, str]) -> Launch | None:
    """Return the srun step of this process, if any. A batch script has SLURM_PROCID too, but is a single process."""
    if "SLURM_PROCID" not in variables or not _number(variables, ["SLURM_STEP_ID"], NO_REAL_STEP) < NO_REAL_STEP:
        return None
    size = _number(variables, ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"])
    nodes = _number(variables, ["SLURM_STEP_NUM_NODES", "SLURM_NNODES"])
    return Launch(
        by="srun",
        size=size,
        per_node=max(1, size // nodes),
        rank=_number(variables, ["SLURM_PROCID"], 0),
        name=f"slurm-{variables.get('SLURM_JOB_ID', '0')}.{variables['SLURM_STEP_ID']}",
    )


def _by_others(variables: Mapping[str, str]) -> Launch | None:
    for program, keys in OTHERS.items():
        if (size := _number(variables, keys)) > 1:
            return Launch(by=program, size=size)
    return None


def _number(variables: Mapping[str, str], keys: Iterable[str], otherwise: int = 1) -> int:
    """Return the first of `keys` that holds a number, else `otherwise`."""
    return next((int(variables[key]) for key in keys if variables.get(key, "").isdecimal()), otherwise)

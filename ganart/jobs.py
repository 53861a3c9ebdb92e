"""Where a command that trains has its run folder: the one it ran in before, or one that all its processes know."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganart import places
from ganart.arguments import flags_in, is_multirun, overrides_in, values_in
from ganart.errors import UserError
from ganart.foreign import read_yaml
from ganart.paths import quoted


def with_folder_of_same_command(arguments: list[str]) -> list[str]:
    """Give `resume=auto` the folder where the same command ran last, if it did."""
    key = "hydra.sweep.dir" if is_multirun(arguments) else "hydra.run.dir"
    other_recipe = any(flag.startswith("--config") or flag in ("-cn", "-cd", "-cp") for flag in flags_in(arguments))
    if key in values_in(arguments) or other_recipe:  # of which the folders here say nothing
        return arguments
    wanted = sorted(without_resume(overrides_in(arguments)))
    for folder in _latest_first("multirun.yaml" if key == "hydra.sweep.dir" else "overrides.yaml"):
        with suppress(UserError):  # a folder that cannot be read is not the one of this command
            if sorted(without_resume(_overrides_of(folder))) == wanted:
                return [*arguments, f"{key}={quoted(folder)}"]
    return arguments


def with_folder_to_resume(arguments: list[str]) -> list[str]:
    """Give a command that resumes the folder of its run, which Hydra has to know before it begins."""
    values = values_in(arguments)
    wanted = values.get("resume", "null")
    if wanted == "auto" and "hydra.run.dir" not in values:
        return with_folder_of_same_command(arguments)
    if wanted in ("", "null", "auto"):
        return arguments
    # Where the files of the run are now: keys that this command's own data set need not have.
    arguments = [f"++{a}" if a.partition("=")[0] in places.KEYS else a for a in arguments]
    if "hydra.run.dir" in values:
        return arguments
    from ganart.run_folder import RunFolder

    folder = RunFolder.open(wanted, key="resume").path
    return [*arguments, f"hydra.run.dir={quoted(folder)}"]


def with_one_folder_for_all(arguments: list[str]) -> list[str]:
    """Name the run folder after the launch where torchrun or Slurm started several processes: all of them know that.

    Raises:
        UserError: if the launch has no name.
    """
    by_torchrun = "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1
    by_slurm = "SLURM_PROCID" in os.environ and int(os.environ.get("SLURM_NTASKS", "1")) > 1
    if (by_torchrun or by_slurm) and is_multirun(arguments):
        raise UserError(
            "torchrun and srun start all processes of one run, and this is many. Leave them out: "
            "trainer=ddp trainer.devices=N starts the processes of each job; on Slurm take hydra/launcher=slurm."
        )
    if "hydra.run.dir" in values_in(arguments):
        return arguments
    if by_torchrun:
        launch = os.environ["TORCHELASTIC_RUN_ID"]
        if launch == "none":
            raise UserError(
                "torchrun has started several processes, which have to share a run folder: give hydra.run.dir=FOLDER, "
                "or torchrun --rdzv-id NAME."
            )
    elif by_slurm:
        launch = f"slurm-{os.environ['SLURM_JOB_ID']}.{os.environ.get('SLURM_STEP_ID', '0')}"
    else:
        return arguments
    return [*arguments, f"hydra.run.dir=runs/${{name}}/{launch}"]


def without_resume(overrides: Sequence[str]) -> list[str]:
    return [override for override in overrides if not override.startswith(("resume=", "hydra.", "hydra/"))]


def _latest_first(name: str) -> Iterator[Path]:
    files = sorted(Path("runs").glob(f"*/*/{name}"), key=lambda file: file.stat().st_mtime, reverse=True)
    return (file.parent for file in files)


def _overrides_of(folder: Path) -> list[str]:
    """What was typed to make the run or the multirun in `folder`."""
    if (folder / "multirun.yaml").is_file():
        found: Any = read_yaml(folder / "multirun.yaml")
        for name in ("hydra", "overrides", "task"):
            found = found.get(name) if isinstance(found, dict) else None
    else:
        found = read_yaml(folder / "overrides.yaml")
    return [str(override) for override in found] if isinstance(found, list) else []

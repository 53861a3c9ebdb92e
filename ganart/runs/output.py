"""The output folder of a command: new for each command, shared by all processes of a run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, read_write

from ganart.config.naming import in_multirun
from ganart.console import fail, remark
from ganart.errors import PlaceError, UserError
from ganart.files.foreign import is_inside
from ganart.files.paths import RUN_ADVICE, quoted
from ganart.machine.launch import Launch, launch_of

BY_TIME = re.compile(r"\$\{now:[^}]*\}")


class Folder(Callback):
    """Hydra callback that sets the folder of a command before anything is written, and prints each job's name."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        with _user_errors_end_the_command():
            choose_run_folder(config)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        with _user_errors_end_the_command():
            choose_multirun_folder(config)

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        if in_multirun():
            remark(f"\njob {config.hydra.job.num + 1}", "bold", f"    {Path(config.hydra.runtime.output_dir).name}")


def choose_run_folder(config: DictConfig) -> None:
    """Choose the run folder of `config` if it is named by the time, and record it there.

    A folder named by the time must be new. Two commands may begin in the same second, as the jobs of an array do, so
    each creates its own: the second gets NAME_2. The processes of one run share theirs and name it by their launch,
    since each may begin in another second.

    Raises:
        UserError: if another program has started processes that can neither train one run nor one each.
    """
    launch, raw = _launch_of(config), _as_written(config, "run")
    if not BY_TIME.search(raw):
        _refuse_log_elsewhere(_resolved(config, "run", raw))
        refuse_impossible(_resolved(config, "run", raw))
        return
    if launch is None:
        _record_folder(config, "run", created(_resolved(config, "run", raw)))
        return
    if launch.name is None:
        raise UserError(
            f"{launch.by} has started several processes, which have to share a run folder: give hydra.run.dir=FOLDER, "
            "or torchrun --rdzv-id NAME."
        )
    named = BY_TIME.sub(lambda _: str(launch.name), raw)
    _record_folder(config, "run", _resolved(config, "run", named))


def choose_multirun_folder(config: DictConfig) -> None:
    """Choose the folder of a multirun, created if it is named by the time, and record it for the sweeper and every job.

    The folder is named after the run by `hydra.sweep.dir`, and the run after its data set, with `${hydra:…}`. Jobs
    resolve that with their own data set and would get another folder, so the resolved path is recorded.

    Raises:
        UserError: if several processes were started for it.
    """
    if _launch_of(config) is not None:
        raise UserError(
            "torchrun and srun start all processes of one run, and this is many. Leave them out: "
            "trainer=ddp trainer.devices=N starts the processes of each job; on Slurm take hydra/launcher=slurm."
        )
    raw = _as_written(config, "sweep")
    folder = _resolved(config, "sweep", raw)
    _record_folder(config, "sweep", created(folder) if BY_TIME.search(raw) else folder)


def refuse_impossible(folder: Path) -> None:
    """Raise `PlaceError` where the system has no such folder and makes none, below /proc, say."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if there == folder or os.access(there, os.W_OK) is False:
        return  # what is closed to this user is reported by the first write
    try:
        folder.mkdir(parents=True)
    except FileNotFoundError as error:
        raise PlaceError(f"{folder} cannot be written: {there} takes no folders. {RUN_ADVICE}") from error
    except OSError:
        return
    folder.rmdir()
    for parent in folder.absolute().parents:
        if parent == there.absolute():
            return
        parent.rmdir()


def created(folder: Path) -> Path:
    """Create `folder`, or the first of FOLDER_2, FOLDER_3 … that does not exist; return the one created."""
    with suppress(OSError):  # a disk error is reported by the first write there
        folder.parent.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            place = folder if number == 1 else folder.with_name(f"{folder.name}_{number}")
            with suppress(FileExistsError):
                place.mkdir()
                return place
    return folder


def _launch_of(config: DictConfig) -> Launch | None:
    """Return the launch that trains this run; None for commands that do not train."""
    return launch_of(config.trainer) if "trainer" in config else None


def _as_written(config: DictConfig, kind: str) -> str:
    raw = OmegaConf.to_container(config.hydra[kind], resolve=False)
    return str(cast(dict[str, Any], raw)["dir"])


def _refuse_log_elsewhere(folder: Path) -> None:
    """Raise `UserError` if log.txt in `folder` leads out of it or is a pipe, before Hydra opens it."""
    log = folder / "log.txt"
    if log.exists() and not is_inside(folder, log):
        raise UserError(f"{log} is a link out of its folder, or no file, and is not written. Delete it first.")


def _resolved(config: DictConfig, kind: str, raw: str) -> Path:
    """Return the folder that `raw` names; resolving its `${hydra:…}` needs Hydra's configuration in place."""
    with _given_to_hydra(config), read_write(config.hydra):
        config.hydra[kind].dir = raw
        return Path(str(config.hydra[kind].dir))


def _record_folder(config: DictConfig, kind: str, folder: Path) -> None:
    """Record `folder` for this process and, as an override, for every job, which composes its own configuration."""
    with read_write(config.hydra):
        config.hydra[kind].dir = str(folder)
        config.hydra.overrides.hydra.append(f"hydra.{kind}.dir={quoted(folder)}")


@contextmanager
def _given_to_hydra(config: DictConfig) -> Iterator[None]:
    hydra = HydraConfig.instance()
    before = hydra.cfg
    hydra.set_config(config)
    try:
        yield
    finally:
        hydra.cfg = before


@contextmanager
def _user_errors_end_the_command() -> Iterator[None]:
    """End the command with the message of a `UserError`: Hydra would turn an exception of a callback into a warning."""
    try:
        yield
    except UserError as error:
        fail(str(error))

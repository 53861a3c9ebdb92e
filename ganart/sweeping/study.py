"""A study on disk or in a data base: opened by any number of processes, each of which may die at any time."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from optuna.exceptions import UpdateFinishedTrialError
from optuna.pruners import BasePruner
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from ganart.errors import UserError
from ganart.sweeping.objective import Objective, same_protocols
from ganart.sweeping.sampler import SeededByTrial

JOURNAL = "study.journal"
RECIPE, PROTOCOL = "recipe", "protocol"
HOST, ALIVE, FOLDER, REASON, SUCCEEDS = "host", "alive", "folder", "reason", "succeeds"
DIED = "its process ended"
SILENT_SECONDS = 600.0
"""Without a sign of life for so long, a process on another machine is taken for dead."""


@dataclass(frozen=True)
class Claim:
    """A trial that this process runs; nobody else takes it up while `lock` is held, which ends with the process."""

    trial: Trial
    lock: FileLock

    @property
    def folder(self) -> str:
        """Where its runs lie, from the study's folder."""
        return str(self.trial.user_attrs[FOLDER])


@dataclass(frozen=True)
class Study:
    """Optuna's study with what ganart keeps in it: the recipe that all trials share, and the protocol of its scores."""

    folder: Path
    storage: BaseStorage
    optuna: optuna.Study

    @classmethod
    def open(
        cls,
        folder: Path,
        url: str | None,
        objectives: Sequence[Objective],
        sampler: SeededByTrial | None = None,
        pruner: BasePruner | None = None,
    ) -> Study:
        """Open the study in `folder` or at `url`, or begin it.

        Raises:
            UserError: if its storage cannot be opened, or if it was begun for other objectives.
        """
        folder.mkdir(parents=True, exist_ok=True)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        try:
            storage = _storage(folder, url)
            study = optuna.create_study(
                study_name=folder.name,
                storage=storage,
                directions=[objective.direction for objective in objectives],
                sampler=sampler,
                pruner=pruner,
                load_if_exists=True,
            )
        except Exception as error:
            raise _unreachable(folder, url, error) from error
        if [direction.name.lower() for direction in study.directions] != [goal.direction for goal in objectives]:
            raise UserError(
                f"The study in {os.path.relpath(folder)} was begun for other objectives. Begin another study: "
                "hydra.run.dir=FOLDER"
            )
        return cls(folder, storage, study)

    # ------------------------------------------------------------------------------------------ what all trials share

    def agree_on(self, recipe: Mapping[str, Any]) -> None:
        """Keep `recipe` (flat) as what all trials have in common.

        Raises:
            UserError: if the study was begun with another one, naming what changed.
        """
        before = self.optuna.user_attrs.get(RECIPE)
        if before is None:
            self.optuna.set_user_attr(RECIPE, dict(recipe))
            return
        changed = [
            f"  {key}: {before.get(key, 'not there')} → {recipe.get(key, 'not there')}"
            for key in sorted(before.keys() | recipe.keys())
            if before.get(key) != recipe.get(key)
        ]
        if changed:
            raise UserError(
                f"The study in {os.path.relpath(self.folder)} was begun otherwise, and its trials could not be "
                "compared with new ones:\n" + "\n".join(changed) + "\n"
                "Put that back, or begin another study: hydra.run.dir=FOLDER"
            )

    def refuse_other_protocols(self, protocols: Sequence[Mapping[str, Any]]) -> None:
        """Keep the protocols of the first finished trial; raise `UserError` for values that were taken otherwise."""
        before = self.optuna.user_attrs.get(PROTOCOL)
        if before is None:
            self.optuna.set_user_attr(PROTOCOL, [dict(protocol) for protocol in protocols])
        elif difference := same_protocols(before, protocols):
            raise UserError(
                f"its scores were taken in another way than those of the trials before ({difference}): they cannot be "
                "compared. Search only keys that leave the data and the scoring as they are."
            )

    # ------------------------------------------------------------------------------------------ trials

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """Those of `states`, or all; what a dead process left and another took up counts once, as what it became."""
        found = self.optuna.get_trials(deepcopy=False, states=states or None)
        return [trial for trial in found if trial.user_attrs.get(REASON) != DIED]

    def claim(self, n_trials: int) -> Claim | None:
        """Take what is to be tried next: what a dead process left behind, else something new; None if that is all."""
        with FileLock(self.folder / ".lock"):  # two processes must not take up the same, nor one too many
            self._put_in_line_what_the_dead_left()
            if not self.trials(TrialState.WAITING) and len(self.trials()) >= n_trials:
                return None
            trial = self.optuna.ask()
            lock = self._lock_of(trial.number)
            lock.acquire(blocking=False)
            trial.set_user_attr(HOST, socket.gethostname())
            trial.set_user_attr(ALIVE, time.time())
            trial.set_user_attr(FOLDER, trial.user_attrs.get(FOLDER) or f"trials/{trial.number:04d}")
            return Claim(trial, lock)

    def _put_in_line_what_the_dead_left(self) -> None:
        """End the trials of processes that are gone, and put each in line again, to go on in its own folder."""
        for trial in self.trials(TrialState.RUNNING):
            if self._is_abandoned(trial):
                with suppress(UpdateFinishedTrialError, ValueError):  # another machine was faster
                    self.storage.set_trial_user_attr(trial._trial_id, REASON, DIED)
                    self.optuna.tell(trial.number, state=TrialState.FAIL)
        ended = self.optuna.get_trials(deepcopy=False)
        succeeded = {trial.user_attrs.get(SUCCEEDS) for trial in ended}
        for trial in ended:
            if trial.user_attrs.get(REASON) == DIED and trial.number not in succeeded:
                attributes = {SUCCEEDS: trial.number, FOLDER: trial.user_attrs.get(FOLDER)}
                self.optuna.enqueue_trial(trial.params, user_attrs=attributes)

    def _is_abandoned(self, trial: FrozenTrial) -> bool:
        """Whether the process that runs `trial` is gone: seen at once on this machine, on another by its silence."""
        if trial.user_attrs.get(HOST, socket.gethostname()) != socket.gethostname():
            return time.time() - trial.user_attrs.get(ALIVE, 0.0) > SILENT_SECONDS
        lock = self._lock_of(trial.number)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        lock.release()
        return True

    def _lock_of(self, number: int) -> FileLock:
        folder = self.folder / ".locks"
        folder.mkdir(exist_ok=True)
        return FileLock(folder / f"{number:04d}")


def _storage(folder: Path, url: str | None) -> BaseStorage:
    if url is None:
        return JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    return RDBStorage(url)


def _unreachable(folder: Path, url: str | None, error: Exception) -> UserError:
    place = os.path.relpath(folder / JOURNAL) if url is None else f"storage={url}"
    reason = str(error).partition("\n")[0] or type(error).__name__
    if "locked" in reason:
        hint = "Another process holds it. Wait for that, or use the study's own file (storage=null)."
    elif isinstance(error, ImportError):
        hint = "Install the driver of that data base, or use the study's own file (storage=null)."
    else:
        hint = (
            "Give postgresql://USER@HOST/BASE, mysql://… or sqlite:///FILE.db of a data base that is there, or use the "
            "study's own file (storage=null)."
        )
    return UserError(f"The study cannot be opened: {place}: {reason}\n{hint}")

"""A study on disk or in a data base, shared by any number of processes, each of which may die at any time."""

from __future__ import annotations

import re
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from optuna.exceptions import UpdateFinishedTrialError
from optuna.pruners import BasePruner
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from ganart.errors import UserError
from ganart.files.foreign import refuse_links_out_of
from ganart.files.paths import from_here, write_atomically
from ganart.sweeping.objective import Objective, same_protocols
from ganart.sweeping.sampler import SeededByTrial
from ganart.sweeping.storage import JOURNAL, open_storage, without_password

RECIPE, PROTOCOL = "recipe", "protocol"
OWNER, ALIVE, FOLDER, OVERRIDES, REASON, SUCCEEDS = "owner", "alive", "folder", "overrides", "reason", "succeeds"
DIED, REPEATED = "its process ended", "a repetition"
MOST_DEATHS = 3
"""Number of processes after which a trial that ends them counts as failed: it may need more memory than there is."""

SIGN_OF_LIFE_SECONDS = 30.0
SILENT_SECONDS = 600.0
"""A process on another machine that has not reported for this long counts as dead."""

DRAWS = 10
"""Number of repeated draws of the sampler after which any untried point is taken."""

MOST_FAILURES = 2
"""Number of attempts at a recipe that fails: another machine may have more memory."""


@dataclass(frozen=True)
class Claim:
    """A trial that this process runs, with its overrides and folder; no other process takes it while `lock` is held.

    The lock is released when the process ends.
    """

    trial: Trial
    overrides: list[str]
    folder: str
    lock: FileLock


@dataclass(frozen=True)
class Study:
    """An Optuna study with the recipe that all trials share and the protocol of its scores."""

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
        name: str = "ganart",
    ) -> Study:
        """Open the study in `folder`, or the one called `name` at `url`; create it if there is none.

        Raises:
            UserError: if its storage cannot be opened, or if it was begun for other objectives.
        """
        folder.mkdir(parents=True, exist_ok=True)
        refuse_links_out_of(folder, f"hydra.run.dir={from_here(folder)}", below=("trials", ".locks"))
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        try:
            storage = open_storage(folder, url)
            study = optuna.create_study(
                study_name="ganart" if url is None else _name_at_first(folder, name),
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
                f"The study in {from_here(folder)} was begun for other objectives. Begin another study: "
                "hydra.run.dir=FOLDER"
            )
        return cls(folder, storage, study)

    # ------------------------------------------------------------------------------------------ what all trials share

    def agree_on(self, recipe: Mapping[str, Any]) -> None:
        """Store `recipe` (flat) as the configuration that all trials share.

        Raises:
            UserError: if the study was begun with another one, naming what changed.
        """
        before = self._first(RECIPE, dict(recipe))
        changed = [
            f"  {key}: {before.get(key, 'not there')} → {recipe.get(key, 'not there')}"
            for key in sorted(before.keys() | recipe.keys())
            if before.get(key) != recipe.get(key)
        ]
        if changed:
            raise UserError(
                f"The study in {from_here(self.folder)} was begun otherwise, and its trials could not be "
                "compared with new ones:\n" + "\n".join(changed) + "\n"
                "Put that back, or begin another study: hydra.run.dir=FOLDER"
            )

    def refuse_other_protocols(self, protocols: Sequence[Mapping[str, Any]]) -> None:
        """Store the protocols of the first finished trial; raise `UserError` if those of a later one differ."""
        before = self._first(PROTOCOL, [dict(protocol) for protocol in protocols])
        if difference := same_protocols(before, protocols):
            raise UserError(
                f"its scores were taken in another way than those of the trials before ({difference}): they cannot be "
                "compared. Search only keys that leave the data and the scoring as they are."
            )

    def _first(self, key: str, value: Any) -> Any:
        """Return the value first stored under `key`; store `value` if there is none."""
        with self._alone():
            if key not in self.optuna.user_attrs:
                self.optuna.set_user_attr(key, value)
            return self.optuna.user_attrs[key]

    def _alone(self) -> FileLock:
        return FileLock(self.folder / ".lock")

    # ------------------------------------------------------------------------------------------ trials

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """Return the trials in one of `states`, or all; a trial resumed after a process died counts once.

        Repeated draws that were not trained are left out.
        """
        found = self.optuna.get_trials(deepcopy=False, states=states or None)
        return [trial for trial in found if trial.user_attrs.get(REASON) not in (DIED, REPEATED)]

    def claim(
        self,
        n_trials: int,
        suggest: Callable[[Trial], list[str]],
        untried: Callable[[Set[tuple[str, ...]]], Mapping[str, Any] | None] = lambda tried: None,
    ) -> Claim | None:
        """Claim the next trial: one left by a dead process, else a new one; None if there is none.

        Locked, so that two processes cannot claim the same trial, nor one more than `n_trials`.

        Args:
            n_trials: total of the study, over all processes.
            suggest: draws values for a trial, as overrides.
            untried: returns the values of a point whose overrides are not in the given set; None if there is none.
        """
        with self._alone():
            self._enqueue_abandoned_trials()
            for draw in range(2 * DRAWS):
                if not self.trials(TrialState.WAITING) and len(self.trials()) >= n_trials:
                    return None
                claim = self._take(suggest)
                if SUCCEEDS in claim.trial.user_attrs or tuple(claim.overrides) not in self._tried(claim.trial.number):
                    return claim
                self._put_aside(claim)
                if draw >= DRAWS - 1:
                    point = untried(self._tried())
                    if point is None:
                        return None
                    self.optuna.enqueue_trial(dict(point))
        return None

    def _take(self, suggest: Callable[[Trial], list[str]]) -> Claim:
        trial = self.optuna.ask()
        lock = self._lock_of(trial.number)
        lock.acquire(blocking=False)
        trial.set_user_attr(OWNER, self._owner)
        trial.set_user_attr(ALIVE, time.time())
        folder = trial.user_attrs.get(FOLDER) or f"trials/{trial.number:04d}"
        if not re.fullmatch(r"trials/\d+", str(folder)):
            raise UserError(f"{from_here(self.folder)} is damaged: trial {trial.number} lies in {folder}.")
        trial.set_user_attr(FOLDER, folder)
        overrides = suggest(trial)
        trial.set_user_attr(OVERRIDES, overrides)
        return Claim(trial, overrides, folder, lock)

    def _tried(self, before: int | None = None) -> set[tuple[str, ...]]:
        """Return the recipes that are complete, pruned, failed `MOST_FAILURES` times, or in training.

        With `before`, of those in training only trials with lower numbers: if two machines have drawn the same recipe
        at once, each sees the other, and the later one is put aside.
        """
        tried, failures = set(), Counter[tuple[str, ...]]()
        for trial in self.trials():
            recipe = tuple(trial.user_attrs.get(OVERRIDES, ()))
            if trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
                tried.add(recipe)
            elif trial.state == TrialState.FAIL:
                failures[recipe] += 1
            elif OVERRIDES in trial.user_attrs and (before is None or trial.number < before):
                tried.add(recipe)
        return tried | {recipe for recipe, number in failures.items() if number >= MOST_FAILURES}

    def _put_aside(self, claim: Claim) -> None:
        """End a trial that repeats a recipe already tried."""
        claim.trial.set_user_attr(REASON, REPEATED)
        self.optuna.tell(claim.trial, state=TrialState.FAIL)
        claim.lock.release()

    def position_of(self, trial: Trial) -> int:
        """Return the position of `trial` in `trials`, from 1; its number also counts trials that were resumed later."""
        return sum(other.number <= trial.number for other in self.trials())

    @contextmanager
    def held(self, claim: Claim) -> Iterator[None]:
        """Report regularly that this process is alive while the trial runs, and release the claim afterwards."""
        is_over = threading.Event()

        def live() -> None:
            while not is_over.wait(SIGN_OF_LIFE_SECONDS):
                with suppress(Exception):  # an unreachable data base is retried at the next report
                    claim.trial.set_user_attr(ALIVE, time.time())

        heart = threading.Thread(target=live, daemon=True)
        heart.start()
        try:
            yield
        finally:
            is_over.set()
            heart.join()
            claim.lock.release()

    def tell(
        self, trial: Trial, state: TrialState, values: Sequence[float] | None = None, **facts: Any
    ) -> FrozenTrial | None:
        """Write the state and values of a trial.

        Returns:
            The trial as stored; None if another machine had declared this process dead and ended the trial.

        Raises:
            StorageAwayError: if it cannot be written; the next process then resumes the trial.
        """
        try:
            for key, value in facts.items():
                trial.set_user_attr(key, value)
            return self.optuna.tell(trial, values=values, state=state)
        except (UpdateFinishedTrialError, ValueError):
            kept = self.storage.get_trial(trial._trial_id)
            # The data base may have written the values and become unreachable before it confirmed.
            return kept if (kept.state, kept.values) == (state, list(values) if values else None) else None

    def _enqueue_abandoned_trials(self) -> None:
        """Fail the trials of dead processes, and enqueue each again, to continue in its own folder."""
        for trial in self.trials(TrialState.RUNNING):
            if self._is_abandoned(trial):
                reason = f"{DIED}, {MOST_DEATHS} times" if self._failed_attempts(trial) >= MOST_DEATHS - 1 else DIED
                with suppress(UpdateFinishedTrialError, ValueError):  # another machine was faster
                    self.storage.set_trial_user_attr(trial._trial_id, REASON, reason)
                    self.optuna.tell(trial.number, state=TrialState.FAIL)
        ended = self.optuna.get_trials(deepcopy=False)
        succeeded = {trial.user_attrs.get(SUCCEEDS) for trial in ended}
        for trial in ended:
            has_values = OVERRIDES in trial.user_attrs  # without values there is nothing to resume
            if trial.user_attrs.get(REASON) == DIED and has_values and trial.number not in succeeded:
                attributes = {SUCCEEDS: trial.number, FOLDER: trial.user_attrs[FOLDER]}
                self.optuna.enqueue_trial(trial.params, user_attrs=attributes)

    def _failed_attempts(self, trial: FrozenTrial) -> int:
        """Count the processes that have died in this trial before."""
        by_number = {other.number: other for other in self.optuna.get_trials(deepcopy=False)}
        deaths, before = 0, by_number.get(trial.user_attrs.get(SUCCEEDS, -1))
        while before is not None and deaths < MOST_DEATHS:
            deaths, before = deaths + 1, by_number.get(before.user_attrs.get(SUCCEEDS, -1))
        return deaths

    def _is_abandoned(self, trial: FrozenTrial) -> bool:
        """Return whether the process that runs `trial` is gone: by its lock on this machine, by silence on others."""
        if trial.user_attrs.get(OWNER) != self._owner:
            begun = trial.datetime_start.timestamp() if trial.datetime_start else 0.0
            return time.time() - trial.user_attrs.get(ALIVE, begun) > SILENT_SECONDS
        lock = self._lock_of(trial.number)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        lock.release()
        return True

    @property
    def _owner(self) -> str:
        """Host name and id of this folder, for trials whose locks are visible from here."""
        file = self._locks / "owner"
        if not file.exists():
            write_atomically(file, uuid.uuid4().hex)
        return f"{socket.gethostname()} {file.read_text(encoding='utf-8')}"

    def _lock_of(self, number: int) -> FileLock:
        return FileLock(self._locks / f"{number:04d}")

    @property
    def _locks(self) -> Path:
        folder = self.folder / ".locks"
        folder.mkdir(exist_ok=True)
        return folder


def _name_at_first(folder: Path, name: str) -> str:
    """Return the name of the study in a data base, stored in `folder` so that it stays the same when that is moved."""
    file = folder / "study.name"
    if not file.exists():
        write_atomically(file, name)
    return file.read_text(encoding="utf-8")


def _unreachable(folder: Path, url: str | None, error: Exception) -> UserError:
    place = from_here(folder / JOURNAL) if url is None else f"storage={without_password(url)}"
    reasons = [str(one).partition("\n")[0] or type(one).__name__ for one in (error, error.__cause__) if one]
    if any("locked" in reason for reason in reasons):
        hint = "Another process holds it. Wait for that, or use the study's own file (storage=null)."
    elif isinstance(error, ImportError):
        hint = "Install the driver of that data base, or use the study's own file (storage=null)."
    else:
        hint = (
            "Give postgresql://USER@HOST/BASE, mysql://… or sqlite:///FILE.db of a data base that is there, or use the "
            "study's own file (storage=null)."
        )
    return UserError(f"The study cannot be opened: {place}: {reasons[-1]}\n{hint}")

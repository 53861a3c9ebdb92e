"""Resuming of runs with their own configuration and the values that the user changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from ganart.config.walk import walk
from ganart.errors import UserError
from ganart.files import places
from ganart.files.foreign import read_yaml
from ganart.files.paths import from_here, shell
from ganart.runs.checkpoints import read_checkpoint, refuse_other_shapes
from ganart.runs.folder import RunFolder, usable

MAY_CHANGE = "values such as total_images, callback.checkpoint.every_images, trainer.max_time or optimizer.generator.lr"

THREADS = "trainer.threads"


@dataclass(frozen=True)
class Resume:
    """A run, the checkpoint to resume from, and the overrides of this command."""

    run: RunFolder
    checkpoint: Path
    overrides: list[str]

    @classmethod
    def find(cls, wanted: str | None, overrides: list[str], here: RunFolder) -> Resume | None:
        """Return the run that `resume=` names: a run folder (its last checkpoint), a checkpoint, or `auto`.

        `auto` is the latest checkpoint in `here`; None if there is none yet, or if `wanted` is None.

        Raises:
            UserError: if the run has no checkpoint.
        """
        if wanted is None:
            return None
        if wanted == "auto":
            latest = here.latest_checkpoint if here.has_begun else None
            return cls(here, latest, changed(overrides, here)) if latest else None
        run = RunFolder.open(wanted, key="resume")
        file = Path(wanted).expanduser()
        checkpoint = file if file.is_file() else run.latest_checkpoint
        if checkpoint is None:
            begun_by = shell("ganart", "train", *overrides_of(run), f"hydra.run.dir={from_here(run.path)}")
            raise UserError(
                f"resume={wanted}: it ended before its first checkpoint, so there is nothing to go on from. "
                f"Begin it anew: {begun_by}"
            )
        return cls(run, checkpoint, [override.removeprefix("++") for override in overrides])

    @cached_property
    def clock(self) -> dict[str, int]:
        """The images seen, rounds and updates of the checkpoint."""
        return {name: int(value) for name, value in read_checkpoint(self.checkpoint)["ganart"].items()}

    @property
    def images_seen(self) -> int:
        return self.clock["images_seen"]

    @cached_property
    def threads(self) -> int | None:
        """The number of threads with which the checkpoint was computed; None if it is not recorded."""
        found = read_checkpoint(self.checkpoint).get("threads")
        return found if isinstance(found, int) else None

    def refuse_other_players(self, cfg: DictConfig) -> None:
        """Raise `UserError` if the players of `cfg` do not fit the weights of the checkpoint, before they are built."""
        weights = read_checkpoint(self.checkpoint)["state_dict"]
        label_sizes = [len(factor.classes) for factor in self.run.condition_factors]
        for player, node in cfg.architecture.items():
            own = {k.removeprefix(f"{player}."): v for k, v in weights.items() if k.startswith(f"{player}.")}
            with usable(self.run.path):
                refuse_other_shapes(node, own, self.checkpoint, allow=cfg.allow_targets, label_sizes=label_sizes)

    @property
    def all_overrides(self) -> list[str]:
        """The overrides of the run and of this command."""
        return [*overrides_of(self.run), *self.overrides]

    def config(self, composed: DictConfig) -> DictConfig:
        """Return the run's configuration with the overrides and the run folder of this command.

        Raises:
            UserError: for overrides that would make it another run, or if nothing is left to train.
        """
        with usable(self.run.path):
            return self._config(composed)

    def _config(self, composed: DictConfig) -> DictConfig:
        cfg = self.run.recipe.copy()
        for key, place in self.run.places_from_here(cfg).items():
            OmegaConf.update(cfg, key, place)
        known = {key for key, _ in walk(cfg, follow=True)}
        for override in OverridesParser.create().parse_overrides(self.overrides):
            key = override.key_or_group
            value = OmegaConf.select(cfg, key, throw_on_missing=False)
            if key == THREADS:
                self._set_threads(cfg, override.value())
                continue
            plain = not (override.is_delete() or override.is_add() or isinstance(value, DictConfig))
            if not plain or key not in known or _contradicts_run(key):
                raise UserError(
                    f"{override.input_line} cannot be changed in a run that is resumed: the rest of the run would no "
                    f"longer be the same experiment. Change {MAY_CHANGE}, or start a new run without resume=."
                )
            OmegaConf.update(cfg, key, override.value())
        self.run.refuse_missing_pictures(cfg, f"resume={self.run.path}")
        cfg.run_folder = composed.run_folder
        cfg.allow_targets = composed.allow_targets  # the user grants trust, not the folder
        refuse_other_places(cfg, composed, self.run)
        if self.run.has_finished:  # otherwise its final scores are still missing
            self._refuse_what_is_done(cfg)
        return cfg

    @staticmethod
    def _set_threads(cfg: DictConfig, wanted: Any) -> None:
        """Set the number of threads to `wanted`; auto keeps the recorded number, which older folders lack."""
        if wanted != "auto" or OmegaConf.select(cfg, THREADS) is None:
            OmegaConf.update(cfg, THREADS, wanted, force_add=True)

    def _refuse_what_is_done(self, cfg: DictConfig) -> None:
        """Raise `UserError` if the run has reached its number of images or rounds."""
        clock, totals = (
            self.clock,
            {"images_seen": ("total_images", "images"), "rounds": ("trainer.max_steps", "rounds")},
        )
        for name, (key, unit) in totals.items():
            total = OmegaConf.select(cfg, key)
            if total != -1 and clock[name] >= total:
                raise UserError(
                    f"resume={self.checkpoint}: this run has seen {clock[name]:,} {unit} and was to see "
                    f"{total:,}: it is finished. To train on: {key}={2 * clock[name]}"
                )


def overrides_of(run: RunFolder) -> list[str]:
    """Return the overrides that made `run` and changed it since."""
    return [str(override) for override in read_yaml(run.path / "overrides.yaml") or ()]


def changed(overrides: list[str], run: RunFolder) -> list[str]:
    """Return those `overrides` that `run` does not have."""
    before = set(overrides_of(run))
    return [override for override in overrides if override not in before]


def refuse_other_places(cfg: DictConfig, composed: DictConfig, run: RunFolder) -> None:
    """Raise `UserError` if a run's configuration names weights to read, or folders to write to outside of the run.

    Files of weights that are also in `composed`, the configuration of the command, are the user's own choice.
    """
    own = Path(cfg.run_folder).resolve()
    for key, _ in walk(cfg, follow=True):
        name, value = key.rpartition(".")[2], OmegaConf.select(cfg, key)
        if name in WEIGHTS and value is not None and value != OmegaConf.select(composed, key):
            raise UserError(
                f"{run.path} names a file of weights to read, {key}={value}. If it is yours, say so in this command: "
                f"features.weights={value}"
            )
        if name in FOLDERS and isinstance(value, str) and not Path(value).resolve().is_relative_to(own):
            raise UserError(f"{run.path} would write to {value}, outside of the run folder ({key}).")


WEIGHTS = ("weights",)
FOLDERS = ("folder", "dir", "dirpath", "save_dir", "root_dir", "default_root_dir")
"""Names of arguments for files of weights to read and folders to write to."""


def _contradicts_run(key: str) -> bool:
    """Return whether a changed `key` contradicts weights, optimizer states, data order or protocols of the run."""
    if key in places.KEYS:  # other pictures and labels are refused when they are read
        return False
    if key.startswith("optimizer."):
        return not key.endswith(".lr")
    if key.startswith("dataset."):
        return key != "dataset.download"
    if key.startswith("callback.scores."):
        return key != "callback.scores.every_images"
    return key.startswith(("architecture.", "metric.", "features.")) or key in ("seed", "allow_targets", "run_folder")

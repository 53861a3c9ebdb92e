"""The run folder: everything that evaluating, generating and resuming need.

config.yaml  recipe.yaml  overrides.yaml  dataset.json  checkpoints/  samples/  metrics.csv  protocols.json
summary.json  log.txt and, if it failed, failure.json
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import torch
from omegaconf import DictConfig, ListConfig, OmegaConf

from ganart.config.build import build_dataset, build_network
from ganart.config.walk import walk
from ganart.datasets import cache
from ganart.datasets.advice import classes_without_training
from ganart.datasets.base import Factor, PictureSet
from ganart.datasets.reading.settings import HOW_READ
from ganart.errors import TrainingDivergedError, UserError
from ganart.files import places
from ganart.files.foreign import asks_outside, read_configuration, read_json, refuse_links_out_of
from ganart.files.json_files import write_json
from ganart.files.paths import is_placed, text_without_places, without_places, write_atomically
from ganart.runs.checkpoints import read_checkpoint, refuse_other_shapes
from ganart.runs.read import Run

HERE = "."
"""Value of `run_folder` in the configuration of a run folder."""

OF_DATASET: dict[str, type] = {"name": str, "hash": str, "manifest_hash": str, "licence": str}
OF_DATASET |= {"num_train": int, "num_test": int, "factors": list}
"""Keys of dataset.json that must be there, with their types."""


@dataclass(frozen=True)
class RunFolder:
    """A training run on disk."""

    path: Path

    @classmethod
    def open(cls, path: str | Path, *, key: str = "run") -> RunFolder:
        """Open the run at `path`, which the user gave as `key`; a path to a checkpoint inside it works too.

        Raises:
            UserError: if there is no run, or if something in it is a link that leads out of it.
        """
        start = Path(path).expanduser()
        if not start.exists():
            raise UserError(f"{key}={path} does not exist. {_runs_nearby()}")
        for folder in (start, *start.parents[:2]):
            if (folder / "config.yaml").is_file():
                refuse_links_out_of(folder, f"{key}={path}", below=("samples", "checkpoints"))
                return cls(folder)
        raise UserError(f"{key}={path} is not a run folder: there is no config.yaml. {_runs_nearby()}")

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def begin(self, cfg: DictConfig, overrides: list[str], pictures: PictureSet) -> None:
        """Write the configuration, overrides and data set of the run before it starts.

        config.yaml has every value; recipe.yaml keeps interpolations (for instance a schedule as long as the run), so
        that they follow when a resumed run changes a value. Neither contains the run's own location: folders are moved
        and published. Absolute paths that were typed are kept only in config.yaml and overrides.yaml, since the run
        could not be resumed without them.
        """
        for folder in (self.samples, self.checkpoints):
            folder.mkdir(parents=True, exist_ok=True)
        for name in ("failure.json", "summary.json"):  # results of an earlier attempt
            (self.path / name).unlink(missing_ok=True)
        recipe = OmegaConf.create(without_places(OmegaConf.to_container(without_resolvers(cfg), resolve=False)))
        recipe.run_folder = HERE
        write_atomically(self.path / "config.yaml", OmegaConf.to_yaml(resolved_but_for_place(cfg)))
        write_atomically(self.path / "recipe.yaml", OmegaConf.to_yaml(recipe))
        write_atomically(self.path / "overrides.yaml", OmegaConf.to_yaml(overrides))
        description = {
            "name": pictures.name,
            "hash": pictures.hash,
            "manifest_hash": pictures.manifest.hash,
            "licence": pictures.manifest.licence,
            "num_train": len(pictures.train),
            "num_test": len(pictures.test),
            "factors": [{"name": factor.name, "classes": list(factor.classes)} for factor in pictures.factors],
            "without_training": classes_without_training(pictures),
            "places": places.recorded(cfg, self.path),
        }
        write_json(self.path / "dataset.json", description)

    def record_failure(self, error: Exception) -> None:
        """Write the reason for the failure to failure.json, if the disk has room for it."""
        lines = [text_without_places(line) for line in traceback.format_exception(error)]
        reason = text_without_places(str(error)) or type(error).__name__
        facts = {"reason": reason, "kind": type(error).__name__, "traceback": lines}
        with suppress(OSError):
            self.path.mkdir(parents=True, exist_ok=True)
            write_json(self.path / "failure.json", facts)

    @property
    def has_begun(self) -> bool:
        return (self.path / "config.yaml").is_file()

    @property
    def holds_work(self) -> bool:
        """True if starting anew would lose checkpoints or a summary."""
        return self.has_begun and bool(self.kept_checkpoints() or self.summary)

    @property
    def latest_checkpoint(self) -> Path | None:
        """The checkpoint to resume from: last.ckpt, else the newest, since a kill can prevent last.ckpt."""
        kept = [self.checkpoints / name for name in self.kept_checkpoints()]
        last = self.checkpoints / "last.ckpt"
        return last if last in kept else max(kept, key=lambda file: file.stat().st_mtime, default=None)

    def kept_checkpoints(self) -> list[str]:
        """Return the names of its checkpoints, without those still being written."""
        return sorted(file.name for file in self.checkpoints.glob("*.ckpt") if not file.name.startswith("."))

    @property
    def record(self) -> Run:
        """The content of the folder as plain data, which may be incomplete."""
        return Run(self.path)

    @property
    def summary(self) -> dict[str, Any]:
        """The content of summary.json; empty until the run has ended once, or if it cannot be read."""
        return self.record.summary

    @property
    def has_finished(self) -> bool:
        """True if the run has ended for good, so that there is nothing to resume."""
        return self.record.has_finished

    @property
    def first_score(self) -> float | None:
        """Final value of the first metric, by which runs are compared; None if there is none."""
        scores = self.summary.get("scores")
        row = next(iter(scores.values()), None) if isinstance(scores, dict) else None
        value = row.get("value") if isinstance(row, dict) else None
        return float(value) if isinstance(value, int | float) else None

    @cached_property
    def config(self) -> DictConfig:
        """Every value of the run."""
        return read_configuration(self.path / "config.yaml")

    @cached_property
    def recipe(self) -> DictConfig:
        """The configuration with its own interpolations, and with the absolute paths of config.yaml."""
        recipe = OmegaConf.to_container(read_configuration(self.path / "recipe.yaml"), resolve=False)
        config = OmegaConf.to_container(self.config, resolve=False)
        return OmegaConf.create(cast(dict[str, Any], with_places_of(config, recipe)))

    @cached_property
    def dataset(self) -> dict[str, Any]:
        """The content of dataset.json: name, hashes, licence, factors."""
        file = self.path / "dataset.json"
        found = read_json(file)
        wrong = [key for key, kind in OF_DATASET.items() if not isinstance(found.get(key), kind)]
        if wrong or not all(map(_is_factor, found["factors"])):
            raise UserError(f"{file} is damaged: {wrong[0] if wrong else 'factors'} is not what ganart writes there.")
        return found

    def never_seen(self, factor: str, name: str) -> bool:
        """Return whether the run knows that no training image has the class `name` of `factor`."""
        known = self.dataset.get("without_training")
        return isinstance(known, dict) and name in (known.get(factor) or ())

    @property
    def condition_factors(self) -> list[Factor]:
        """The factors that the networks are conditioned on, in the order of their label columns."""
        factors = {row["name"]: Factor(row["name"], tuple(row["classes"])) for row in self.dataset["factors"]}
        names = OmegaConf.select(self.config, "dataset.condition")
        if not isinstance(names, ListConfig) or not all(name in factors for name in names):
            raise UserError(
                f"{self.path / 'config.yaml'} is damaged: dataset.condition={names} is no list of factors of "
                f"dataset.json ({', '.join(factors) or 'it has none'})."
            )
        return [factors[name] for name in names]

    def pictures(self, *, moved: Mapping[str, Any] | None = None, allow: tuple[str, ...] = ()) -> PictureSet:
        """Return the data that the run was trained on, read from its place then or its place now.

        Args:
            moved: settings of the data set with the current paths (`root`, `labels`) and how they are read
                (`encoding`, `max_pixels`); None keeps the previous one.
            allow: package prefixes that the user trusts.

        Raises:
            UserError: if the data cannot be found, or have changed.
        """
        with usable(self.path):
            pictures = self._pictures(moved or {}, allow)
        self.refuse_other_pictures(pictures, f"run={self.path}")
        return pictures

    def _pictures(self, moved: Mapping[str, Any], allow: tuple[str, ...]) -> PictureSet:
        cfg = self.config.copy()
        given = {f"dataset.{key}": value for key, value in moved.items() if value is not None}
        for key, value in (self.places_from_here(cfg) | given).items():
            if not _has(cfg, key):
                raise UserError(f"{key}={value}: run={self.path} was trained on {self.dataset['name']}, without {key}.")
            OmegaConf.update(cfg, key, value)
        self.refuse_missing_pictures(cfg, f"run={self.path}")
        return cache.load(build_dataset(cfg.dataset, allow=allow))

    def places_from_here(self, cfg: DictConfig) -> dict[str, str]:
        """Return, by key, the values that replace the relative paths in `cfg`, the configuration of this run."""
        known = self.dataset.get("places")
        return places.found(cfg, self.path, known if isinstance(known, dict) else {})

    def refuse_missing_pictures(self, cfg: DictConfig, asked: str) -> None:
        """Raise `UserError` if the data's folder in `cfg` does not exist and cannot be downloaded."""
        root = cfg.dataset.get("root")
        if not isinstance(root, str) or places.exists(root) or cfg.dataset.get("download"):
            return
        about = self.dataset
        known = about.get("places")
        root = places.missing(self.path, "dataset.root", root, known if isinstance(known, dict) else {})
        raise UserError(
            f"{asked} was trained on {about['name']} ({about['num_train']:,} + {about['num_test']:,} pictures), and "
            f"there is nothing at {root} now. Say where the pictures are: dataset.root=FOLDER"
        )

    def refuse_other_pictures(self, pictures: PictureSet, asked: str) -> None:
        """Raise `UserError` if `pictures` are not the data that the run was trained on."""
        before = self.dataset
        if pictures.hash != before["hash"]:
            raise UserError(
                f"{asked}: its pictures have changed. It was trained on {before['num_train']:,} + "
                f"{before['num_test']:,} pictures (hash {before['hash'][:12]}), now there are "
                f"{len(pictures.train):,} + {len(pictures.test):,} ({pictures.hash[:12]}). "
                "Give the old ones with dataset.root=…, or train anew."
            )

    def checkpoint(self, which: str = "best") -> Path:
        """Return the file of checkpoint `which`: last, best (last if no best was kept), a file name, or a path.

        Raises:
            UserError: if there is no such checkpoint, naming the existing ones.
        """
        names = [which, f"{which}.ckpt"] + (["last.ckpt"] if which == "best" else [])
        for file in [self.checkpoints / name for name in names] + [Path(which).expanduser()]:
            if file.is_file():
                return file
        there = self.kept_checkpoints() or ["none"]
        raise UserError(f"checkpoint={which} is not in {self.checkpoints}. There: {', '.join(there)}.")

    def generator(self, checkpoint: Path, *, average: bool = True, allow: tuple[str, ...] = ()) -> torch.nn.Module:
        """Build the generator in eval mode from `checkpoint`, with averaged weights if `average`, else the raw ones."""
        node = OmegaConf.select(self.config, "architecture.generator")
        label_sizes = [len(factor.classes) for factor in self.condition_factors]
        prefix = "generator_ema." if average else "generator."
        state = read_checkpoint(checkpoint)["state_dict"]
        weights = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        with usable(self.path), torch.random.fork_rng(devices=[]):  # keep the global RNG unchanged
            refuse_other_shapes(node, weights, checkpoint, allow=allow, label_sizes=label_sizes)
            if not all(bool(values.isfinite().all()) for values in weights.values()):
                raise UserError(
                    f"{checkpoint}: the generator's weights are not finite, so it has no pictures to give. "
                    f"Its run's checkpoints: {', '.join(self.kept_checkpoints())}."
                )
            network = build_network(node, allow=allow, label_sizes=label_sizes)
            network.load_state_dict(weights)
        return network.eval().requires_grad_(False)


def resolved_but_for_place(cfg: DictConfig) -> DictConfig:
    """Return `cfg` resolved, with `run_folder` set to `HERE` and references to `${run_folder}` kept."""

    def kept(raw: Any, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: kept(raw[key], inner) if isinstance(raw, dict) else inner for key, inner in value.items()}
        return raw if isinstance(raw, str) and "${run_folder}" in raw else value

    raw, resolved = (OmegaConf.to_container(cfg, resolve=resolve) for resolve in (False, True))
    return OmegaConf.create({**kept(raw, resolved), "run_folder": HERE})


def with_places_of(config: Any, recipe: Any) -> Any:
    """Copy `recipe`, with the absolute paths of `config` in place of texts at the same position."""
    match recipe:
        case dict():
            known = config if isinstance(config, dict) else {}
            return {key: with_places_of(known.get(key), value) for key, value in recipe.items()}
        case list():
            rows = config if isinstance(config, list) and len(config) == len(recipe) else [None] * len(recipe)
            return [with_places_of(*both) for both in zip(rows, recipe, strict=True)]
        case str() if isinstance(config, str) and is_placed(config) and "${" not in recipe:
            return config
        case _:
            return recipe


def without_resolvers(cfg: DictConfig) -> DictConfig:
    """Copy `cfg` with values from outside (`${hydra:…}`, `${oc.env:…}`) replaced by their current value."""
    copied = cfg.copy()
    for key, value in list(walk(cfg)):
        if isinstance(value, str) and asks_outside(value):
            OmegaConf.update(copied, key, OmegaConf.select(cfg, key), merge=False)
    return copied


@contextmanager
def usable(folder: Path) -> Iterator[None]:
    """Turn any error caused by wrong values in `folder` into one sentence.

    Raises:
        UserError: in place of the error.
    """
    try:
        yield
    except (UserError, TrainingDivergedError):
        raise
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(
            f"{folder} cannot be used as it is: {reason}. Was one of its files changed by hand, or the folder copied "
            "while it was written?"
        ) from error


def _has(cfg: DictConfig, key: str) -> bool:
    """Return whether `cfg` has a value for `key`; for the settings of `HOW_READ` None is a value: guess or default."""
    group, _, name = key.rpartition(".")
    return OmegaConf.select(cfg, key) is not None or (name in HOW_READ and name in (OmegaConf.select(cfg, group) or ()))


def _is_factor(row: Any) -> bool:
    has_classes = isinstance(row, dict) and isinstance(row.get("name"), str) and isinstance(row.get("classes"), list)
    return has_classes and all(isinstance(name, str) for name in row["classes"])


def _runs_nearby() -> str:
    runs = sorted(Path("runs").glob("*/*/config.yaml"), key=lambda file: file.stat().st_mtime, reverse=True)
    if not runs:
        return "Train one first: ganart train"
    return "The latest here: " + ", ".join(str(file.parent) for file in runs[:3])

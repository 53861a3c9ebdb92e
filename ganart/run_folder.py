"""A run folder: everything that evaluating, generating and resuming need, in one place.

config.yaml  recipe.yaml  overrides.yaml  dataset.json  checkpoints/  samples/  metrics.csv  summary.json  log.txt
and, where it failed, failure.json
"""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from ganart import places
from ganart.config import build_dataset, build_network
from ganart.datasets import cache
from ganart.datasets.base import Factor, PictureSet
from ganart.errors import UserError
from ganart.paths import write_atomically

ENDS = ("images", "time", "pruned")
"""What may end a run for good: the images that it was to see, the time that it was given, or its sweep."""


@dataclass(frozen=True)
class RunFolder:
    """A training run on disk."""

    path: Path

    @classmethod
    def open(cls, path: str | Path, *, key: str = "run") -> RunFolder:
        """Open the run at `path`, which the user gave as `key`; a checkpoint inside it leads to it too.

        Raises:
            UserError: if there is no run.
        """
        start = Path(path).expanduser()
        if not start.exists():
            raise UserError(f"{key}={path} does not exist. {_runs_nearby()}")
        for folder in (start, *start.parents[:2]):
            if (folder / "config.yaml").is_file():
                return cls(folder)
        raise UserError(f"{key}={path} is not a run folder: there is no config.yaml. {_runs_nearby()}")

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def begin(self, cfg: DictConfig, overrides: list[str], pictures: PictureSet) -> None:
        """Write down what this run is, before it starts.

        config.yaml has every value; recipe.yaml keeps what follows from other values as such (a schedule as long as the
        run, say), so that a resumed run can change one and the others follow.
        """
        for folder in (self.samples, self.checkpoints):
            folder.mkdir(parents=True, exist_ok=True)
        for told in ("failure.json", "summary.json"):  # of what is to be again
            (self.path / told).unlink(missing_ok=True)
        write_atomically(self.path / "config.yaml", OmegaConf.to_yaml(cfg, resolve=True))
        write_atomically(self.path / "recipe.yaml", OmegaConf.to_yaml(without_resolvers(cfg)))
        write_atomically(self.path / "overrides.yaml", OmegaConf.to_yaml(overrides))
        description = {
            "name": pictures.name,
            "hash": pictures.hash,
            "manifest_hash": pictures.manifest.hash,
            "licence": pictures.manifest.licence,
            "num_train": len(pictures.train),
            "num_test": len(pictures.test),
            "factors": [{"name": factor.name, "classes": list(factor.classes)} for factor in pictures.factors],
            "places": places.recorded(cfg, self.path),
        }
        write_atomically(self.path / "dataset.json", json.dumps(description, indent=2, ensure_ascii=False))

    def record_failure(self, error: Exception) -> None:
        """Write down why the run failed, for whoever looks for its result."""
        self.path.mkdir(parents=True, exist_ok=True)
        lines = traceback.format_exception(error)
        facts = {"reason": str(error) or type(error).__name__, "kind": type(error).__name__, "traceback": lines}
        write_atomically(self.path / "failure.json", json.dumps(facts, indent=2, ensure_ascii=False))

    @property
    def has_begun(self) -> bool:
        return (self.path / "config.yaml").is_file()

    @property
    def summary(self) -> dict[str, Any]:
        """What the run came to so far; empty until it has ended once."""
        file = self.path / "summary.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}

    @property
    def has_finished(self) -> bool:
        """Whether there is nothing more to be done for it."""
        return self.summary.get("ended_by") in ENDS

    @property
    def first_score(self) -> float | None:
        """The final value of the first of its metrics, by which runs are compared; None where none was taken."""
        return next((row["value"] for row in self.summary.get("scores", {}).values()), None)

    @cached_property
    def config(self) -> DictConfig:
        cfg = OmegaConf.load(self.path / "config.yaml")
        assert isinstance(cfg, DictConfig)
        return cfg

    @cached_property
    def recipe(self) -> DictConfig:
        """The configuration with its own interpolations in place."""
        cfg = OmegaConf.load(self.path / "recipe.yaml")
        assert isinstance(cfg, DictConfig)
        return cfg

    @cached_property
    def dataset(self) -> dict[str, Any]:
        """What the run knows of its data: name, hashes, licence, factors."""
        return json.loads((self.path / "dataset.json").read_text(encoding="utf-8"))

    @property
    def told_factors(self) -> list[Factor]:
        """The factors that the players were told, in the order of their label columns."""
        factors = {row["name"]: Factor(row["name"], tuple(row["classes"])) for row in self.dataset["factors"]}
        return [factors[name] for name in self.config.dataset.condition]

    def pictures(self, *, moved: Mapping[str, Any] | None = None, allow: tuple[str, ...] = ()) -> PictureSet:
        """Return the data that the run was trained on, read from where they lay then, or from where they are now.

        Args:
            moved: the settings of the data set that say where its files are now: `root`, `labels`; None as before.
            allow: package prefixes that the user trusts.

        Raises:
            UserError: if they cannot be found, or are other data now.
        """
        cfg = self.config.copy()
        given = {f"dataset.{key}": value for key, value in (moved or {}).items() if value is not None}
        for key, value in (self.places_from_here(cfg) | given).items():
            if OmegaConf.select(cfg, key) is None:
                raise UserError(f"{key}={value}: run={self.path} was trained on {self.dataset['name']}, without {key}.")
            OmegaConf.update(cfg, key, value)
        self.refuse_missing_pictures(cfg, f"run={self.path}")
        pictures = cache.load(build_dataset(cfg.dataset, allow=allow))
        self.refuse_other_pictures(pictures, f"run={self.path}")
        return pictures

    def places_from_here(self, cfg: DictConfig) -> dict[str, str]:
        """What takes the place of the relative paths in `cfg`, the configuration of this run, by key."""
        known = self.dataset.get("places")
        return places.found(cfg, self.path, known if isinstance(known, dict) else {})

    def refuse_missing_pictures(self, cfg: DictConfig, asked: str) -> None:
        """Raise `UserError` if the folder that `cfg` names for the data is not there, and cannot be downloaded."""
        root = cfg.dataset.get("root")
        if not isinstance(root, str) or places.exists(root) or cfg.dataset.get("download"):
            return
        about = self.dataset
        raise UserError(
            f"{asked} was trained on {about['name']} ({about['num_train']:,} + {about['num_test']:,} pictures), and "
            f"there is nothing at {root} now. Say where the pictures are: dataset.root=FOLDER"
        )

    def refuse_other_pictures(self, pictures: PictureSet, asked: str) -> None:
        """Raise `UserError` if `pictures` are not what the run was trained on."""
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
            UserError: if there is no such checkpoint, naming those that there are.
        """
        names = [which, f"{which}.ckpt"] + (["last.ckpt"] if which == "best" else [])
        for file in [self.checkpoints / name for name in names] + [Path(which).expanduser()]:
            if file.is_file():
                return file
        there = sorted(file.name for file in self.checkpoints.glob("*.ckpt")) or ["none"]
        raise UserError(f"checkpoint={which} is not in {self.checkpoints}. There: {', '.join(there)}.")

    def generator(self, checkpoint: Path, *, average: bool = True, allow: tuple[str, ...] = ()) -> torch.nn.Module:
        """Build the generator and load it from `checkpoint`: its moving average, or as it was trained. In eval mode."""
        label_sizes = [len(factor.classes) for factor in self.told_factors]
        with torch.random.fork_rng(devices=[]):  # initial weights are drawn, and replaced; nobody else is to feel it
            network = build_network(self.config.architecture.generator, allow=allow, label_sizes=label_sizes)
        state = read_checkpoint(checkpoint)["state_dict"]
        prefix = "generator_ema." if average else "generator."
        network.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
        return network.eval().requires_grad_(False)


def without_resolvers(cfg: DictConfig) -> DictConfig:
    """Copy `cfg`, with what comes from outside of it (`${hydra:…}`, `${oc.env:…}`) replaced by its value today."""
    copied = cfg.copy()
    for copy, original in zip(_nodes(copied), _nodes(cfg), strict=True):
        raw = OmegaConf.to_container(original, resolve=False)
        assert isinstance(raw, dict)
        for key, value in raw.items():
            if isinstance(value, str) and "${" in value and ":" in value:
                copy[key] = original[key]
    return copied


def _nodes(cfg: DictConfig) -> Iterator[DictConfig]:
    """`cfg` and the mappings in it, without following interpolations."""
    yield cfg
    for key in map(str, cfg):
        followed = OmegaConf.is_interpolation(cfg, key) or OmegaConf.is_missing(cfg, key)
        if not followed and isinstance(cfg[key], DictConfig):
            yield from _nodes(cfg[key])


def read_checkpoint(file: Path) -> dict[str, Any]:
    """Read a checkpoint: tensors and plain values, never code.

    Raises:
        UserError: if the file is damaged or not a checkpoint of ganart.
    """
    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:
        raise UserError(f"{file} cannot be read as a checkpoint: {error}") from error
    if "ganart" not in checkpoint:
        raise UserError(f"{file} is not a checkpoint that ganart has written.")
    return checkpoint


def sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _runs_nearby() -> str:
    runs = sorted(Path("runs").glob("*/*/config.yaml"), key=lambda file: file.stat().st_mtime, reverse=True)
    if not runs:
        return "Train one first: ganart train"
    return "The latest here: " + ", ".join(str(file.parent) for file in runs[:3])

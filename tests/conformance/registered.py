"""The parts that a folder of configurations registers, and what tests do with any of them: build it, play with it."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf
from torch import Tensor, nn
from torch.testing import assert_close

from ganart.api.compose import compose
from ganart.config.build import build, build_network, targets_in
from ganart.datasets.loader import Batch
from ganart.doctor import Disease, every_disease
from ganart.files.paths import conf_dir
from ganart.gan import CLOCKS, GAN, PLAYERS
from ganart.layers.conditioning import one_hot
from ganart.machine.hardware import choose
from ganart.play import Pair
from ganart.training.assembly import gan_of_sizes

LABEL_SIZES = (3, 2)
"""Classes of the two factors that conditional players are told."""

SMALL = (
    "architecture=dcgan",
    "architecture.generator.start_channels=16",
    "architecture.generator.min_channels=8",
    "architecture.generator.latent_dim=8",
    "dataset.height=16",
    "dataset.width=16",
    "trainer=cpu",
)
"""Players that take no time, for parts that are no players."""

TO_FILL = {"root": "pictures", "_target_": "torch.nn.Flatten", "name": "own"}
"""What stands for a value that a file leaves to the user, by the last word of its key."""


@dataclass(frozen=True)
class Registry:
    """The files of one folder of groups: ganart's own, or one of the user's whose packages are trusted.

    Attributes:
        folder: the folder whose parts are tested.
        config_dir: what `--config-dir` would be; None for ganart's own.
        allow: packages beside ganart's that parts may come from.
    """

    folder: Path
    config_dir: Path | None = None
    allow: tuple[str, ...] = ()

    @classmethod
    def of(cls, config_dir: str | None, allow: str | None) -> Registry:
        """Return that of `--config-dir` and `--allow-targets`, two options of pytest."""
        folder = Path(config_dir).absolute() if config_dir else None
        return cls(folder or conf_dir(), folder, tuple(filter(None, (allow or "").split(","))))

    def options(self, group: str) -> list[str]:
        """Return the options that the folder has for `group`."""
        return sorted(file.stem for file in (self.folder / group).glob("*.yaml"))

    def compose(self, *overrides: str) -> DictConfig:
        """Compose a training; what its files leave to the user is filled in."""
        allowed = f"allow_targets=[{','.join(self.allow)}]"
        return filled(self.config_dir, (*overrides, allowed, "run_folder=nowhere")).copy()

    def build(self, choice: str, *overrides: str) -> Any:
        """Build what a group names: `build("loss=hinge")`; several by name, `build("penalty=[r1]")["r1"]`."""
        return build(self.compose(choice, *overrides)[choice.partition("=")[0]], allow=self.allow)

    def diseases(self) -> list[Disease]:
        """Return those that the doctor finds, or those that files of the user's add to it."""
        if self.config_dir is None:
            return every_disease()
        nodes = [
            self.compose(f"callback=[doctor,{option}]").callback.doctor.also for option in self.options("callback")
        ]
        return [disease for node in nodes for disease in build(node, allow=self.allow).values()]

    def build_players(self, cfg: DictConfig, label_sizes: Sequence[int] = ()) -> list[nn.Module]:
        """Build the generator and the discriminator of `cfg`."""
        nodes = (cfg.architecture.generator, cfg.architecture.discriminator)
        torch.manual_seed(0)
        return [build_network(node, allow=self.allow, label_sizes=list(label_sizes)) for node in nodes]

    def build_gan(self, *overrides: str, label_sizes: Sequence[int] = (), small: Sequence[str] = SMALL) -> GAN:
        """Build the whole model, as `ganart.build_gan`, of players that take no time."""
        cfg = self.compose(*small, *overrides)
        torch.manual_seed(0)
        return gan_of_sizes(cfg, list(label_sizes), choose("cpu", "32-true", cfg.channels_last))

    def kinds(self, *overrides: str, group: str) -> list[Any]:
        """Return the classes and functions that a group names, those of other libraries left out."""
        targets = targets_in(OmegaConf.select(self.compose(*overrides), group))
        return [get_object(target) for target in targets if target.startswith(("ganart.", *self.allow))]


@cache
def filled(config_dir: Path | None, overrides: tuple[str, ...]) -> DictConfig:
    cfg = compose(*overrides, config_dir=config_dir)
    wanting = sorted(OmegaConf.missing_keys(cfg))
    given = [f"{key}={TO_FILL.get(key.rpartition('.')[2], 'own')}" for key in wanting]
    return compose(*overrides, *given, config_dir=config_dir) if given else cfg


# ---------------------------------------------------------------------------------------------- sources

SOURCE = re.compile(r"\d{4}\.\d{4,5}|\bdoi\b|\b(?:19|20)\d\d\b", re.IGNORECASE)
"""An arXiv number, a DOI, or a year beside a name."""


def documents(kind: Any) -> Iterator[str]:
    """Yield the docstrings of a class, its bases, and their modules, but for those that Python and torch have."""
    for one in getattr(kind, "__mro__", [kind]):
        if one.__module__.split(".")[0] not in {*sys.stdlib_module_names, "torch"}:
            yield from (one.__doc__ or "", sys.modules[one.__module__].__doc__ or "")


def assert_cites_a_source(kinds: Sequence[Any]) -> None:
    assert kinds
    for kind in kinds:
        told = list(documents(kind))
        assert told[0].strip() or told[1].strip(), f"{kind} has no docstring"
    assert any(SOURCE.search(text) for kind in kinds for text in documents(kind)), (
        f"{kinds} say nowhere where they come from: an arXiv number, a DOI, or a name and a year in the docstring"
    )


# ---------------------------------------------------------------------------------------------- playing


def some_labels(count: int, label_sizes: Sequence[int] = LABEL_SIZES) -> Tensor:
    """Label weights [N, ΣK] of classes that differ from row to row; every class comes once in six rows."""
    rows = torch.tensor([[(row + column) % size for column, size in enumerate(label_sizes)] for row in range(count)])
    return one_hot(rows.long().reshape(count, len(label_sizes)), label_sizes)


def some_pair(gan: GAN, count: int = 8, side: int = 16) -> Pair:
    """A micro-batch of noise against what the generator makes of latents, with a graph."""
    labels, latents = some_labels(count, gan.label_sizes), torch.randn(count, gan.latent_dim)
    return Pair(torch.rand(count, 3, side, side) * 2 - 1, gan.generator(latents, labels), labels, latents)


def play(gan: GAN, *, rounds: int = 3, precision: str = "32-true", side: int = 16, channels: int = 3) -> pl.Trainer:
    """Train `gan` for some rounds of eight pictures of noise; returns the trainer."""
    random = torch.Generator().manual_seed(1)
    images = torch.randint(256, (rounds, 8, side, side, channels), generator=random, dtype=torch.uint8)
    labels = torch.tensor([[(row + column) % size for column, size in enumerate(gan.label_sizes)] for row in range(8)])
    batches = [Batch(batch, labels.long().reshape(8, len(gan.label_sizes))) for batch in images]
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    trainer = pl.Trainer(max_steps=rounds, accelerator="cpu", devices=1, precision=precision, **quiet)
    trainer.fit(gan, torch.utils.data.DataLoader(batches, batch_size=None))
    assert gan.rounds == rounds
    gan.refuse_to_save_what_is_not_finite()
    return trainer


def assert_learns(gan: GAN, **how: Any) -> dict[str, float]:
    """Play three rounds: both players move and stay finite. Returns the means of all that was logged."""
    before = {name: value.clone() for name, value in gan.state_dict().items()}
    play(gan, **how)
    for player in ("generator", "discriminator"):
        names = [name for name, _ in getattr(gan, player).named_parameters() if f"{player}.{name}" in before]
        assert any(not torch.equal(before[f"{player}.{name}"], gan.state_dict()[f"{player}.{name}"]) for name in names)
    logged = gan.meters.mean()
    assert all(torch.isfinite(torch.tensor(value)) for value in logged.values()), logged
    return logged


def said(gan: GAN) -> dict[str, Tensor]:
    """What the loss and the terms say of one micro-batch, the same for every model of these weights."""
    gan.mean_of_processes = lambda value: value  # there is one, and nobody trains
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        pair = some_pair(gan)
        gan.discriminator_loss(pair)
        values = {f"loss/{player}": getattr(gan, f"{player}_loss")(pair) for player in PLAYERS}
        for name, term in gan.terms.items():
            pair = some_pair(gan)
            pair.real_output, pair.fake_output = (gan.judge(side, pair.labels) for side in (pair.real, pair.fake))
            values |= {f"{name}/{player}": getattr(term, player)(pair, gan) for player in PLAYERS}
    return {name: value.detach() for name, value in values.items() if value is not None}


def through_a_file(state: Any) -> Any:
    """Save `state` and load it as checkpoints are loaded: weights and plain values only."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def assert_resumes(played: GAN, fresh: GAN) -> None:
    """Check that a model of the same recipe takes over all weights and states of one that has played."""
    saved = through_a_file(played.state_dict())
    fresh.load_state_dict(saved)
    for clock in CLOCKS:
        setattr(fresh, clock, getattr(played, clock))
    for name, value in fresh.state_dict().items():
        assert_close(value, saved[name], rtol=0, atol=0, equal_nan=True, msg=f"{name} is not resumed")
    same = said(fresh)
    for name, value in said(played).items():
        assert_close(same[name], value, rtol=0, atol=0, msg=f"{name} has a state that is not saved")


def on_meta(module: nn.Module, *inputs: Tensor) -> Any:
    """Run `module` on the device without memory, where a tensor made elsewhere is an error or shows in what comes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # which does not know that device
        return module.to("meta")(*(tensor.to("meta") for tensor in inputs))

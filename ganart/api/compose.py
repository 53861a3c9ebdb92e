"""Composing configurations and building parts in Python, as the command line does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from ganart.config import build as config
from ganart.config.messages import explain
from ganart.config.values import as_hydra_reads
from ganart.errors import UserError
from ganart.files.paths import conf_dir, quoted
from ganart.gan import GAN
from ganart.machine.hardware import choose
from ganart.runs.folder import without_resolvers
from ganart.runs.output import choose_run_folder
from ganart.training.assembly import gan_of_sizes


def compose(*overrides: str, command: str = "train", config_dir: str | Path | None = None) -> DictConfig:
    """Return the configuration of `ganart COMMAND OVERRIDES…`, with every value of the run.

    Args:
        overrides: as on the command line, `"experiment=mnist"`, `"penalty=[r1]"`, without a shell's quotes.
        command: the verb: train, evaluate, generate …
        config_dir: a folder of groups and recipes of your own, as `--config-dir`.

    Raises:
        UserError: for a key or an option that does not exist, naming the nearest.
    """
    return composed(overrides, command, config_dir)


def composed(
    overrides: Sequence[str], command: str, config_dir: str | Path | None, *, creates_folder: bool = False
) -> DictConfig:
    """Compose as `compose` does; with `creates_folder` also create a run folder that no other run has."""
    overrides = as_typed(overrides, config_dir)
    searched = [f"hydra.searchpath=[{quoted(f'file://{Path(config_dir).absolute()}')}]"] if config_dir else []
    try:
        with _beside_other_applications(), initialize_config_dir(str(conf_dir()), version_base="1.3"):
            cfg = hydra.compose(command, [*searched, *overrides], return_hydra_config=True)
            if creates_folder:
                choose_run_folder(cfg)
            HydraConfig.instance().set_config(cfg)  # the folder's name may interpolate from it
            folder = str(Path(cfg.hydra.run.dir).absolute())
            with read_write(cfg.hydra), open_dict(cfg.hydra):
                cfg.hydra.runtime.output_dir = folder
            HydraConfig.instance().set_config(cfg)
            with open_dict(cfg):
                del cfg["hydra"]
            return without_resolvers(cfg)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(explain(error, command) or str(error)) from error


def as_typed(overrides: Sequence[str], config_dir: str | Path | None) -> list[str]:
    """Return `overrides` in Hydra's notation, with paths, names and classes quoted where needed."""
    folders = [Path(config_dir)] if config_dir else []
    return [as_hydra_reads(override, folders=folders) for override in overrides]


def build(choice: str, *overrides: str, label_sizes: Sequence[int] = (), config_dir: str | Path | None = None) -> Any:
    """Build the part that a choice from a group names, for example `build("loss=hinge")`.

    An architecture gives a dictionary of two networks, `generator` and `discriminator`; a group that takes several
    options (penalty, metric, callback) a dictionary by name.

    Args:
        choice: the group and the option: `loss=hinge`, `penalty=[r1,r2]`, `architecture=dcgan`, `features=classifier`.
        overrides: values of the part, `penalty.r1.gamma=1`, or values that it depends on, `dataset.height=64`.
        label_sizes: for an architecture, the number of classes of each factor that it is conditioned on.
        config_dir: a folder of groups of your own, as `--config-dir`.

    Raises:
        UserError: if there is no such group or option.
    """
    group = choice.partition("=")[0]
    cfg = compose(choice, *overrides, config_dir=config_dir)
    allow = tuple(cfg.allow_targets)
    if group == "architecture":
        nodes = cfg.architecture.items()
        return {
            str(name): config.build_network(node, allow=allow, label_sizes=list(label_sizes)) for name, node in nodes
        }
    return config.build(OmegaConf.select(cfg, group), allow=allow)


def build_gan(*overrides: str, label_sizes: Sequence[int] = (), config_dir: str | Path | None = None) -> GAN:
    """Build the two-player model, a LightningModule, for your own `pytorch_lightning.Trainer` and loader.

    Args:
        overrides: as for `ganart train`. `dataset.height`, `dataset.width` and `dataset.channels` set the size of the
            images, `total_images` the length of the learning-rate schedule.
        label_sizes: the number of classes of each column of the loader's labels; empty without labels.
        config_dir: a folder of groups of your own, as `--config-dir`.

    Raises:
        UserError: if the configuration cannot be built.
    """
    cfg = compose(*overrides, config_dir=config_dir)
    hardware = choose(cfg.trainer.accelerator, cfg.trainer.precision, cfg.channels_last)
    return gan_of_sizes(cfg, list(label_sizes), hardware)


@contextmanager
def _beside_other_applications() -> Iterator[None]:
    """Restore Hydra's global state afterwards: a Hydra application, ganart's or another, may be running."""
    outer, outer_config = GlobalHydra.instance().hydra, HydraConfig.instance().cfg
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        GlobalHydra.instance().hydra, HydraConfig.instance().cfg = outer, outer_config

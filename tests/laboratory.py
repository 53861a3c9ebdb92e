"""Small real trainings for tests: the real configuration, shrunk until a run takes a second or two."""

from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from ganart.paths import conf_dir
from ganart.run_folder import RunFolder
from ganart.training import train

TINY = (
    "dataset.num_pictures=400",
    "dataset.height=8",
    "dataset.width=8",
    "batch_size=16",
    "total_images=160",
    "features=classifier",
    "features.images=2000",
    "callback.scores.num_images=100",
    "callback.scores.every_images=0",
    "callback.checkpoint.every_images=48",
    "callback.samples.every_images=80",
    "callback.metrics.every_images=32",
    "trainer=cpu",
    "trainer.precision=32",
    "schedule=constant",
)


DCGAN = (
    "architecture=dcgan",
    "architecture.generator.start_channels=16",
    "architecture.generator.min_channels=8",
    "architecture.generator.latent_dim=8",
    "architecture.discriminator.batch_norm=false",
)
MLP = ("architecture=mlp", "architecture.generator.hidden=[16,16]", "architecture.discriminator.hidden=[16]")


def compose_tiny(folder: Path, *overrides: str, players: tuple[str, ...] = DCGAN) -> DictConfig:
    """The composed configuration of a tiny run in `folder`."""
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose("train", [*TINY, *players, "name=tiny", f"run_folder={folder}", *overrides])


def train_tiny(folder: Path, *overrides: str, players: tuple[str, ...] = DCGAN) -> RunFolder:
    """Train a tiny run in `folder`."""
    cfg = compose_tiny(folder, *overrides, players=players)
    train(cfg, RunFolder(folder), list(overrides))
    return RunFolder(folder)

"""Building of players, callbacks, loggers and Lightning's trainer from a configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import pytorch_lightning as pl
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.loggers import Logger

from ganart.callbacks import in_order
from ganart.callbacks.checkpoint import Checkpoint, WholeFile
from ganart.callbacks.interrupt import Interrupt
from ganart.callbacks.stop import StopAtImages, StopAtRounds, TimeBudget
from ganart.config.build import build, build_network
from ganart.datasets.base import PictureSet
from ganart.gan import GAN
from ganart.loggers.guarded import Guarded
from ganart.machine.hardware import Choice
from ganart.runs.folder import RunFolder
from ganart.training.lightning import NoProfiler
from ganart.training.optimizers import build_optimizer
from ganart.training.processes import environment_of


def build_gan(cfg: DictConfig, pictures: PictureSet, hardware: Choice) -> GAN:
    """Build the GAN of `cfg` for the factors of `pictures`."""
    return gan_of_sizes(cfg, [len(pictures.factor(name).classes) for name in cfg.dataset.condition], hardware)


def gan_of_sizes(cfg: DictConfig, label_sizes: list[int], hardware: Choice) -> GAN:
    """Build the GAN of `cfg` for `label_sizes`, the numbers of classes of the factors it is conditioned on."""
    scaled = hardware.precision in ("16", "16-mixed")
    return GAN(
        generator=build_network(cfg.architecture.generator, allow=cfg.allow_targets, label_sizes=label_sizes),
        discriminator=build_network(cfg.architecture.discriminator, allow=cfg.allow_targets, label_sizes=label_sizes),
        loss=build(cfg.loss, allow=cfg.allow_targets),
        penalties=build(cfg.penalty, allow=cfg.allow_targets) or {},
        terms=build(cfg.get("term") or {}, allow=cfg.allow_targets) or {},
        augment=build(cfg.augment, allow=cfg.allow_targets) if cfg.get("augment") else None,
        label_sizes=label_sizes,
        optimizers={
            player: build_optimizer(node, scaled_gradients=scaled, allow=cfg.allow_targets)
            for player, node in cfg.optimizer.items()
        },
        schedule=build(cfg.schedule, allow=cfg.allow_targets),
        ema=build(cfg.ema, allow=cfg.allow_targets),
        seed=cfg.seed,
        discriminator_steps=cfg.discriminator_steps,
        accumulate=cfg.accumulate,
        gradient_clip=cfg.gradient_clip,
        channels_last=hardware.channels_last,
    )


def build_callbacks(cfg: DictConfig, extra: Mapping[str, pl.Callback]) -> list[pl.Callback]:
    """Build all callbacks, in their order; those that end and save a run are added if `cfg` leaves them out."""
    callbacks = [*ends_of(cfg.trainer), *extra.values(), *build(cfg.callback, allow=cfg.allow_targets).values()]
    always = [StopAtImages(total_images=cfg.total_images), Interrupt(), Checkpoint()]
    callbacks += [own for own in always if not any(isinstance(callback, type(own)) for callback in callbacks)]
    return in_order(callbacks)


def ends_of(trainer: DictConfig) -> list[pl.Callback]:
    """Build the ends of a run by time and rounds; `total_images` takes precedence in the same round."""
    ends: list[pl.Callback] = []
    if trainer.max_time is not None:
        ends.append(TimeBudget(max_time=trainer.max_time))
    if trainer.max_steps != -1:
        ends.append(StopAtRounds(max_steps=trainer.max_steps))
    return ends


def build_trainer(
    cfg: DictConfig,
    hardware: Choice,
    run: RunFolder,
    callbacks: Sequence[pl.Callback],
    loggers: Sequence[Logger],
) -> pl.Trainer:
    """Build Lightning's trainer, without the parts that ganart replaces: checkpoints, progress, limits, samplers."""
    lightnings = {key: value for key, value in resolved(cfg.trainer).items() if key != "threads"}
    node = OmegaConf.merge(lightnings, {"accelerator": hardware.accelerator, "precision": hardware.precision})
    if node.strategy == "auto" and (node.devices not in (1, "1") or node.num_nodes > 1):
        node.strategy = "ddp_find_unused_parameters_true"  # each player leaves the other's parameters unused
    asked = cfg.trainer.get("plugins")
    plugins = build(asked, allow=cfg.allow_targets) if asked else [environment_of(cfg.trainer)]
    return build(
        node,
        allow=cfg.allow_targets,
        callbacks=list(callbacks),
        plugins=[*plugins, WholeFile()],
        max_time=None,
        max_steps=-1,
        profiler=node.profiler or NoProfiler(),
        logger=list(loggers),
        default_root_dir=str(run.path),
        max_epochs=-1,
        limit_val_batches=0,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def resolved(node: DictConfig) -> dict[str, Any]:
    """Return `node` as plain values, because its interpolations would not resolve after merging it elsewhere."""
    return cast(dict[str, Any], OmegaConf.to_container(node, resolve=True))


@contextmanager
def built_loggers(cfg: DictConfig) -> Iterator[list[Guarded]]:
    """Build the loggers of `cfg`, always including metrics.csv, and close them on exit."""
    csv = {"csv": {"_target_": "ganart.loggers.CSVLogger", "folder": cfg.run_folder}}
    nodes = OmegaConf.merge(csv, resolved(cfg.logger) if cfg.logger else {})
    loggers = [Guarded(name, logger) for name, logger in build(nodes, allow=cfg.allow_targets).items()]
    with ExitStack() as closing:
        for logger in loggers:
            closing.callback(logger.close)
        yield loggers

"""One training run: check, build, run, sum up."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import pytorch_lightning as pl
import torch
from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf

from ganart import quiet, summary
from ganart.callbacks import Doctor, Interrupt, Scores, TimeBudget
from ganart.checks import check
from ganart.config import build, build_dataset, build_network
from ganart.console import console
from ganart.datasets import cache
from ganart.datasets.base import PictureSet
from ganart.datasets.loader import BatchLoader
from ganart.errors import OccupiedError, TrainingDivergedError, UserError
from ganart.gan import GAN
from ganart.hardware import Choice, choose
from ganart.lean import NoProfiler, stop_looking_for_gpus
from ganart.loggers import ExperimentLogger
from ganart.optimizers import build_optimizer
from ganart.paths import shell
from ganart.relaunch import children_train, environment_of, take_rank
from ganart.resume import Resume
from ganart.run_folder import RunFolder


def train(
    cfg: DictConfig,
    run: RunFolder,
    overrides: list[str],
    resume: Resume | None = None,
    extra_callbacks: Mapping[str, pl.Callback] | None = None,
) -> None:
    """Train in `run`, and leave there what it came to; everything that can be checked is checked first."""
    take_rank(cfg.trainer)
    if resume is None and quiet.is_first_process() and run.has_begun and cfg.resume != "auto":
        folder = os.path.relpath(run.path)
        raise OccupiedError(
            f"{folder} holds a run already. Go on with it: {shell(f'resume={folder}')}, or give another hydra.run.dir="
        )
    check(cfg)
    with sole_owner_of(run):
        _train(cfg, run, overrides, resume, extra_callbacks or {})


@contextmanager
def sole_owner_of(run: RunFolder) -> Iterator[None]:
    """Keep a second command, that a scheduler has started too soon, say, from training in the same folder.

    Why the training failed, if it did, is written down there.
    """
    if not quiet.is_first_process():
        yield
        return
    run.path.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(run.path / ".lock")
        lock.acquire(blocking=False)
    except Timeout:
        raise OccupiedError(
            f"{os.path.relpath(run.path)} is being trained by another process at this moment."
        ) from None
    try:
        yield
    except Exception as error:
        if not run.has_finished:
            run.record_failure(error)
        raise
    finally:
        lock.release()


def _train(
    cfg: DictConfig,
    run: RunFolder,
    overrides: list[str],
    resume: Resume | None,
    extra_callbacks: Mapping[str, pl.Callback],
) -> None:
    composed, cfg = cfg, cfg.copy()
    OmegaConf.resolve(cfg)
    begun = time.monotonic()
    quiet.libraries()
    stop_looking_for_gpus()
    hardware = choose(cfg.trainer.accelerator, cfg.trainer.precision, cfg.channels_last)

    dataset = build_dataset(cfg.dataset, allow=cfg.allow_targets)
    cfg.dataset.condition = composed.dataset.condition = list(dataset.condition)
    pictures = cache.load(dataset)
    check_pictures(pictures, resume)
    if resume is not None:
        resume.refuse_other_players(cfg)
    with built_loggers(cfg) as loggers:
        callbacks = {**extra_callbacks, **build(cfg.callback, allow=cfg.allow_targets)}
        trainer = build_trainer(cfg, hardware, run, callbacks, loggers)
        check(cfg, world_size=trainer.world_size)
        torch.manual_seed(cfg.seed)
        gan = build_gan(cfg, pictures, hardware)
        if trainer.is_global_zero:
            run.begin(composed, overrides, pictures)
            introduce(cfg, run, pictures, hardware, gan, resume)
        for callback in callbacks.values():
            if isinstance(callback, Scores):
                callback.prepare(pictures, trainer.strategy.root_device)
        loader = BatchLoader(
            pictures,
            batch_size=cfg.batch_size * cfg.discriminator_steps,
            seed=cfg.seed,
            condition=tuple(cfg.dataset.condition),
            start=resume.images_seen if resume else 0,
            rank=trainer.global_rank,
            world_size=trainer.world_size,
        )
        for logger in loggers:
            logger.log_hyperparams(OmegaConf.to_container(cfg, resolve=True))  # type: ignore[arg-type]
            if trainer.is_global_zero:
                logger.log_dataset(pictures.name, run.dataset)
        prepared = time.monotonic()
        checkpoint = resume.checkpoint if resume else None
        with children_train(run.path, checkpoint, trainer), going_on_from(resume, gan):
            trainer.fit(gan, loader, ckpt_path=checkpoint, weights_only=True)
        seconds = prepared - begun, time.monotonic() - prepared
        conclude(run, trainer, gan, callbacks, pictures, cfg.total_images, *seconds)


def check_pictures(pictures: PictureSet, resume: Resume | None) -> None:
    """Raise `UserError` if there is nothing to train on, or if a resumed run would go on with other pictures."""
    if not len(pictures.train):
        raise UserError(
            f"dataset {pictures.name} has no training picture: all {len(pictures.test)} are test pictures. "
            "Use dataset.test_fraction=0, or more pictures."
        )
    if resume is not None:
        resume.run.refuse_other_pictures(pictures, f"resume={resume.run.path}")


@contextmanager
def going_on_from(resume: Resume | None, gan: GAN) -> Iterator[None]:
    """Tell in one sentence that a checkpoint does not fit the run, where training has not begun for that."""
    if resume is None:
        yield
        return
    try:
        yield
    except (UserError, TrainingDivergedError):
        raise
    except Exception as error:
        if gan.images_seen not in (0, resume.images_seen):
            raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(
            f"{resume.checkpoint} cannot be gone on from: {reason}. Take an older one: resume=CHECKPOINT"
        ) from error


def build_gan(cfg: DictConfig, pictures: PictureSet, hardware: Choice) -> GAN:
    """The two players and all that they play by, for `pictures`."""
    return gan_of_sizes(cfg, [len(pictures.factor(name).classes) for name in cfg.dataset.condition], hardware)


def gan_of_sizes(cfg: DictConfig, label_sizes: list[int], hardware: Choice) -> GAN:
    """The same for the numbers of classes of the factors that the players are conditioned on."""
    scaled = hardware.precision in ("16", "16-mixed")
    return GAN(
        generator=build_network(cfg.architecture.generator, allow=cfg.allow_targets, label_sizes=label_sizes),
        discriminator=build_network(cfg.architecture.discriminator, allow=cfg.allow_targets, label_sizes=label_sizes),
        loss=build(cfg.loss, allow=cfg.allow_targets),
        penalties=build(cfg.penalty, allow=cfg.allow_targets) or {},
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


def build_trainer(
    cfg: DictConfig,
    hardware: Choice,
    run: RunFolder,
    callbacks: dict[str, pl.Callback],
    loggers: Sequence[ExperimentLogger],
) -> pl.Trainer:
    """Lightning's trainer without the parts that ganart does itself, by images seen."""
    node = OmegaConf.merge(cfg.trainer, {"accelerator": hardware.accelerator, "precision": hardware.precision})
    if node.strategy == "auto" and (node.devices not in (1, "1") or node.num_nodes > 1):
        node.strategy = "ddp_find_unused_parameters_true"  # each player leaves the other's parameters unused
    return build(
        node,
        allow=cfg.allow_targets,
        callbacks=[*callbacks.values(), *([TimeBudget(duration=cfg.trainer.max_time)] if cfg.trainer.max_time else [])],
        max_time=None,
        plugins=cfg.trainer.get("plugins") or [environment_of(cfg.trainer)],
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


@contextmanager
def built_loggers(cfg: DictConfig) -> Iterator[list[ExperimentLogger]]:
    """The loggers of `cfg`, closed whatever happens; metrics.csv is always among them."""
    nodes = OmegaConf.merge(
        {"csv": {"_target_": "ganart.loggers.CSVLogger", "folder": cfg.run_folder}}, cfg.logger or {}
    )
    loggers = list(build(nodes, allow=cfg.allow_targets).values())
    with ExitStack() as closing:
        for logger in loggers:
            closing.callback(logger.close)
        yield loggers


def introduce(
    cfg: DictConfig, run: RunFolder, pictures: PictureSet, hardware: Choice, gan: GAN, resume: Resume | None
) -> None:
    """Say what is about to happen."""
    sizes = {p: sum(w.numel() for w in getattr(gan, p).parameters()) / 1e6 for p in ("generator", "discriminator")}
    layout = "channels-last" if hardware.channels_last else "channels-first"
    size = f"{pictures.width}×{pictures.height}×{pictures.channels}"
    told = f", told {', '.join(cfg.dataset.condition)}" if cfg.dataset.condition else ""
    lines = {
        "dataset": f"{pictures.name}: {len(pictures.train):,} + {len(pictures.test):,} pictures, {size}{told}",
        "players": ", ".join(f"{player} {millions:.2f} M" for player, millions in sizes.items()),
        "machine": f"{hardware.accelerator}, {hardware.precision}, {layout} ({hardware.reason})",
        "run": str(os.path.relpath(run.path)),
    }
    if resume is not None:
        lines["run"] += f", going on at {resume.images_seen:,} images"
    if skipped := pictures.manifest.skipped:
        lines["skipped"] = f"{len(skipped)} unreadable files; `ganart dataset` lists them"
    for name, line in lines.items():
        console.print(f"{name:<9} {line}", soft_wrap=True)


def conclude(
    run: RunFolder,
    trainer: pl.Trainer,
    gan: GAN,
    callbacks: dict[str, pl.Callback],
    pictures: PictureSet,
    total_images: int,
    preparing: float,
    training: float,
) -> None:
    """Write the summary and show it; a run that was told to stop ends the command."""
    interrupt = next((c for c in callbacks.values() if isinstance(c, Interrupt)), None)
    scores = next((c for c in callbacks.values() if isinstance(c, Scores)), None)
    doctor = next((c for c in callbacks.values() if isinstance(c, Doctor)), None)
    results = scores.evaluation.results if scores and scores.evaluation else []
    told = interrupt.reason if interrupt else None
    facts = {
        "ended_by": told or ("images" if gan.images_seen >= total_images else "time"),
        "images_seen": gan.images_seen,
        "rounds": gan.rounds,
        "seconds_preparing": round(preparing, 1),
        "seconds_training": round(training, 1),
        "seconds_scoring": round(scores.seconds, 1) if scores else 0.0,
        "device": summary.device_name(trainer.strategy.root_device),
        "num_devices": trainer.world_size,
        "precision": str(trainer.precision),
        "commit": summary.commit(),
        "dataset_hash": pictures.hash,
        "manifest_hash": pictures.manifest.hash,
        "licence": pictures.manifest.licence,
        "doctor": doctor.notes if doctor else [],
        **(scores.findings() if scores else {"scores": {}}),
    }
    if trainer.is_global_zero:
        summary.write(run.path / "summary.json", facts)
        for logger in trainer.loggers:
            if isinstance(logger, ExperimentLogger):
                values = {row.name: row.value for row in results}
                logger.log_run_folder({"images_seen": gan.images_seen, "scores": values})
        folder = os.path.relpath(run.path)
        if interrupt and interrupt.received is not None:
            again = shell("ganart", "train", f"resume={folder}")
            console.print(f"\nStopped at {gan.images_seen:,} images, saved. Go on with: {again}", soft_wrap=True)
            sys.exit(128 + interrupt.received)
        console.print(f"\n{summary.headline(results, facts)}", soft_wrap=True)
        if results:
            console.print(summary.table(results))
        for caveat in summary.caveats(results):
            console.print(caveat, style="dim", soft_wrap=True)

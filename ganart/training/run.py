"""One training run: checks, building, training, summary."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf

from ganart.callbacks.order import callbacks_of
from ganart.callbacks.pace import choose_threads
from ganart.callbacks.protocol import Preparing, Reporting, exit_status_of, findings_of
from ganart.config.build import build_dataset
from ganart.console import console, remark
from ganart.datasets import cache
from ganart.datasets.advice import before_training
from ganart.datasets.base import PictureSet
from ganart.datasets.loader import BatchLoader
from ganart.errors import OccupiedError, PlaceError, TrainingDivergedError, UserError
from ganart.files.paths import RUN_ADVICE, from_here, remove_if_nothing_is_in, shell, without_places, writing_to
from ganart.gan import GAN, normalizes_batches
from ganart.loggers import ExperimentLogger
from ganart.machine import threads
from ganart.machine.hardware import Choice, choose, has_room
from ganart.runs import summary
from ganart.runs.folder import RunFolder, usable
from ganart.training.assembly import build_callbacks, build_gan, build_trainer, built_loggers
from ganart.training.checks import check
from ganart.training.lightning import is_first_process, stop_looking_for_gpus
from ganart.training.processes import children_train, take_rank
from ganart.training.resume import Resume


def train(
    cfg: DictConfig,
    run: RunFolder,
    overrides: list[str],
    resume: Resume | None = None,
    extra_callbacks: Mapping[str, pl.Callback] | None = None,
) -> int:
    """Check the configuration, train in the folder of `run`, and write its summary.

    Returns:
        The exit status of the command: 0, or 128 plus the number of the signal that stopped it.

    Raises:
        UserError: if the configuration, the data or the folder cannot be used.
        TrainingDivergedError: if a loss or gradient became infinite or NaN.
    """
    take_rank(cfg.trainer)
    if resume is None and is_first_process() and run.holds_work and cfg.resume != "auto":
        folder = from_here(run.path)
        raise OccupiedError(
            f"{folder} holds a run already. Go on with it: {shell(f'resume={folder}')}, or give another hydra.run.dir="
        )
    stop_looking_for_gpus()
    with usable(resume.run.path) if resume else nullcontext():
        check(cfg)
    with exclusive_use_of(run), threads.counted_as_training():
        return _train(cfg, run, overrides, resume, extra_callbacks or {})


@contextmanager
def exclusive_use_of(run: RunFolder) -> Iterator[None]:
    """Lock the run folder in the first process; write a failure of the training into it.

    Raises:
        OccupiedError: if another process holds the lock, for example one that a scheduler has not ended yet.
    """
    if not is_first_process():
        yield
        return
    lock = FileLock(run.path / ".lock")
    with writing_to(run.path, RUN_ADVICE):
        run.path.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise OccupiedError(f"{from_here(run.path)} is being trained by another process at this moment.") from None
    try:
        with disk_errors_explained(run):
            yield
    except BaseException as error:
        if not run.has_begun:
            remove_if_nothing_is_in(run.path)
        elif isinstance(error, Exception) and not run.has_finished:
            run.record_failure(error)
        raise
    finally:
        lock.release()


@contextmanager
def disk_errors_explained(run: RunFolder) -> Iterator[None]:
    """Turn an OSError on a file of `run` into a `PlaceError` of one sentence."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and not Path(os.fsdecode(error.filename)).is_relative_to(run.path):
            raise  # a file outside of the run folder
        with writing_to(run.path, f"{RUN_ADVICE}{_how_to_resume(run)}"):
            raise
    except PlaceError as error:
        raise PlaceError(f"{error}{_how_to_resume(run)}") from error


def _how_to_resume(run: RunFolder) -> str:
    if not (run.checkpoints / "last.ckpt").is_file():
        return ""
    again = shell("ganart", "train", f"resume={from_here(run.path)}")
    return f"\nThe last checkpoint stands. Go on with: {again}"


def _train(
    cfg: DictConfig,
    run: RunFolder,
    overrides: list[str],
    resume: Resume | None,
    extra_callbacks: Mapping[str, pl.Callback],
) -> int:
    begun = time.monotonic()
    cfg = cfg.copy()  # values that depend on data and machine are filled in below
    hardware = choose(cfg.trainer.accelerator, cfg.trainer.precision, cfg.channels_last)
    with built_loggers(cfg) as loggers:
        trainer = build_trainer(cfg, hardware, run, build_callbacks(cfg, extra_callbacks), loggers)
        pictures = load_pictures(cfg, resume)
        gan, computing = build_players(cfg, pictures, hardware, trainer, resume)
        if trainer.is_global_zero:
            place = place_of(run, resume)
            run.begin(cfg, overrides, pictures)
            introduce(cfg, place, pictures, ", ".join(map(str, filter(None, (hardware, computing)))), gan)
            warn_of_other_threads(computing, resume)
        prepare(trainer, pictures)
        for logger in loggers:
            logger.go_on_from(resume.images_seen if resume else -1)
            logger.log_hyperparams(without_places(OmegaConf.to_container(cfg, resolve=True)))
            if trainer.is_global_zero:
                logger.log_dataset(pictures.name, run.dataset)
        prepared = time.monotonic()
        fit(cfg, run, trainer, gan, pictures, resume)
        return conclude(run, trainer, gan, pictures, prepared - begun, time.monotonic() - prepared)


def load_pictures(cfg: DictConfig, resume: Resume | None) -> PictureSet:
    """Load the data set, and set in `cfg` the factors that the players are conditioned on.

    Raises:
        UserError: if there is no training image, or if a resumed run would continue on other data.
    """
    dataset = build_dataset(cfg.dataset, allow=cfg.allow_targets)
    cfg.dataset.condition = list(dataset.condition)
    pictures = cache.load(dataset)
    check_pictures(pictures, resume)
    return pictures


def build_players(
    cfg: DictConfig, pictures: PictureSet, hardware: Choice, trainer: pl.Trainer, resume: Resume | None
) -> tuple[GAN, threads.Threads | None]:
    """Build the GAN from the seed, and choose the number of threads, which is recorded in `cfg`.

    The number is recorded because it changes the last bits, and a resumed run must reproduce them.

    Raises:
        UserError: if the players of a resumed run do not fit its checkpoint.
    """
    if resume is not None:
        resume.refuse_other_players(cfg)
    torch.manual_seed(cfg.seed)
    gan = build_gan(cfg, pictures, hardware)
    computing = choose_threads(cfg, trainer, gan)
    if computing is not None:
        cfg.trainer.threads = computing.count
    return gan, computing


def warn_of_other_threads(computing: threads.Threads | None, resume: Resume | None) -> None:
    """Print a note if a resumed run computes with another number of threads than before."""
    if resume is not None and computing is not None and resume.threads not in (None, computing.count):
        remark(
            "note     ",
            "yellow",
            f"the checkpoint was computed with trainer.threads={resume.threads}: with {computing.count} the last bits "
            "of what follows may differ from an unbroken run's.",
        )


def prepare(trainer: pl.Trainer, pictures: PictureSet) -> None:
    """Call `prepare` of all callbacks that have it, in their order."""
    for callback in callbacks_of(trainer):
        if isinstance(callback, Preparing):
            callback.prepare(pictures, trainer.strategy.root_device)


def fit(
    cfg: DictConfig, run: RunFolder, trainer: pl.Trainer, gan: GAN, pictures: PictureSet, resume: Resume | None
) -> None:
    """Train `gan` on `pictures`, from the beginning or from the checkpoint of `resume`."""
    device = trainer.strategy.root_device
    loader = BatchLoader(
        pictures,
        batch_size=cfg.batch_size * cfg.discriminator_steps,
        seed=cfg.seed,
        condition=tuple(cfg.dataset.condition),
        start=resume.images_seen if resume else 0,
        rank=trainer.global_rank,
        world_size=trainer.world_size,
        device=device if has_room(device, pictures.images.nbytes) else None,
    )
    checkpoint = resume.checkpoint if resume else None
    with (
        children_train(run.path, checkpoint, trainer, cfg.allow_targets),
        checkpoint_errors_explained(resume, gan),
        interruptible(),
    ):
        trainer.fit(gan, loader, ckpt_path=checkpoint, weights_only=True)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise a second Ctrl-C in the caller; Lightning would exit the process, a notebook's too, and ignore a third."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as end:
        if not isinstance(end.__context__, KeyboardInterrupt):
            raise
        signal.signal(signal.SIGINT, before)
        raise KeyboardInterrupt from None


def check_pictures(pictures: PictureSet, resume: Resume | None) -> None:
    """Raise `UserError` if there is no training image, or if a resumed run would continue on other data."""
    if not len(pictures.train):
        raise UserError(
            f"dataset {pictures.name} has no training picture: all {len(pictures.test)} are test pictures. "
            "Use dataset.test_fraction=0, or more pictures."
        )
    if resume is not None:
        resume.run.refuse_other_pictures(pictures, f"resume={resume.run.path}")


@contextmanager
def checkpoint_errors_explained(resume: Resume | None, gan: GAN) -> Iterator[None]:
    """Turn an error of loading the checkpoint, before the first round, into a `UserError` of one sentence."""
    if resume is None:
        yield
        return
    try:
        yield
    except (UserError, TrainingDivergedError, OSError):
        raise
    except Exception as error:
        if gan.images_seen not in (0, resume.images_seen):
            raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(
            f"{resume.checkpoint} cannot be gone on from: {reason}. Take an older one: resume=CHECKPOINT"
        ) from error


def place_of(run: RunFolder, resume: Resume | None) -> str:
    """Return the run folder for printing, with the images at which it resumes or the fact that it begins anew."""
    folder = from_here(run.path)
    if resume is not None:
        return f"{folder}, going on at {resume.images_seen:,} images"
    return f"{folder}, begun anew: it had ended before its first checkpoint" if run.has_begun else folder


def introduce(cfg: DictConfig, place: str, pictures: PictureSet, machine: str, gan: GAN) -> None:
    """Print data set, sizes of the players, machine and run folder, and notes on them."""
    sizes = {p: sum(w.numel() for w in getattr(gan, p).parameters()) / 1e6 for p in ("generator", "discriminator")}
    size = f"{pictures.width}×{pictures.height}×{pictures.channels}"
    condition = f", conditioned on {', '.join(cfg.dataset.condition)}" if cfg.dataset.condition else ""
    lines = {
        "dataset": f"{pictures.name}: {len(pictures.train):,} + {len(pictures.test):,} pictures, {size}{condition}",
        "players": ", ".join(f"{player} {millions:.2f} M" for player, millions in sizes.items()),
        "machine": machine,
        "run": place,
    }
    slopes = [name for name, penalty in gan.penalties.items() if penalty.strength is not None]
    if slopes and normalizes_batches(gan.discriminator):
        lines["note"] = (
            f"{', '.join(slopes)} through batch normalization: a gradient is then also that of the rest of the batch, "
            "and what the papers prove does not hold. architecture.discriminator.batch_norm=false"
        )
    if skipped := pictures.manifest.skipped:
        lines["skipped"] = f"{len(skipped)} unreadable files; `ganart dataset` lists them"
    for name, line in lines.items():
        console.say(f"{name:<9} {line}")
    for note in before_training(pictures, list(cfg.dataset.condition), cfg.batch_size):
        remark("note     ", "yellow", note)


def conclude(
    run: RunFolder, trainer: pl.Trainer, gan: GAN, pictures: PictureSet, preparing: float, training: float
) -> int:
    """Write and print the summary; return the exit status of the command."""
    callbacks = callbacks_of(trainer)
    facts = {**facts_of(trainer, gan, pictures, preparing, training), **findings_of(callbacks)}
    facts.setdefault("scores", {})
    if not trainer.is_global_zero:
        return 0
    summary.write(run.path / "summary.json", facts)
    for logger in trainer.loggers:
        if isinstance(logger, ExperimentLogger):
            values = {name: row["value"] for name, row in facts["scores"].items()}
            logger.log_run_folder({"images_seen": gan.images_seen, "scores": values})
    if status := exit_status_of(callbacks):
        again = shell("ganart", "train", f"resume={from_here(run.path)}")
        console.say(f"\nStopped at {gan.images_seen:,} images, saved. Go on with: {again}")
        return status
    console.say(f"\n{summary.headline(facts)}")
    for callback in callbacks:
        if isinstance(callback, Reporting):
            callback.report()
    return 0


def facts_of(trainer: pl.Trainer, gan: GAN, pictures: PictureSet, preparing: float, training: float) -> dict[str, Any]:
    """Return the entries of summary.json for every run, in its order, with defaults for those of callbacks."""
    return {
        "ended_by": "callback",
        "images_seen": gan.images_seen,
        "rounds": gan.rounds,
        "seconds_preparing": round(preparing, 1),
        "seconds_training": round(training, 1),
        "seconds_scoring": 0.0,
        "device": summary.device_name(trainer.strategy.root_device),
        "num_devices": trainer.world_size,
        "precision": str(trainer.precision),
        "commit": summary.commit(),
        "dataset_hash": pictures.hash,
        "manifest_hash": pictures.manifest.hash,
        "licence": pictures.manifest.licence,
        "doctor": [],
    }

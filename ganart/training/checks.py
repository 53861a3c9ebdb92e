"""Checks of a configuration that list all its problems, before data are read or a GPU is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import torch
from hydra.errors import InstantiationException
from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError, MissingMandatoryValue
from torch import nn

from ganart.config.build import TORCHVISION_SETS, build, build_network, refuse_wrong_arguments, targets_in
from ganart.config.values import TAKING_SEVERAL
from ganart.errors import PlaceError, UserError
from ganart.files.paths import RUN_ADVICE, disk_error_in
from ganart.machine.hardware import choose
from ganart.play import PLAYERS
from ganart.ranges import is_number
from ganart.runs.folder import RunFolder
from ganart.training.assembly import build_trainer, ends_of
from ganart.training.lightning import silence_libraries
from ganart.training.optimizers import build_optimizer
from ganart.training.processes import take_rank

Check = Callable[[DictConfig], Iterator[str]]
LARGEST_SEED = 2**63 - 1


def check(cfg: DictConfig, *, world_size: int | None = None) -> None:
    """Raise one `UserError` that lists all problems: what was asked, why it cannot be, and what to type instead.

    Parts check their own arguments: they are built and thrown away. `world_size` is the number of devices that share
    the batch; None for that of the trainer.
    """
    take_rank(cfg.trainer)
    silence_libraries()
    problems = list(_missing(cfg))
    for one in CHECKS:
        # A check that needs a missing value is skipped: the missing value itself is reported.
        with suppress(MissingMandatoryValue, InterpolationResolutionError):
            problems += one(cfg)
    with suppress(MissingMandatoryValue, InterpolationResolutionError):
        found, devices = _trainer(cfg)
        problems += [*found, *_players(cfg, world_size or devices), *_shares(cfg, world_size or devices)]
    problems = [problem for problem in problems if not _follows(cfg, problem, problems)]
    if problems:
        head = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"  {number}. {problem}" for number, problem in enumerate(problems, 1)]
        raise UserError("\n".join([f"{head} in this configuration:", *lines]))


def _follows(cfg: DictConfig, problem: str, problems: Sequence[str]) -> bool:
    """Return whether `problem` is about a value interpolated from another one that is itself among `problems`."""
    parent, _, leaf = problem.partition("=")[0].rpartition(".")
    node = OmegaConf.select(cfg, parent, throw_on_missing=False) if parent and "=" in problem else None
    if not isinstance(node, DictConfig) or leaf not in node or not OmegaConf.is_interpolation(node, leaf):
        return False
    raw = cast(dict[str, Any], OmegaConf.to_container(node, resolve=False))
    source = str(raw[leaf]).strip("${}")
    return any(other.startswith((f"{source}=", f"{source} ")) for other in problems)


def _missing(cfg: DictConfig) -> Iterator[str]:
    for key in OmegaConf.missing_keys(cfg):
        example = " (a folder or a zip of pictures)" if key == "dataset.root" else ""
        yield f"{key} has no value. Give it: {key}=…{example}"


def _counts(cfg: DictConfig) -> Iterator[str]:
    for key in ("total_images", "batch_size", "discriminator_steps", "accumulate"):
        value = cfg[key]
        if not is_number(value, int) or value < 1:
            yield f"{key}={value} must be a whole number of at least 1."
    if not is_number(cfg.seed, int) or not 0 <= cfg.seed <= LARGEST_SEED:
        yield f"seed={cfg.seed} must be a whole number from 0 to {LARGEST_SEED}."
    if is_number(cfg.batch_size, int) and is_number(cfg.total_images, int) and cfg.batch_size > cfg.total_images > 0:
        yield (
            f"batch_size={cfg.batch_size} is more than the run is to see, total_images={cfg.total_images}. "
            f"Try batch_size={min(32, cfg.total_images)}, or a larger total_images."
        )


def _optimizers(cfg: DictConfig) -> Iterator[str]:
    for player in PLAYERS:
        node = cfg.optimizer[player]
        rate = node.get("lr", 1)
        if not is_number(rate, float) or rate <= 0:
            yield f"optimizer.{player}.lr={rate} must be a number greater than 0, e.g. 0.0002."
        else:
            yield from _refusal(f"optimizer.{player}", _try_optimizer, node, cfg.allow_targets)


def _gradient_clip(cfg: DictConfig) -> Iterator[str]:
    if not isinstance(cfg.gradient_clip, DictConfig):
        yield f"gradient_clip={cfg.gradient_clip}: it is one number a player, gradient_clip.discriminator=1."
        return
    for player in PLAYERS:
        limit = cfg.gradient_clip[player]
        if limit is not None and (not is_number(limit, float) or limit <= 0):
            yield f"gradient_clip.{player}={limit} must be a number greater than 0, or null for no clipping."


def _lipschitz(cfg: DictConfig) -> Iterator[str]:
    target = str(cfg.loss.get("_target_", ""))
    with suppress(Exception):  # building the loss reports a missing class
        if getattr(get_object(target), "needs_lipschitz", False) and not cfg.get("penalty"):
            yield (
                f"loss {target.rpartition('.')[2]} without a penalty: the discriminator is not held Lipschitz. "
                "Add penalty=[wgan_gp], or penalty=[weight_clipping] as Arjovsky et al. 2017."
            )


def _nothing_to_build(cfg: DictConfig) -> Iterator[str]:
    for group in TAKING_SEVERAL:
        for name, entry in (cfg.get(group) or {}).items():
            if entry is None or "_target_" not in entry:
                yield (
                    f"{group}.{name} has values but names nothing to build: not chosen in {group}=[…], or set "
                    f"to null. Choose it too, {group}=[…,{name}], or leave it out: ~{group}.{name}"
                )


def _every(cfg: DictConfig) -> Iterator[str]:
    for name, callback in cfg.callback.items():
        every = callback.get("every_images", 1) if callback is not None else 1
        if not is_number(every, int) or every < 0:
            yield f"callback.{name}.every_images={every} must be a number of images (0: at the end)."


def _parts(cfg: DictConfig) -> Iterator[str]:
    """Yield the problems that parts raise when they are built.

    From other packages only parts of the round are built; their callbacks and loggers may have side effects.
    """
    for key in ("loss", "schedule", "ema"):
        yield from _refusal(key, build, cfg[key], allow=cfg.allow_targets)
    for key, of_torchvision in (("dataset", TORCHVISION_SETS), ("features", ())):
        node = cfg.get(key)
        if isinstance(node, DictConfig) and not _is_own(node):
            yield from _refusal(key, refuse_wrong_arguments, node, allow=(*cfg.allow_targets, *of_torchvision))
    if cfg.get("augment"):
        yield from _refusal("augment", build, cfg.augment, allow=cfg.allow_targets)
    for group in TAKING_SEVERAL:
        for name, node in (cfg.get(group) or {}).items():
            if node is not None and "_target_" in node:
                attempt = build if group in ("penalty", "term") or _is_own(node) else refuse_wrong_arguments
                yield from _refusal(f"{group}.{name}", attempt, node, allow=cfg.allow_targets)


def _players(cfg: DictConfig, world_size: int) -> Iterator[str]:
    for player in PLAYERS:
        yield from _refusal(f"architecture.{player}", _try_player, cfg, player, world_size)


def _is_own(node: DictConfig) -> bool:
    """Return whether all targets in `node` are ganart's."""
    return all(target.startswith("ganart.") for target in targets_in(node))


def _try_optimizer(node: DictConfig, allow: Sequence[str]) -> None:
    build_optimizer(node, scaled_gradients=False, allow=allow)([nn.Parameter(torch.zeros(1))])


def _try_player(cfg: DictConfig, player: str, world_size: int) -> None:
    """Build a player before the labels are known; refuse one that cannot normalise its micro-batches.

    Raises:
        UserError: if it has batch normalization over single values.
    """
    node = cfg.architecture[player]
    if not _is_own(node):
        refuse_wrong_arguments(node, allow=cfg.allow_targets, given=["label_sizes"])
    network = _player_without_data(node, cfg)
    share = f"batch_size={cfg.batch_size} with accumulate={cfg.accumulate} on {world_size} device(s)"
    synchronized = cfg.trainer.get("sync_batchnorm") and world_size > 1
    if cfg.batch_size == cfg.accumulate * world_size and not synchronized and _needs_several(cfg, player, network):
        raise UserError(
            f"it has batch normalization of single values, and {share} gives it one picture at a time. "
            f"Try batch_size={8 * cfg.accumulate * world_size}, or a player without it."
        )


def _player_without_data(node: DictConfig, cfg: DictConfig) -> nn.Module | None:
    """Build the network of `node`, on the meta device if possible; None if its constructor needs the label sizes.

    ganart's own networks are built without labels.
    """
    is_own = _is_own(node)
    label_sizes = () if is_own or not cfg.dataset.condition else SizesToCome()
    for device in ("meta", "cpu"):
        try:
            with torch.device(device):
                return build_network(node, allow=cfg.allow_targets, label_sizes=label_sizes)
        except (UserError, InstantiationException) as error:
            if isinstance(error.__cause__, LookupError) or SizesToCome.__name__ in str(error):
                return None
            if is_own or device == "cpu":
                raise
    return None


def _needs_several(cfg: DictConfig, player: str, network: nn.Module | None) -> bool:
    """Return whether a batch of one image gives batch normalization in `network` only one value per channel.

    The places of a feature map count as values.
    """
    if network is None:
        return False
    try:
        size = _size_of_input(cfg, player, network)
        with torch.no_grad():
            network.to("meta").train()(
                torch.empty(1, *size, device="meta"), torch.empty(1, 0, dtype=torch.long, device="meta")
            )
    except Exception as error:  # other errors of a user's player appear in training
        return "more than 1 value per channel" in str(error)
    return False


def _size_of_input(cfg: DictConfig, player: str, network: nn.Module) -> tuple[int, ...]:
    if player == "generator":
        return (cast(int, network.latent_dim),)
    return cfg.dataset.channels, cfg.dataset.height, cfg.dataset.width


class SizesToCome(Sequence[int]):
    """A placeholder for the numbers of classes before the data are read; raises LookupError when a network reads it."""

    def __len__(self) -> int:
        raise LookupError("not known before the data are")

    def __getitem__(self, index: Any) -> Any:
        return len(self)


def _refusal(key: str, attempt: Callable[..., object], *arguments: Any, **named: Any) -> Iterator[str]:
    """Yield the error of `attempt`, if it raises one, with its key in front."""
    try:
        attempt(*arguments, **named)
    except (MissingMandatoryValue, InterpolationResolutionError):
        return  # the missing value itself is reported
    except (UserError, ValueError, TypeError, RuntimeError, InstantiationException) as error:
        if isinstance(error, InstantiationException) and (disk := disk_error_in(error)) is not None:
            place = disk.filename or "A file"
            raise PlaceError(f"{place} cannot be written or read: {disk.strerror}. {RUN_ADVICE}") from error
        cause = error.__cause__ if isinstance(error, InstantiationException) else error
        message = str(cause).strip()
        if not isinstance(error, UserError):  # messages of libraries may be long
            message = message.partition("\n")[0]
        yield f"{key}.{message}" if re.match(r"[a-z_]+=", message) else f"{key}: {message}"


def _scores(cfg: DictConfig) -> Iterator[str]:
    if "scores" in cfg.callback and not cfg.get("metric"):
        yield "callback.scores has no metric to take. Choose some: metric=[fid,kid,is], or none: ~callback.scores"


def _trainer(cfg: DictConfig) -> tuple[list[str], int]:
    """Return the problems that Lightning's trainer raises, and the number of devices that share the batch."""
    found: list[Any] = []

    def assemble() -> None:
        trainer = cfg.trainer
        hardware = choose(trainer.accelerator, trainer.precision, cfg.channels_last)
        found.append(build_trainer(cfg, hardware, RunFolder(Path(cfg.run_folder)), [], []).world_size)

    problems = [*_refusal("trainer", assemble), *_refusal("trainer", ends_of, cfg.trainer)]
    return problems, found[0] if found else 1


def _shares(cfg: DictConfig, world_size: int) -> Iterator[str]:
    if not (is_number(cfg.batch_size, int) and is_number(cfg.accumulate, int)):
        return
    parts = world_size * cfg.accumulate
    if parts > 0 and cfg.batch_size % parts:
        nearest = max(2 * parts, round(cfg.batch_size / parts) * parts)  # at least two images per device
        yield (
            f"batch_size={cfg.batch_size} cannot be dealt to {world_size} device(s) with accumulate={cfg.accumulate}. "
            f"Try batch_size={nearest}."
        )


def _threads(cfg: DictConfig) -> Iterator[str]:
    value = cfg.trainer.get("threads")
    if value not in (None, "auto") and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        yield f"trainer.threads={value} must be auto or a whole number of at least 1."


CHECKS: tuple[Check, ...] = (
    _counts,
    _threads,
    _gradient_clip,
    _optimizers,
    _lipschitz,
    _nothing_to_build,
    _every,
    _scores,
    _parts,
)

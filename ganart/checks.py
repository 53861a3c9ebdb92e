"""Every problem of a configuration at once, before data are read or a GPU warms up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError, MissingMandatoryValue

from ganart.errors import UserError

Check = Callable[[DictConfig], Iterator[str]]


def check(cfg: DictConfig, *, world_size: int = 1) -> None:
    """Raise one `UserError` that lists everything that cannot be: what was asked, why not, what to type instead."""
    problems = list(_missing(cfg))
    checks: list[Check] = [*CHECKS, partial(_divides, world_size=world_size)]
    for one in checks:
        # What cannot be looked at for want of a value is told by the value that is wanting.
        with suppress(MissingMandatoryValue, InterpolationResolutionError):
            problems += one(cfg)
    if problems:
        head = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"  {number}. {problem}" for number, problem in enumerate(problems, 1)]
        raise UserError("\n".join([f"{head} in this configuration:", *lines]))


def _missing(cfg: DictConfig) -> Iterator[str]:
    for key in OmegaConf.missing_keys(cfg):
        example = " (a folder or a zip of pictures)" if key == "dataset.root" else ""
        yield f"{key} has no value. Give it: {key}=…{example}"


def _positive(cfg: DictConfig) -> Iterator[str]:
    for key in ("total_images", "batch_size", "discriminator_steps", "accumulate"):
        value = cfg[key]
        if not _is_number(value, int) or value < 1:
            yield f"{key}={value} must be a whole number of at least 1."


def _learning_rates(cfg: DictConfig) -> Iterator[str]:
    if not isinstance(cfg.gradient_clip, DictConfig):
        yield f"gradient_clip={cfg.gradient_clip}: it is one number a player, gradient_clip.discriminator=1."
        return
    for player in ("discriminator", "generator"):
        rate, limit = cfg.optimizer[player].get("lr", 1), cfg.gradient_clip[player]
        if not _is_number(rate, float) or rate <= 0:
            yield f"optimizer.{player}.lr={rate} must be a number greater than 0, e.g. 0.0002."
        if limit is not None and (not _is_number(limit, float) or limit <= 0):
            yield f"gradient_clip.{player}={limit} must be a number greater than 0, or null for no clipping."


def _lipschitz(cfg: DictConfig) -> Iterator[str]:
    target = str(cfg.loss.get("_target_", ""))
    with suppress(Exception):  # a loss that cannot be found is told when it is built
        if getattr(get_object(target), "needs_lipschitz", False) and not cfg.get("penalty"):
            yield (
                f"loss {target.rpartition('.')[2]} without a penalty: the discriminator is not held Lipschitz. "
                "Add penalty=[wgan_gp], or penalty=[weight_clipping] as Arjovsky et al. 2017."
            )


def _nothing_to_build(cfg: DictConfig) -> Iterator[str]:
    for group in ("penalty", "metric", "callback", "logger"):
        for name, entry in cfg[group].items():
            if entry is None or "_target_" not in entry:
                yield (
                    f"{group}.{name} has values but names nothing to build: not chosen in {group}=[…], or set "
                    f"to null. Choose it too, {group}=[…,{name}], or leave it out: ~{group}.{name}"
                )


def _every(cfg: DictConfig) -> Iterator[str]:
    for name, callback in cfg.callback.items():
        every = callback.get("every_images", 1) if callback is not None else 1
        if not _is_number(every, int) or every < 0:
            yield f"callback.{name}.every_images={every} must be a number of images (0: at the end)."


def _scores(cfg: DictConfig) -> Iterator[str]:
    if "scores" in cfg.callback and not cfg.get("metric"):
        yield "callback.scores has no metric to take. Choose some: metric=[fid,kid,is], or none: ~callback.scores"


def _divides(cfg: DictConfig, world_size: int) -> Iterator[str]:
    parts = world_size * cfg.accumulate
    if isinstance(cfg.batch_size, int) and isinstance(cfg.accumulate, int) and parts > 0 and cfg.batch_size % parts:
        nearest = max(parts, round(cfg.batch_size / parts) * parts)
        yield (
            f"batch_size={cfg.batch_size} cannot be dealt to {world_size} device(s) with accumulate={cfg.accumulate}. "
            f"Try batch_size={nearest}."
        )


def _is_number(value: object, kind: type) -> bool:
    """Whether `value` is an int (or, for `kind` float, any number); a bool is none."""
    return isinstance(value, (int, kind)) and not isinstance(value, bool)


CHECKS: tuple[Check, ...] = (_positive, _learning_rates, _lipschitz, _nothing_to_build, _every, _scores)

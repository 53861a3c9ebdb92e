"""Scores of generated pictures against real ones, in memory or in folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from torch import nn

from ganart.api.compose import compose
from ganart.config.build import build
from ganart.console import progress, working
from ganart.datasets.base import PictureSet
from ganart.datasets.in_memory import pictures_in_memory
from ganart.datasets.side_by_side import pictures_by_number, read_folder, settings_of, side_by_side
from ganart.errors import UserError
from ganart.features import FeatureNetwork
from ganart.features.module import Module
from ganart.generation.painter import device_of
from ganart.metrics import Evaluation, Score, Scorer


def score(
    real: Any,
    fake: Any,
    *overrides: str,
    metrics: Sequence[str | Score] | None = None,
    features: str | nn.Module | None = None,
) -> Evaluation:
    """Score generated pictures against real ones; every result has its floor and its protocol.

    Args:
        real: a folder or zip of pictures, an array or tensor (uint8 [N, H, W, C] or float [N, C, H, W] in [−1, 1]), a
            pair of such a tensor and its class labels [N], or the data of a run, `run.pictures()`.
        fake: the generated pictures, in one of the same forms.
        overrides: other settings of `ganart evaluate`: `"num_images=5000"`, `"seed=1"`, `"device=cuda"`,
            `"pictures.height=64"`, `"dataset.encoding=gbk"`, `"features.weights=FILE"`.
        metrics: names from the group `metric`, fid, kid, precision_recall …, or your own scores; None for all.
        features: a name from the group `features`, inception, classifier …, or any network from float [N, C, H, W] in
            [−1, 1] to features [N, D]. None: Inception if its weights are at hand, else a classifier of the labels.

    Returns:
        An evaluation: `results`, one per number, `values` by name, and, with labels, `tables` of one row per class.

    Raises:
        UserError: if the pictures cannot be compared, or are too few.
    """
    choices = [f"features={features}"] if isinstance(features, str) else []
    names = [metric for metric in metrics or () if isinstance(metric, str)]
    choices += [f"metric=[{','.join(names)}]"] if metrics is not None else []
    cfg = compose(*choices, *overrides, command="evaluate")
    own = {type(metric).__name__: metric for metric in metrics or () if not isinstance(metric, str)}
    taken = {**(build(cfg.metric, allow=cfg.allow_targets) or {}), **own}
    if isinstance(features, nn.Module):
        network = features if isinstance(features, FeatureNetwork) else Module(network=features, name="own")
    else:
        network = build(cfg.features, allow=cfg.allow_targets)
    return score_pictures(cfg, *_pictures(real, fake, settings_of(cfg.pictures, cfg.dataset)), network, taken)


def score_pictures(
    cfg: DictConfig, real: PictureSet, fake: PictureSet, network: FeatureNetwork, metrics: dict[str, Score]
) -> Evaluation:
    """Score up to `cfg.num_images` pictures of `fake` against as many of `real`."""
    scorer = Scorer(network, metrics, num_images=cfg.num_images, split="all", batch_size=cfg.batch_size, seed=cfg.seed)
    paint, count = pictures_by_number(fake, real, cfg.seed)
    count = min(count, cfg.num_images)
    scorer.refuse_too_few(count)
    scorer.prepare(real, device_of(cfg.device))
    with progress("looking at generated pictures", count) as advance:
        sample = scorer.look(paint, count, advance=advance)
    with working("comparing"):
        return scorer.evaluate(sample, fake_hash=fake.hash)


def _pictures(real: Any, fake: Any, how: dict[str, Any]) -> tuple[PictureSet, PictureSet]:
    """Return both sides as data sets of one size; `how` are the settings that folders are read with."""
    sides = {"real": real, "fake": fake}
    given = {key: _in_memory(side, key) for key, side in sides.items() if not isinstance(side, str | Path)}
    if not given:
        return side_by_side(str(real), str(fake), how)
    first = next(iter(given.values()))
    how |= {"height": first.height, "width": first.width, "channels": first.channels}
    found = [given[key] if key in given else read_folder(key, str(side), how) for key, side in sides.items()]
    shapes = ["×".join(map(str, side.images.shape[1:])) for side in found]
    if shapes[0] != shapes[1]:
        raise UserError(
            f"real has pictures of {shapes[0]} and fake of {shapes[1]} (height × width × channels). Bring them to one "
            "size before."
        )
    return found[0], found[1]


def _in_memory(side: Any, key: str) -> PictureSet:
    if isinstance(side, PictureSet):
        return side
    images, labels = side if isinstance(side, tuple | list) and len(side) == 2 else (side, None)
    return pictures_in_memory(images, labels, name=f"{key}, in memory")

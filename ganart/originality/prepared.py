"""Construction of an auditor for a data set, with the feature network that is available."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from omegaconf import DictConfig

from ganart.config.build import build
from ganart.console import console, progress
from ganart.datasets.base import PictureSet
from ganart.errors import NoLabelsError
from ganart.originality import Auditor, FeatureSpace, Outlines, Space, Tones


def auditor_of(
    features: DictConfig,
    data: PictureSet,
    device: torch.device,
    threshold: float,
    seed: int = 0,
    allow: tuple[str, ...] = (),
) -> Auditor:
    """Return an auditor prepared for the training images of `data`; without labels and Inception it has no features."""
    spaces: list[Space] = [Tones(), Outlines()]
    network = build(features, allow=allow)
    try:
        network.prepare(data, device)
    except NoLabelsError:
        console.say("features  none: no labels to learn them from, and no Inception weights; tones and outlines remain")
    else:
        spaces.append(FeatureSpace(network.to(device), device))
    auditor = Auditor(spaces, threshold=threshold, seed=seed)
    with looking(auditor, "finding out how near reference images come", data) as advance:
        auditor.prepare(data, advance=advance)
    return auditor


@contextmanager
def looking(auditor: Auditor, title: str, data: PictureSet | None = None) -> Iterator[Any]:
    count = len(data.train) if data is not None else len(auditor.works)
    with progress(title, count * len(auditor.spaces)) as advance:
        yield advance

"""The exponential moving average of the generator, which is sampled, scored and exported.

After Karras et al. 2018, "Progressive Growing of GANs" (arXiv:1710.10196), section 4.1; the half-life is counted in
images, so that it keeps its meaning when the batch size changes.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ganart.ranges import refuse_negative, refuse_unless_count


class Averaged(NamedTuple):
    """Tensors of the average (`old`) beside those of the generator (`new`), and pairs of counters to copy."""

    old: list[nn.Parameter]
    new: list[nn.Parameter]
    counters: list[tuple[Tensor, Tensor]]


@dataclass(frozen=True, kw_only=True)
class EMA:
    """An exponential moving average in which an old weight counts half after `half_life_images` images.

    `ramp_up` limits the half-life to that share of the images seen so far, so that the random start is soon forgotten;
    0 switches the ramp off. With `every: k` it is updated at each k-th round with the decay of k rounds; the rounds
    after the last update, at most k − 1, enter with the next one, also in a resumed run. Floating-point buffers (batch
    statistics) are averaged like weights; integer buffers (counters) are copied.
    """

    half_life_images: float
    ramp_up: float = 0.05
    every: int = 1

    def __post_init__(self) -> None:
        refuse_unless_count("every", self.every)
        refuse_negative("half_life_images", self.half_life_images)
        refuse_negative("ramp_up", self.ramp_up)

    def decay(self, images_seen: int, images_per_round: int) -> float:
        """Return the weight of the old average in one update, ½^(images_per_round / half-life)."""
        half_life = self.half_life_images
        if self.ramp_up > 0:
            half_life = min(half_life, self.ramp_up * images_seen)
        return math.pow(0.5, images_per_round / half_life) if half_life > 0 else 0.0

    @staticmethod
    def start(generator: nn.Module) -> nn.Module:
        """Return the initial average: a frozen copy of `generator` in evaluation mode."""
        return copy.deepcopy(generator).eval().requires_grad_(False)

    @staticmethod
    def pair_up(average: nn.Module, generator: nn.Module) -> Averaged:
        """Return the matching tensors of `average` and `generator`, found once for all updates."""
        old, new = list(average.parameters()), list(generator.parameters())
        counters = []
        for old_buffer, new_buffer in zip(average.buffers(), generator.buffers(), strict=True):
            if old_buffer.is_floating_point():
                old.append(old_buffer)  # type: ignore[arg-type]
                new.append(new_buffer)  # type: ignore[arg-type]
            else:
                counters.append((old_buffer, new_buffer))
        return Averaged(old, new, counters)

    @torch.no_grad()
    def update(self, averaged: Averaged, images_seen: int, images_per_round: int) -> None:
        """Move the average towards the generator in place."""
        for old, new in averaged.counters:
            old.copy_(new)
        get_ema_multi_avg_fn(self.decay(images_seen, images_per_round))(averaged.old, averaged.new, None)

"""Running means of losses and logits, kept on the device until they are read, to save time in the training step."""

from __future__ import annotations

from collections import deque
from math import isfinite
from typing import Any

import torch
from torch import Tensor

MOST_TENSORS = 64
"""Tensors kept by a meter before they are reduced to a sum and a count; checkpoints hold the others unreduced."""


ROUNDS_KEPT = 34
"""Rounds kept for the report of a divergence, which may be noticed some rounds late."""


class Meters:
    """Named series of tensors of any shape; the value of a meter is the mean over all elements since it was read."""

    def __init__(self) -> None:
        self._series: dict[str, list[Tensor]] = {}
        self._folded: dict[str, tuple[Tensor, int]] = {}
        self._rounds: deque[dict[str, Tensor]] = deque([{}], maxlen=ROUNDS_KEPT)

    def begin_round(self) -> None:
        self._rounds.append({})

    def add(self, name: str, values: Tensor) -> None:
        values = values.detach()
        series = self._series.setdefault(name, [])
        series.append(values)
        self._rounds[-1][name] = values
        if len(series) >= MOST_TENSORS:  # bounds the memory where meters are read rarely or never
            self._fold(name)

    def mean(self) -> dict[str, float]:
        """Return the mean of each meter since the last `read`, without starting anew."""
        folded = {name: _sum(series, self._folded.get(name)) for name, series in self._series.items()}
        means = [total / count for total, count in folded.values()]
        return dict(zip(folded, torch.stack(means).tolist(), strict=True)) if folded else {}

    def read(self) -> dict[str, float]:
        """Return the mean of each meter since the last reading, and start anew."""
        means = self.mean()
        self._series.clear()
        self._folded.clear()
        return means

    def state_dict(self) -> dict[str, Any]:
        """Return all kept tensors unreduced: with sums, a resumed run would differ in the last bits."""
        series = {
            name: ([t.numel() for t in tensors], torch.cat(_flat(tensors))) for name, tensors in self._series.items()
        }
        return {"series": series, "folded": dict(self._folded)}

    def load_state_dict(self, state: dict[str, Any], device: torch.device) -> None:
        """Restore `state`, with all tensors on `device`."""
        self._series = {name: list(values.to(device).split(sizes)) for name, (sizes, values) in state["series"].items()}
        self._folded = {name: (total.to(device), count) for name, (total, count) in state["folded"].items()}

    def of_this_round(self) -> dict[str, float]:
        return _means(self._rounds[-1])

    def last_finite(self) -> dict[str, float]:
        """Return the means of the latest earlier round in which all were finite; empty if no kept round was."""
        earlier = (_means(values) for values in list(self._rounds)[-2::-1])
        return next((means for means in earlier if means and all(map(isfinite, means.values()))), {})

    def _fold(self, name: str) -> None:
        """Replace a series by its sum and count."""
        self._folded[name] = _sum(self._series[name], self._folded.get(name))
        self._series[name] = []


def _means(values: dict[str, Tensor]) -> dict[str, float]:
    return {name: float(tensor.float().mean()) for name, tensor in values.items()}


def _sum(series: list[Tensor], before: tuple[Tensor, int] | None) -> tuple[Tensor, int]:
    """Return the sum, in float64, and the count of all elements of `series`, added to `before`."""
    if before and not series:
        return before
    values = torch.cat(_flat(series)).double()
    total, count = before or (values.new_zeros(()), 0)
    return total + values.sum(), count + values.numel()


def _flat(series: list[Tensor]) -> list[Tensor]:
    return [tensor.flatten() for tensor in series] or [torch.empty(0)]

"""What a round measured, kept on the device until somebody asks: a training step hardly computes or copies."""

from __future__ import annotations

import torch
from torch import Tensor

MOST_TENSORS = 256


class Meters:
    """Named series of tensors of any shape; a meter's value is the mean over all elements since the last reading."""

    def __init__(self) -> None:
        self._series: dict[str, list[Tensor]] = {}
        self._folded: dict[str, tuple[Tensor, int]] = {}
        self._this_round: dict[str, Tensor] = {}
        self._last_round: dict[str, Tensor] = {}

    def begin_round(self) -> None:
        self._last_round, self._this_round = self._this_round, {}

    def add(self, name: str, values: Tensor) -> None:
        values = values.detach()
        series = self._series.setdefault(name, [])
        series.append(values)
        self._this_round[name] = values
        if len(series) >= MOST_TENSORS:  # nobody may read for long, or ever
            self._fold(name)

    def read(self) -> dict[str, float]:
        """Return the mean of each meter since the last reading, and start anew."""
        for name in self._series:
            self._fold(name)
        if not self._folded:
            return {}
        means = torch.stack([total / count for total, count in self._folded.values()])
        values = dict(zip(self._folded, means.tolist(), strict=True))
        self._series.clear()
        self._folded.clear()
        return values

    def latest(self, name: str) -> Tensor:
        return self._this_round[name]

    def of_this_round(self) -> dict[str, float]:
        return {name: float(values.float().mean()) for name, values in self._this_round.items()}

    def of_last_round(self) -> dict[str, float]:
        return {name: float(values.float().mean()) for name, values in self._last_round.items()}

    def _fold(self, name: str) -> None:
        """Replace a series by its sum and count."""
        series = self._series[name]
        if series:
            values = torch.cat([tensor.flatten() for tensor in series]).double()
            total, count = self._folded.get(name, (values.new_zeros(()), 0))
            self._folded[name] = (total + values.sum(), count + values.numel())
            series.clear()

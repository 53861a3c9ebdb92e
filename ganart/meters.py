"""What a round measured, kept on the device until somebody asks: nothing is computed or copied in the training step."""

from __future__ import annotations

import torch
from torch import Tensor


class Meters:
    """Named series of tensors of any shape; a meter's value is the mean over all elements since the last reading."""

    def __init__(self) -> None:
        self._series: dict[str, list[Tensor]] = {}
        self._this_round: dict[str, Tensor] = {}
        self._last_round: dict[str, Tensor] = {}

    def begin_round(self) -> None:
        self._last_round, self._this_round = self._this_round, {}

    def add(self, name: str, values: Tensor) -> None:
        values = values.detach()
        self._series.setdefault(name, []).append(values)
        self._this_round[name] = values

    def read(self) -> dict[str, float]:
        """Return the mean of each meter since the last reading, and start anew."""
        names = list(self._series)
        if not names:
            return {}
        means = torch.stack([torch.cat([v.flatten().float() for v in self._series[name]]).mean() for name in names])
        self._series.clear()
        return dict(zip(names, means.tolist(), strict=True))

    def latest(self, name: str) -> Tensor:
        return self._this_round[name]

    def of_this_round(self) -> dict[str, float]:
        return {name: float(values.float().mean()) for name, values in self._this_round.items()}

    def of_last_round(self) -> dict[str, float]:
        return {name: float(values.float().mean()) for name, values in self._last_round.items()}

"""The linear decay of CycleGAN: Zhu et al. 2017 (arXiv:1703.10593), sec. 4, constant for a while and then to zero."""

from __future__ import annotations

from ganart.schedules.base import Ramped


class Linear(Ramped):
    """A linear decay to `final`."""

    def shape(self, progress: float) -> float:
        return 1 - progress

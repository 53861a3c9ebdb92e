"""Half a cosine: Loshchilov and Hutter 2017, "SGDR" (arXiv:1608.03983), eq. 5, without restarts."""

from __future__ import annotations

import math

from ganart.schedules.base import Ramped


class Cosine(Ramped):
    """A decay to `final` by half a cosine."""

    def shape(self, progress: float) -> float:
        return 0.5 * (1 + math.cos(math.pi * progress))

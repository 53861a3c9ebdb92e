"""Penalties on the discriminator, one a file."""

from typing import Any

from ganart.parts import parts_of
from ganart.penalties.base import Judge, Penalty, squared_gradient_norm

__all__ = ["Judge", "Penalty", "squared_gradient_norm"]

_FOUND = parts_of(__name__)
globals().update(_FOUND)
__all__ += [name for name in _FOUND if name not in __all__]


def __getattr__(name: str) -> Any:  # for type checkers, which cannot look into files
    raise AttributeError(f"{__name__} has no part {name}. There are: {', '.join(sorted(_FOUND))}")

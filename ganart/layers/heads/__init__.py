"""Heads of discriminators, from features to logits, one kind a file."""

from typing import Any

from ganart.layers.heads.base import Head, HeadOf
from ganart.parts import parts_of

__all__ = ["Head", "HeadOf"]

_FOUND = parts_of(__name__)
globals().update(_FOUND)
__all__ += [name for name in _FOUND if name not in __all__]


def __getattr__(name: str) -> Any:  # for type checkers, which cannot look into files
    raise AttributeError(f"{__name__} has no part {name}. There are: {', '.join(sorted(_FOUND))}")

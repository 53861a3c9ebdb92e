"""Augmentations of the discriminator's input, one a file."""

from typing import Any

from ganart.augment.base import Augmentation, NoAugmentation
from ganart.parts import parts_of

__all__ = ["Augmentation", "NoAugmentation"]

_FOUND = parts_of(__name__)
globals().update(_FOUND)
__all__ += [name for name in _FOUND if name not in __all__]


def __getattr__(name: str) -> Any:  # for type checkers, which cannot look into files
    raise AttributeError(f"{__name__} has no part {name}. There are: {', '.join(sorted(_FOUND))}")

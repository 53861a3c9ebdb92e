"""Augmentations of the discriminator's input, one a file."""

from ganart.augment.base import Augmentation, NoAugmentation
from ganart.parts import export

__all__ = ["Augmentation", "NoAugmentation"]

__getattr__ = export(__name__)

"""Heads of discriminators, from features to logits, one kind a file."""

from ganart.layers.heads.base import Head, HeadOf
from ganart.parts import export

__all__ = ["Head", "HeadOf"]

__getattr__ = export(__name__)

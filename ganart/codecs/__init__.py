"""What a sample is (a picture; later sound and text): how the model takes it, how it is stored, saved and shown."""

from ganart.codecs.base import Codec
from ganart.codecs.image import ImageCodec

__all__ = ["Codec", "ImageCodec"]

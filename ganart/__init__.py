"""ganart: the GAN laboratory for art."""

__version__ = "0.1.0"

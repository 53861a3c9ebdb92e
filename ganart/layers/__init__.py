"""Layers that two or more architectures share."""

"""Codecs: conversion, storage, saving and display of the samples of one modality (images; later sound and text)."""

from ganart.codecs.base import Codec
from ganart.codecs.image import ImageCodec

__all__ = ["Codec", "ImageCodec"]

"""The Inception of ArtFID (Wright and Ommer 2022, arXiv:2207.12280), trained on paintings."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.models import Inception3

from ganart.datasets.base import PictureSet
from ganart.features.base import FeatureNetwork, hash_of_weights
from ganart.images import as_rgb
from ganart.weights import check_hash, existing, hub_file, read_tensors, weights_unavailable

WEIGHTS_FILE = "art_inception.pth"
URL = f"https://huggingface.co/matthias-wright/art_inception/resolve/main/{WEIGHTS_FILE}"
SMALLEST = 75
"""The least side in pixels: below it, the network's last feature maps would be empty."""


class ArtInception(FeatureNetwork):
    """The 2,048 pooled features of an Inception-v3 trained on paintings instead of photographs.

    The input is in [0, 1] at the pictures' own size, as in the authors' code; pictures with a side below 75 pixels are
    enlarged to 299×299. The published file has no known hash; `sha256` checks it against the one you give.
    """

    name = "art_inception"
    num_features = 2048

    def __init__(self, *, weights: str | None = None, sha256: str | None = None) -> None:
        super().__init__()
        self._weights, self._sha256 = weights, sha256
        self._hash = ""

    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        file = existing(self._weights, WEIGHTS_FILE) if self._weights else hub_file(WEIGHTS_FILE)
        if not file.is_file():
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                torch.hub.download_url_to_file(URL, str(file))
            except Exception as error:
                raise weights_unavailable(self.name, error, WEIGHTS_FILE) from error
        check_hash(file, self._sha256)
        state = {key: value for key, value in read_tensors(file).items() if not key.startswith(("fc", "AuxLogits"))}
        with torch.random.fork_rng(devices=[]):
            self.network = Inception3(aux_logits=False, init_weights=False)
        self.network.fc = torch.nn.Identity()
        try:
            self.network.load_state_dict(state)
        except RuntimeError as error:
            raise weights_unavailable(self.name, error, WEIGHTS_FILE) from error
        self.eval().requires_grad_(False)
        self._hash = hash_of_weights(self.network)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        images = as_rgb(pictures).permute(0, 3, 1, 2).float() / 255
        if min(images.shape[2:]) < SMALLEST:
            images = interpolate(images, size=(299, 299), mode="bilinear", antialias=True)
        features = self.network(images)
        return features, features.new_empty(len(features), 0)

    def protocol(self) -> dict[str, Any]:
        seen_at = f"own size; below {SMALLEST} pixels 299×299, bilinear"
        return {"features": self.name, "weights_hash": self._hash, "antialias": True, "seen_at": seen_at}

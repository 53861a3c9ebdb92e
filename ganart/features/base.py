"""The interface of feature networks, and helpers for extracting features."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from ganart.datasets.base import PictureSet
from ganart.files.sources import code_digest, modules_of
from ganart.machine.hardware import full_float32


class FeatureNetwork(nn.Module):
    """A frozen network whose features are compared by scores.

    `name` is part of every score's name: `fd_<name>`. Only the scores of the FID papers' Inception are called `fid`,
    `kid` and `is`.
    """

    name: str
    num_features: int

    @abstractmethod
    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        """Load the weights, or train them on `pictures` on `device`; afterwards they never change.

        The network is left on the CPU; the caller moves it.
        """

    @abstractmethod
    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Turn uint8 [N, H, W, C] into features [N, num_features] and class logits [N, K], float32."""

    @abstractmethod
    def protocol(self) -> dict[str, Any]:
        """Return the facts that must be equal for scores to be comparable: network, hash of its weights, resizing."""

    def score_name(self, metric: str) -> str:
        """Return `fd_<name>` for `fid`, `kd_<name>` for `kid`, `precision_<name>` for `precision`, and so on."""
        without_inception = {"fid": "fd", "kid": "kd", "fid_infinity": "fd_infinity", "mifid": "mifd"}
        return f"{without_inception.get(metric, metric)}_{self.name}"


def hash_of_weights(network: nn.Module) -> str:
    """Return the SHA-256 over the names and values of all weights."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def code_of(*networks: nn.Module, beside: tuple[str, ...] = ()) -> str:
    """Return a digest of the code of `networks` and of the modules `beside`, for the keys of cached features."""
    layers = (layer for network in networks for layer in network.modules())
    return code_digest(*modules_of(layers), __name__, "ganart.images", "ganart.colours", *beside)


MOST_AT_ONCE = 250
PIXELS_AT_ONCE = 2**22


def pictures_at_once(height: int, width: int) -> int:
    """Return the batch size for generating and extracting pictures of a size: a few gigabytes of memory, at most 250.

    It changes the last bits of features, and is therefore a function of the size alone, equal on all machines.
    """
    return max(1, min(MOST_AT_ONCE, PIXELS_AT_ONCE // (height * width)))


@torch.inference_mode()
def extract(network: FeatureNetwork, pictures: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return features [N, D] and logits [N, K] of uint8 [N, H, W, C], computed in float32 on `device`."""
    with full_float32(device):
        features, logits = network(pictures.to(device))
    return features.float(), logits.float()

"""What a feature network is: pictures in, features and class logits out, under a name that never lies."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from ganart.datasets.base import PictureSet
from ganart.machine.hardware import full_float32


class FeatureNetwork(nn.Module):
    """A frozen network whose features the scores compare.

    `name` goes into the names of the scores: `fd_<name>`. Only the Inception of the FID papers makes them `fid`, `kid`
    and `is`.
    """

    name: str
    num_features: int

    @abstractmethod
    def prepare(self, pictures: PictureSet, device: torch.device) -> None:
        """Load the weights, or train them on `pictures` on `device`; after this the network is ready and never changes.

        It is left on the CPU: who uses it moves it.
        """

    @abstractmethod
    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Turn uint8 [N, H, W, C] into features [N, num_features] and class logits [N, K], float32."""

    @abstractmethod
    def protocol(self) -> dict[str, Any]:
        """What has to be equal for two scores to be comparable: network, hash of its weights, resizing."""

    def score_name(self, metric: str) -> str:
        """`fid` becomes `fd_<name>`, `kid` `kd_<name>`, `precision` `precision_<name>`: only Inception's are FID."""
        without_inception = {"fid": "fd", "kid": "kd", "fid_infinity": "fd_infinity", "mifid": "mifd"}
        return f"{without_inception.get(metric, metric)}_{self.name}"


def as_rgb(pictures: Tensor) -> Tensor:
    """Turn uint8 [N, H, W, 1|3|4] into [N, H, W, 3]: grey three times; RGBA over white."""
    channels = pictures.shape[3]
    if channels == 1:
        return pictures.expand(-1, -1, -1, 3)
    if channels == 4:
        alpha = pictures[..., 3:].float() / 255
        return (pictures[..., :3].float() * alpha + 255 * (1 - alpha)).round().to(torch.uint8)
    return pictures


def hash_of_weights(network: nn.Module) -> str:
    """SHA-256 over the names and values of all weights."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


MOST_AT_ONCE = 250
PIXELS_AT_ONCE = 2**22


def pictures_at_once(height: int, width: int) -> int:
    """How many pictures of a size are generated or looked at together: as many as take a few gigabytes, at most 250.

    Features depend on it in their last bits. So it is a function of the size alone, and the same everywhere.
    """
    return max(1, min(MOST_AT_ONCE, PIXELS_AT_ONCE // (height * width)))


@torch.inference_mode()
def extract(network: FeatureNetwork, pictures: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
    """Features and logits of one batch on `device`, in float32 whatever the surrounding precision."""
    with full_float32(device):
        features, logits = network(pictures.to(device))
    return features.float(), logits.float()

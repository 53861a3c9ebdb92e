"""Frozen backbones inside trained networks."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Frozen(nn.Module):
    """A backbone in evaluation mode, without gradients for its weights and left out of checkpoints.

    Its weights must be the same whenever it is built: from a file of a known hash, or from a seed. Gradients with
    respect to its input pass through, so a discriminator on its activations trains the generator.
    """

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone.eval().requires_grad_(False)
        self._prefix = ""
        self.register_load_state_dict_post_hook(_nothing_is_missing)

    def train(self, mode: bool = True) -> Frozen:
        super().train(False)
        return self

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        return kwargs.get("destination") or {}

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any, **kwargs: Any) -> None:
        self._prefix = prefix

    def forward(self, samples: Tensor) -> tuple[Tensor, ...]:
        """Return the activations of each stage of the backbone."""
        return tuple(self.backbone(samples))


def _nothing_is_missing(module: nn.Module, incompatible: Any) -> None:
    """Remove the backbone's weights from the missing keys of a checkpoint."""
    prefix = str(module._prefix)
    incompatible.missing_keys[:] = [key for key in incompatible.missing_keys if not key.startswith(prefix)]

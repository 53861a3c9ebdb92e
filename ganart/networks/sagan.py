"""Self-attention: Zhang et al. 2019, "Self-Attention Generative Adversarial Networks" (arXiv:1805.08318).

The residual players of `ganart.networks.resnet` with one layer of self-attention each, where the images of features are
`attention_side` pixels high or wide, and spectral normalization in every layer of both players (section 4.1).
"""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor, nn

from ganart.errors import UserError
from ganart.layers.attention import SelfAttention
from ganart.layers.spectral import normalize_spectra
from ganart.networks import resnet


class Attended(nn.Module):
    """A block followed by self-attention over its output, which has `channels`."""

    def __init__(self, block: nn.Module, channels: int) -> None:
        super().__init__()
        self.block = block
        self.attention = SelfAttention(channels)

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.attention(self.block(*inputs))


def attend(blocks: nn.ModuleList, sides: list[int], attention_side: int) -> None:
    """Put self-attention, in place, after the block whose output has `attention_side` pixels on its shorter side.

    Args:
        blocks: of `ganart.networks.resnet`.
        sides: the shorter side of each block's output, in pixels.
        attention_side: one of `sides`; of several the first.

    Raises:
        UserError: if no block has that side.
    """
    if attention_side not in sides:
        choices = ", ".join(map(str, sorted(set(sides))))
        raise UserError(f"attention_side={attention_side}: after the blocks the shorter side is {choices} pixels.")
    place = sides.index(attention_side)
    block = cast("resnet.UpBlock | resnet.DownBlock", blocks[place])
    blocks[place] = Attended(block, block.conv2.out_channels)


class Generator(resnet.Generator):
    """`ganart.networks.resnet.Generator` with self-attention and spectral normalization."""

    def __init__(self, *, attention_side: int, **settings: Any) -> None:
        super().__init__(**settings)
        start = min(self.start_shape[1:])
        attend(self.blocks, [start << level for level in range(1, len(self.blocks) + 1)], attention_side)
        normalize_spectra(self)


class Discriminator(resnet.Discriminator):
    """`ganart.networks.resnet.Discriminator` with self-attention and spectral normalization."""

    def __init__(self, *, attention_side: int, height: int, width: int, **settings: Any) -> None:
        super().__init__(height=height, width=width, **settings, spectral_norm=False)
        sides, side = [], min(height, width)
        for block in self.blocks:
            side = side if block.is_flat else side // 2
            sides.append(side)
        attend(self.blocks, sides, attention_side)
        normalize_spectra(self)

"""The levels of a convolutional player for an image size: a small start, doubled until the size is reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ganart.errors import UserError
from ganart.ranges import refuse_unless_count

SMALLEST_SIDE, LARGEST_SIDE = 8, 256
_STARTS = range(4, 8)  # 8 is 4 doubled, so each reachable side has exactly one of these starts


@dataclass(frozen=True)
class Pyramid:
    """Size of the start, and channels from the start up to the image: `channels[i]` at start · 2ⁱ."""

    start: tuple[int, int]
    channels: tuple[int, ...]

    @property
    def start_features(self) -> int:
        return self.channels[0] * self.start[0] * self.start[1]

    def upwards(self) -> Iterator[tuple[int, int]]:
        """Return pairs (channels below, channels above) of each doubling but the last, to the image."""
        return pairwise(self.channels)

    def downwards(self) -> Iterator[tuple[int, int]]:
        """Return pairs (channels above, channels below) of each halving but the first, from the image."""
        return pairwise(reversed(self.channels))


def pyramid(height: int, width: int, start_channels: int, min_channels: int) -> Pyramid:
    """Return the levels for images of `height` × `width`; channels halve at each doubling, down to `min_channels`.

    Raises:
        UserError: if the size cannot be reached by doubling a start of 4 to 7 pixels on its shorter side.
    """
    refuse_unless_count("start_channels", start_channels)
    refuse_unless_count("min_channels", min_channels)
    doublings = _doublings(min(height, width))
    if doublings is None or max(height, width) > LARGEST_SIDE or max(height, width) % 2**doublings:
        raise UserError(_unreachable(height, width))
    channels = tuple(max(start_channels >> level, min_channels) for level in range(doublings))
    return Pyramid((height >> doublings, width >> doublings), channels)


def _doublings(side: int) -> int | None:
    """Return the number of doublings from one of the starts to `side`; None if none reaches it."""
    if not SMALLEST_SIDE <= side <= LARGEST_SIDE:
        return None
    return next((k for k in range(1, 7) if side % 2**k == 0 and side >> k in _STARTS), None)


def _unreachable(height: int, width: int) -> str:
    sides = sorted({start << k for start in _STARTS for k in range(1, 7) if start << k <= LARGEST_SIDE})
    nearest = [min(sides, key=lambda side: abs(side - wanted)) for wanted in (height, width)]
    return (
        f"{height}×{width} pictures cannot be reached by doubling: the shorter side must be one of "
        f"{', '.join(map(str, sides))}, and the longer one a multiple of as many doublings, at most {LARGEST_SIDE}.\n"
        f"Try dataset.height={nearest[0]} dataset.width={nearest[1]}, or architecture=mlp, which makes any size."
    )

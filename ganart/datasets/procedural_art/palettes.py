"""Hand-picked palettes, several per style, with one colour per role: sky, land, body, trim, glow, light, dark."""

from __future__ import annotations

import math

import numpy as np

PALETTES: dict[str, tuple[str, ...]] = {
    # Mondrian and van Doesburg: primaries, black, white, and greys that are nearly white.
    "neoplastic": (
        "cfd6dc 1f4fa3 d3281d f4c51f f4c51f fdfaf0 15141a",
        "2a5db3 f0c419 d3281d c3cdd6 d3281d f8f4e8 15141a",
        "f5c722 c3ccd5 1f4c9c d3281d d3281d fffdf4 15141a",
        "d42a20 bcc7d2 2454a6 f5c722 f5c722 fbf7ea 15141a",
        "efe9da f2c31b 2454a6 d3281d d3281d b9c6d3 15141a",
    ),
    # Rothko: close, burning or nocturnal hues that glow from behind.
    "colour_field": (
        "7d1d2a 3a0f1e e2582a f08f3c ffb84a f9dcae 1d0812",
        "eba23a b52f1e 6f1230 d8543a fff0a0 fff0cf 3d0f1c",
        "24457a 101d3a 5a9fbf c2485c f6ad66 efe6d2 080c1a",
        "2f6a5a 12302e a9c45f e2803f f7c94f f5ecc6 0a1918",
        "e58a96 7a2a5c b8204c e8503c ffe3a0 fff3e4 3a1033",
    ),
    # The Delaunays: the whole spectrum at full strength.
    "orphic": (
        "2a6fdb 1f9e5a e63329 f28c1e ffd21f fdf2d0 2b1a5a",
        "f2b51d d2386c 2b59c3 17a398 f5461f fff4d6 2d1045",
        "6a3fb5 e0457b 1fa2a6 f7b32b ffe156 fbe8ee 1b1440",
        "39b0c8 2c4fa3 f0592a a4c93a ffd84d fff3df 23204f",
    ),
    # Seurat and Signac: daylight, cut into its parts.
    "pointillist": (
        "9fcbe8 74a847 33669c e2683f fbd04e fdf1d8 33306a",
        "f6ad84 5069b3 8a3872 ec5f45 fff09a fdebd2 2e2256",
        "b5ded6 dfb95a 258a7e d84f76 ff9433 fffaea 27366a",
        "6a6cbc 2a4a88 c9527a f38a58 ffdf62 f9e6e6 1b1a48",
        "f3dc9a 4f9a8c c4532f 3d62a8 f2862c fff8e2 2c2a58",
    ),
    # Picasso and Braque: ochre, umber, grey; then the papers of synthetic cubism.
    "cubist": (
        "b9a582 70532f 42605f b0522a e6b850 f3e8cd 261e1a",
        "84989f 54402f b57c48 356b78 e9c674 f1e9d8 202026",
        "dccaa2 3a6a5a 2a4b7a c63f28 eda934 f9f1de 1c1a22",
        "cd8c7a 70424c 375574 df7840 f3cb92 faeadb 281c2c",
        "86a09a 4a584c c9a05a b04a34 f0cf7c f2ead6 1b1d1f",
    ),
    # Hokusai and Hiroshige: prussian blue, vermilion, the colour of paper.
    "wave_scale": (
        "efe0bd 1c4f80 3f8fae cf4128 e0402a fffaec 11233c",
        "f5b78c 235a94 1f6b66 b03a48 dc2f28 fff4e0 191f3e",
        "8cc6d2 163f70 dc5836 f2b03c fbd864 fdf6e4 0e1c36",
        "1d2d5e 2f7797 cc4e38 eba844 f9e49c f6edd8 0a1024",
        "ecd9a6 2a7c6a a63a3a e08a34 d8422c fdf7e6 182a34",
    ),
    # Van Gogh: night blue and stars, wheat and noon, red vineyards, turquoise rooms.
    "brush_flow": (
        "234ca6 17395c 2f8460 e28a28 fddb3a d6e8f0 0d1736",
        "4a9ad6 e6b22a 357a38 d65c26 fff3a0 fdf5de 28342a",
        "a4d4c4 96982e 2a6e5a cc5434 fac940 fff6de 263052",
        "f4c146 b43a24 2a5c7c ea7826 fff5b4 feeecc 381c2e",
        "66bab2 2f7c84 243f90 e4662a fcba3a f8dfb4 54261c",
    ),
    # Pollock: raw canvas, enamel, aluminium, and leftover paints.
    "drip": (
        "dac8a0 7f8c80 28495c cf4226 eebc28 fcf8ea 121218",
        "cdbdc6 8399a4 594f7c de8058 f5d08e fdfaf4 1a1722",
        "cfbc8c 9c5630 1c387e e45c24 f6c834 f8f3e6 0e1224",
        "2f7a7c 16444c d8442a f0a830 f9d83c f8f4e6 0d1418",
        "b8452c 5c1c1c 1f4f78 f2b23a fbd65a fbf2e0 140d10",
    ),
}


def _read(line: str) -> np.ndarray:
    return np.array([list(bytes.fromhex(colour)) for colour in line.split()], dtype=np.float32) / 255


_READ = {style: tuple(_read(line) for line in lines) for style, lines in PALETTES.items()}


def mix(rng: np.random.Generator, style: str) -> np.ndarray:
    """Return one of the palettes of `style` with hues and tones varied a little: float32 [7, 3]."""
    choices = _READ[style]
    palette = _turn(choices[rng.integers(len(choices))], rng.normal(0, 0.07))
    grey = palette.mean(axis=1, keepdims=True)
    palette = grey + rng.uniform(0.9, 1.15) * (palette - grey)
    return np.clip(palette * rng.uniform(0.94, 1.05) + rng.normal(0, 0.015, palette.shape), 0, 1).astype(np.float32)


def _turn(colours: np.ndarray, angle: float) -> np.ndarray:
    """Rotate the hues of `colours` [N, 3] by `angle` radians about the grey axis."""
    cos, sin = math.cos(angle), math.sin(angle)
    same, after, before = cos + (1 - cos) / 3, (1 - cos) / 3 - sin / math.sqrt(3), (1 - cos) / 3 + sin / math.sqrt(3)
    red, green, blue = colours.T
    return np.stack(
        [
            same * red + after * green + before * blue,
            before * red + same * green + after * blue,
            after * red + before * green + same * blue,
        ],
        axis=1,
    )

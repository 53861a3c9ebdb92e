"""The six subjects: each composes a scene, recognisable in every style at 32 × 32 pixels.

A subject draws number, kind, size and position of its parts from `rng`, within limits that keep it recognisable.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ganart.datasets.procedural_art.scene import (
    BODY,
    DARK,
    GLOW,
    LAND,
    LIGHT,
    SKY,
    TRIM,
    Grain,
    Region,
    Scene,
    along,
    around,
)
from ganart.datasets.procedural_art.shapes import (
    Shape,
    below,
    both,
    box,
    convex,
    disc,
    everywhere,
    limb,
    oval,
    ring,
    turned,
    union,
    without,
)

Subject = Callable[[np.random.Generator], Scene]


def sun_over_horizon(rng: np.random.Generator) -> Scene:
    """Compose a large sun near the horizon with its reflection on the water, sometimes with clouds or hills."""
    horizon = rng.uniform(0.08, 0.42)
    radius = rng.uniform(0.3, 0.48)
    x, y = rng.uniform(-0.45, 0.45), horizon - radius * rng.uniform(0.0, 1.5)
    water = along(0.0, rng.uniform(0.05, 0.25))
    regions = [Region(everywhere(), SKY, around(x, y))]
    if rng.random() < 0.6:
        regions.append(Region(disc(x, y, radius * rng.uniform(1.35, 1.6)), TRIM, around(x, y)))
    regions.append(Region(disc(x, y, radius), GLOW, around(x, y)))
    for _ in range(rng.integers(0, 3)):
        cx, cy, half = rng.uniform(-0.9, 0.9), rng.uniform(-0.85, -0.35), rng.uniform(0.25, 0.45)
        regions.append(Region(limb((cx - half, cy), (cx + half, cy), 0.07, 0.04), LIGHT, along()))
    if rng.random() < 0.55:
        hills = below(horizon - rng.uniform(0.0, 0.1), rng.uniform(0.1, 0.22), rng.uniform(2, 4.5), rng.uniform(0, 6.3))
        regions.append(Region(hills, BODY, along(0.0, 0.5)))
    regions.append(Region(below(horizon), LAND, water))
    glints = int(rng.integers(2, 5))
    step = (1 - horizon) / (glints + 0.5)
    for glint in range(glints):
        half, cy = radius * rng.uniform(0.45, 1.0) * (1 - 0.16 * glint), horizon + step * (glint + 0.6)
        cx = x + rng.uniform(-0.08, 0.08)
        regions.append(Region(limb((cx - half, cy), (cx + half, cy), 0.07, 0.07), GLOW, water))
    return Scene(tuple(regions), (x, y), math.atan2(y, x))


def still_life(rng: np.random.Generator) -> Scene:
    """Compose a vase or bottle and round fruits on a table, sometimes with flowers or a cloth."""
    edge = rng.uniform(0.12, 0.35)
    foot = edge + rng.uniform(0.15, 0.28)
    cx = rng.uniform(-0.5, -0.25)
    regions = [
        Region(everywhere(), SKY, along(rng.uniform(1.2, 1.9), 0.3)),
        Region(below(edge), LAND, along(0.0, 0.15)),
    ]
    if rng.random() < 0.4:
        cloth = convex((0.05, edge), (0.85, edge), (0.6, 1.1), (-0.25, 1.1))
        regions.append(Region(cloth, LIGHT, along(1.2)))
    if rng.random() < 0.45:
        regions += _vase_with_flowers(rng, cx, foot)
    else:
        regions += _bottle(rng, cx, foot)
    roles = rng.permutation([GLOW, TRIM, GLOW])
    x = cx + rng.uniform(0.42, 0.5)
    for role in roles[: rng.integers(2, 4)]:
        radius = rng.uniform(0.19, 0.27)
        y = foot - radius + rng.uniform(0.02, 0.36)
        regions += _fruit(x, y, radius, int(role))
        x += radius * rng.uniform(1.7, 2.1)
    return Scene(tuple(regions), (cx + 0.45, foot - 0.3), rng.uniform(-2.6, -2.0))


def _bottle(rng: np.random.Generator, cx: float, foot: float) -> list[Region]:
    top, girth = rng.uniform(-0.88, -0.7), rng.uniform(0.21, 0.29)
    shoulder = rng.uniform(-0.35, -0.1)
    heights = (top, shoulder - 0.16, shoulder + 0.05, foot)
    body = turned(cx, heights, (0.09, 0.1, girth, girth * rng.uniform(0.85, 1.0)))
    label = box(cx, (shoulder + foot) / 2 + 0.08, girth * 0.98, rng.uniform(0.1, 0.15))
    return [
        Region(oval(cx + 0.12, foot, 0.42, 0.09), DARK, along()),
        Region(body, BODY, along(math.pi / 2)),
        Region(label, LIGHT if rng.random() < 0.6 else TRIM, along()),
        Region(box(cx, top, 0.11, 0.06), DARK, along()),
    ]


def _vase_with_flowers(rng: np.random.Generator, cx: float, foot: float) -> list[Region]:
    lip, girth = foot - rng.uniform(0.6, 0.7), rng.uniform(0.25, 0.34)
    belly = (lip + foot) / 2 + 0.04
    heights = (lip, lip + 0.1, belly - 0.1, belly + 0.1, foot)
    vase = turned(cx, heights, (0.16, 0.11, girth, girth, 0.15))
    flowers = []
    for angle in np.linspace(-2.5, -0.6, 4) + rng.normal(0, 0.08, 4):
        reach = rng.uniform(0.4, 0.58)
        x, y = cx + reach * math.cos(angle), lip - 0.05 + reach * math.sin(angle)
        role, radius = (TRIM, GLOW, LIGHT)[rng.integers(3)], rng.uniform(0.15, 0.2)
        flowers.append(Region(limb((cx, lip), (x, y), 0.03, 0.03), DARK, along(float(angle))))
        flowers.append(Region(disc(x, y, radius), role, around(x, y)))
        flowers.append(Region(disc(x, y, radius * 0.4), DARK if role != LIGHT else TRIM, around(x, y)))
    shadow = Region(oval(cx + 0.1, foot, 0.4, 0.09), DARK, along())
    return [*flowers, shadow, Region(vase, BODY, around(cx, belly))]


def _fruit(x: float, y: float, radius: float, role: int) -> list[Region]:
    return [
        Region(oval(x + 0.06, y + radius * 0.92, radius * 1.05, 0.07), DARK, along()),
        Region(disc(x, y, radius), role, around(x, y)),
        Region(disc(x - radius * 0.35, y - radius * 0.38, radius * 0.3), LIGHT, around(x, y)),
    ]


def portrait(rng: np.random.Generator) -> Scene:
    """Compose a head and shoulders, with long or short hair or a hat, and half the face in shade."""
    x, y = rng.uniform(-0.16, 0.16), rng.uniform(-0.2, -0.06)
    wide, tall = rng.uniform(0.36, 0.43), rng.uniform(0.47, 0.55)
    face = oval(x, y, wide, tall)
    shoulder = y + tall + rng.uniform(0.1, 0.18)
    girth = rng.uniform(0.72, 0.92)
    bust = turned(x, (shoulder - 0.05, shoulder + 0.12, shoulder + 0.3, 3.0), (0.15, girth * 0.75, girth, girth))
    regions = [Region(everywhere(), SKY, around(x, y, rng.uniform(-0.4, 0.4)))]
    if rng.random() < 0.4:
        regions.append(Region(box(x + 1.1, 0, 0.95, 4.0), LAND, along(math.pi / 2, 0.3)))
    hair = int(rng.choice([DARK, DARK, TRIM]))
    if rng.random() < 0.5:
        long_hair = union(oval(x, y - 0.06, wide + 0.2, tall + 0.13), box(x, y + 0.3, wide + 0.17, 0.36))
        regions.append(Region(long_hair, hair, around(x, y)))
    else:
        regions.append(Region(oval(x, y - 0.12, wide + 0.11, tall + 0.08), hair, around(x, y)))
    regions.append(Region(bust, BODY, along(0.0, 0.9, 2.0)))
    collar = convex((x - 0.24, shoulder), (x + 0.24, shoulder), (x, shoulder + rng.uniform(0.25, 0.42)))
    regions.append(Region(union(limb((x, y + 0.3), (x, shoulder + 0.02), 0.17, 0.17), collar), LIGHT, along(1.57)))
    regions.append(Region(face, LIGHT, around(x, y)))
    regions += _features(rng, x, y, wide, tall, face)
    regions += _fringe_or_hat(rng, x, y, wide, tall, hair, face)
    return Scene(tuple(regions), (x, y), rng.uniform(-2.8, -2.2))


def _features(rng: np.random.Generator, x: float, y: float, wide: float, tall: float, face: Shape) -> list[Region]:
    look, level = rng.uniform(-0.04, 0.06), y - rng.uniform(0.0, 0.06)
    grain = around(x, y)
    cheek = both(face, box(x + wide * 0.62, y, wide * 0.5, tall * 2))
    mouth = y + tall * 0.56
    return [
        Region(cheek, GLOW, grain),
        Region(limb((x + look, level), (x + look + 0.03, y + 0.17), 0.035, 0.06), TRIM, along(1.57)),
        Region(oval(x + look - 0.17, level, 0.1, 0.07), DARK, grain),
        Region(oval(x + look + 0.19, level, 0.1, 0.07), DARK, grain),
        Region(limb((x + look - 0.09, mouth), (x + look + 0.11, mouth), 0.055, 0.05), TRIM, along()),
    ]


def _fringe_or_hat(
    rng: np.random.Generator, x: float, y: float, wide: float, tall: float, hair: int, face: Shape
) -> list[Region]:
    brow = y - tall * 0.48
    if rng.random() < 0.35:
        crown = box(x, brow - 0.22, wide * 0.85, 0.24)
        brim = oval(x, brow - 0.02, wide + 0.32, 0.1)
        role = BODY if rng.random() < 0.5 else TRIM
        return [Region(union(crown, brim), role, along()), Region(box(x, brow - 0.1, wide * 0.85, 0.05), DARK, along())]
    slant = rng.uniform(-0.5, 0.5)
    fringe = without(both(face, below(-9)), oval(x + slant * 0.4, y + 0.2, wide * 1.05, tall * 0.98))
    return [Region(fringe, hair, around(x, y))]


def tree(rng: np.random.Generator) -> Scene:
    """Compose one tree on a hill: round, fir or bare, sometimes with a sun or moon."""
    x, ground = rng.uniform(-0.3, 0.3), rng.uniform(0.48, 0.68)
    hill = below(ground, rng.uniform(0.03, 0.12), rng.uniform(1.5, 3), rng.uniform(0, 6.3))
    sun = (math.copysign(0.68, -x), rng.uniform(-0.75, -0.55))
    regions = [Region(everywhere(), SKY, around(*sun, 0.25))]
    if rng.random() < 0.6:
        regions.append(Region(disc(*sun, rng.uniform(0.17, 0.24)), GLOW, around(*sun)))
    regions.append(Region(hill, LAND, along(0.0, 0.4)))
    regions.append(Region(oval(x + 0.15, ground + 0.14, 0.5, 0.08), DARK, along()))
    trunk = limb((x, ground + 0.14), (x, -0.1), 0.13, 0.08)
    regions.append(Region(trunk, DARK, along(math.pi / 2)))
    grow = (_round_crown, _round_crown, _fir, _bare_branches)[rng.integers(4)]
    regions += grow(rng, x)
    return Scene(tuple(regions), (x, -0.25), math.atan2(sun[1], sun[0]))


def _round_crown(rng: np.random.Generator, x: float) -> list[Region]:
    middle, spread, role = rng.uniform(-0.36, -0.24), rng.uniform(0.24, 0.36), int(rng.choice([BODY, BODY, TRIM]))
    clumps, patches = [oval(x, middle, spread + 0.1, 0.36)], []
    for angle in np.arange(5) * 1.257 + rng.uniform(0, 1.2):
        cx, cy = x + spread * math.cos(angle), middle + 0.24 * math.sin(angle)
        clumps.append(disc(cx, cy, rng.uniform(0.24, 0.32)))
        fruit = disc(cx * 0.9 + x * 0.1, cy, rng.uniform(0.07, 0.1))
        patches.append(Region(fruit, GLOW if rng.random() < 0.7 else LIGHT, around(cx, cy)))
    crown = Region(union(*clumps), role, around(x, middle))
    return [crown, *patches[: rng.integers(0, 6)]]


def _fir(rng: np.random.Generator, x: float) -> list[Region]:
    half, tip = rng.uniform(0.45, 0.6), rng.uniform(-0.95, -0.8)
    tiers = []
    for tier, grain in enumerate((along(0.35), along(-0.35), along(0.35))):
        foot, share = 0.34 - 0.36 * tier, 1 - 0.27 * tier
        peak = max(foot - 0.72, tip)
        shape = convex((x, peak), (x + half * share, foot), (x - half * share, foot))
        tiers.append(Region(shape, BODY if tier != 1 else TRIM, grain))
    return tiers


def _bare_branches(rng: np.random.Generator, x: float) -> list[Region]:
    branches = [limb((x, 0.1), (x + rng.uniform(-0.1, 0.1), -0.75), 0.1, 0.04)]
    leaves = []
    for side, start in ((-1, 0.1), (1, 0.0), (-1, -0.2), (1, -0.3)):
        end = (x + side * rng.uniform(0.35, 0.62), start - rng.uniform(0.3, 0.5))
        branches.append(limb((x, start), end, 0.07, 0.035))
        leaves.append(Region(disc(*end, rng.uniform(0.12, 0.2)), TRIM if side > 0 else GLOW, around(*end)))
    return [Region(union(*branches), DARK, along(math.pi / 2, 0.5)), *leaves]


def boat(rng: np.random.Generator) -> Scene:
    """Compose a sailing boat on the water with its reflection, sometimes with a low sun."""
    horizon, x, line = rng.uniform(-0.05, 0.25), rng.uniform(-0.22, 0.22), rng.uniform(0.42, 0.55)
    waves = along(0.0, rng.uniform(0.2, 0.5), rng.uniform(3, 5))
    regions = [Region(everywhere(), SKY, along(rng.uniform(-0.3, 0.3), 0.35, 2.0))]
    if rng.random() < 0.5:
        sun = (float(rng.choice([-0.68, 0.68])), rng.uniform(-0.7, -0.4))
        regions.append(Region(disc(*sun, rng.uniform(0.16, 0.22)), GLOW, around(*sun)))
    regions.append(Region(below(horizon, rng.uniform(0, 0.03), 4.0), LAND, waves))
    mast, length = rng.uniform(-0.9, -0.75), rng.uniform(0.55, 0.7)
    hull = convex(
        (x - length, line - 0.17), (x + length * 1.05, line - 0.17), (x + length * 0.68, line + 0.12),
        (x - length * 0.7, line + 0.12),
    )  # fmt: skip
    sails = (LIGHT, TRIM) if rng.random() < 0.6 else (LIGHT, LIGHT)
    main = convex((x + 0.04, mast), (x + length * 0.95, line - 0.27), (x + 0.04, line - 0.27))
    jib = convex((x - 0.05, mast + 0.22), (x - 0.05, line - 0.27), (x - length * 0.85, line - 0.27))
    wake = [
        limb((x - length * share, line + drop), (x + length * share, line + drop), 0.045, 0.045)
        for share, drop in ((0.6, 0.24), (0.38, 0.38))
    ]
    regions += [
        Region(union(*wake), int(rng.choice([LIGHT, BODY, TRIM])), waves),
        Region(limb((x, line - 0.2), (x, mast - 0.04), 0.045, 0.035), DARK, along(math.pi / 2)),
        Region(main, sails[0], along(1.2)),
        Region(jib, sails[1], along(-1.1)),
        Region(hull, int(rng.choice([DARK, BODY])), along(0.0, 0.2)),
        Region(box(x, line - 0.14, length * 0.85, 0.035), GLOW, along()),
    ]
    return Scene(tuple(regions), (x, line - 0.4), rng.uniform(-2.6, -0.5))


def abstract(rng: np.random.Generator) -> Scene:
    """Compose large tilted discs, rings, bars and wedges, in the manner of Kandinsky and El Lissitzky."""
    tilt, turn = rng.uniform(0.4, 1.1) * float(rng.choice([-1, 1])), rng.uniform(0, 2 * math.pi)
    ground = [Region(everywhere(), SKY, along(tilt, 0.6, 2.0))]
    if rng.random() < 0.6:
        half = box(1.5 * math.cos(turn), 1.5 * math.sin(turn), 1.4, 4.0, turn)
        ground.append(Region(half, LAND, along(turn, 0.3)))
    x, y, radius = rng.uniform(-0.35, 0.35), rng.uniform(-0.35, 0.35), rng.uniform(0.4, 0.55)
    roles = [int(role) for role in rng.permutation([BODY, TRIM, GLOW, LIGHT])]
    main = disc(x, y, radius) if rng.random() < 0.6 else ring(x, y, radius, 0.14)
    forms: list[tuple[Shape, Grain]] = [(main, around(x, y))]
    for _ in range(3):
        forms.append(_form(rng, tilt))
    regions = [Region(shape, role, grain) for (shape, grain), role in zip(forms, roles, strict=True)]
    bars = [_bar(rng, tilt) for _ in range(rng.integers(1, 3))]
    bars.append(_bar(rng, tilt + math.pi / 2))
    regions += [Region(union(*bars), DARK, along(tilt))]
    return Scene((*ground, *regions), (x, y), turn)


def _bar(rng: np.random.Generator, tilt: float) -> Shape:
    return box(rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6), rng.uniform(0.5, 0.95), 0.055, tilt)


def _form(rng: np.random.Generator, tilt: float) -> tuple[Shape, Grain]:
    """Return one of the secondary forms, away from the middle."""
    angle, away = rng.uniform(0, 2 * math.pi), rng.uniform(0.35, 0.75)
    x, y = away * math.cos(angle), away * math.sin(angle)
    size = rng.uniform(0.24, 0.38)
    kind = rng.integers(4)
    if kind == 0:
        return disc(x, y, size * 0.9), around(x, y)
    if kind == 1:
        return box(x, y, size * 1.3, size * 0.5, tilt), along(tilt)
    if kind == 2:
        return both(disc(x, y, size * 1.3), box(x, y - size * 1.3, 2.0, size * 1.3, 0.0)), around(x, y)
    corners = [(x + 1.4 * size * math.cos(tilt + k), y + 1.4 * size * math.sin(tilt + k)) for k in (0.0, 2.3, 4.0)]
    return convex(*corners), along(tilt + 0.5)


SUBJECTS: dict[str, Subject] = {
    "sun_over_horizon": sun_over_horizon,
    "still_life": still_life,
    "portrait": portrait,
    "tree": tree,
    "boat": boat,
    "abstract": abstract,
}

"""Line charts: numbers converted to positions in a drawing of 400 × 220 units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ganart.numbers import short
from ganart.reporting.axes import Axis
from ganart.runs.curves import Curve, thin

WIDTH, HEIGHT = 400, 220
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 24


@dataclass(frozen=True)
class Pen:
    """Colour of the palette and dash pattern of a run in all charts, by number."""

    colour: int
    dash: int = 0


@dataclass(frozen=True)
class Line:
    """A curve to draw, with the deviation of its values and the value of real images.

    `std` is drawn as error bars (the deviation of a score), or with `is_mean` as a band (the deviation over runs).
    """

    label: str
    pen: Pen
    curve: Curve
    std: Curve | None = None
    floor: float | None = None
    is_mean: bool = False


@dataclass(frozen=True)
class DrawnLine:
    """A line in units of the drawing: SVG path data, single points, error bars, and the outline of a band."""

    label: str
    pen: Pen
    path: str
    dots: list[tuple[float, float]]
    bars: list[tuple[float, float, float]]
    band: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing of lines over images seen. `says` is its description for screen readers."""

    title: str
    x: Axis
    y: Axis
    lines: list[DrawnLine]
    floors: list[tuple[float, str]]
    says: str
    note: str = ""


FEW = 60
"""Maximum number of points that are marked individually."""


def draw(title: str, lines: Sequence[Line], *, most: int, may_be_log: bool = True, note: str = "") -> Chart | None:
    """Draw `lines` with at most `most` points each; None if no line has a finite value."""
    lines = [line for line in lines if len(line.curve.finite)]
    if not lines:
        return None
    floors = sorted({line.floor for line in lines if line.floor is not None})
    values = [line.curve.finite for line in lines]
    ends = [_room(line) for line in lines if line.std is not None]
    y = Axis.fitting(np.concatenate([*values, *ends, floors]), HEIGHT - BOTTOM, TOP, may_be_log=may_be_log)
    seen = np.concatenate([line.curve.x for line in lines])
    x = Axis(0.0, float(seen.max()) or 1.0, LEFT, WIDTH - RIGHT)
    return Chart(
        title=title,
        x=x,
        y=y,
        lines=[_drawn(line, x, y, most) for line in lines],
        floors=[(y.place(floor), short(floor)) for floor in floors if y.holds(floor)],
        says="; ".join(f"{line.label}: {_said(line.curve)}" for line in lines),
        note=note,
    )


def _drawn(line: Line, x: Axis, y: Axis, most: int) -> DrawnLine:
    curve = thin(line.curve, most)
    places = [
        (x.place(seen), y.place(value)) if y.holds(value) else None
        for seen, value in zip(curve.x.tolist(), curve.y.tolist(), strict=True)
    ]
    bars = []
    has_band = line.is_mean and len(line.curve.x) > 1
    if line.std is not None and not has_band and len(line.curve.x) <= FEW:
        for seen, low, high in zip(line.curve.x.tolist(), *(end.tolist() for end in _ends(line)), strict=True):
            if y.holds(low) and y.holds(high):
                bars.append((x.place(seen), y.place(low), y.place(high)))
    dots = [place for place in places if place is not None] if len(line.curve.x) <= FEW else []
    return DrawnLine(line.label, line.pen, path_of(places), dots, bars, _band(line, x, y, most) if has_band else "")


def _band(line: Line, x: Axis, y: Axis, most: int) -> str:
    """Return the outline of mean ± deviation as SVG path data, one piece per stretch without a gap, cut at the axis."""
    low, high = _ends(line)
    pieces: list[list[tuple[float, float, float]]] = [[]]
    for row in np.unique(np.linspace(0, len(low) - 1, min(most, len(low))).round().astype(int)).tolist():
        lower, upper = max(float(low[row]), y.low), float(high[row])
        if y.holds(lower) and y.holds(upper):
            pieces[-1].append((x.place(float(line.curve.x[row])), y.place(lower), y.place(upper)))
        elif pieces[-1]:
            pieces.append([])
    return "".join(
        path_of([*((at, top) for at, _, top in piece), *((at, bottom) for at, bottom, _ in reversed(piece))]) + "Z"
        for piece in pieces
        if len(piece) > 1
    )


def _room(line: Line) -> np.ndarray:
    """Return the ends of the deviation that the axis must fit; for a positive mean only those above zero."""
    ends = np.concatenate(_ends(line))
    return ends[~(ends <= 0)] if line.is_mean and line.curve.finite.min() > 0 else ends


def _ends(line: Line) -> tuple[np.ndarray, np.ndarray]:
    """Return value − deviation and value + deviation at every point of the curve, [N] each; NaN if unknown."""
    assert line.std is not None
    known = dict(zip(line.std.x.tolist(), line.std.y.tolist(), strict=True))
    std = np.array([known.get(seen, np.nan) for seen in line.curve.x.tolist()])
    return line.curve.y - std, line.curve.y + std


def path_of(places: Sequence[tuple[float, float] | None]) -> str:
    """Return SVG path data through `places`, broken at None."""
    words, pen_is_down = [], False
    for place in places:
        if place is not None:
            words.append(f"{'L' if pen_is_down else 'M'}{place[0]:g} {place[1]:g}")
        pen_is_down = place is not None
    return "".join(words)


def _said(curve: Curve) -> str:
    return f"from {short(curve.finite[0])} to {short(curve.finite[-1])}"

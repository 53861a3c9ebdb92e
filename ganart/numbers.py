"""Formatting of numbers for pages and tables, and safe reading of numbers from files."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any


def number(value: Any) -> float | None:
    """Return `value` as a float if it is a number, else None; beyond ±1e300 it becomes infinite."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return within(float(value))
    except OverflowError:  # a whole number of hundreds of digits
        return None


LARGEST = 1e300


def within(value: float) -> float:
    """Return `value`, or ±infinity from ±1e300 on, where differences would overflow."""
    return value if abs(value) < LARGEST or math.isnan(value) else math.copysign(math.inf, value)


def finite(value: Any) -> float | None:
    """Return `value` as a float if it is a finite number, else None."""
    found = number(value)
    return found if found is not None and math.isfinite(found) else None


def counted(count: int, noun: str) -> str:
    """Return `count` with `noun`, in the plural but for one: "1 picture", "2,000 pictures"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


MINUS = "−"


def short(value: float | None, digits: int = 4) -> str:
    """Return `value` with `digits` significant digits, whole from 1,000 to 1e15; "–" for None."""
    if value is None:
        return "–"
    written = f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.{digits}g}"
    return written.replace("-", MINUS)


def with_deviation(value: float | None, std: float | None) -> str:
    """Return `value ± std`, both rounded to the second significant digit of the deviation."""
    if value is None or std is None or not (math.isfinite(value) and 1e-12 < std < 1e12):
        return short(value)
    decimals = max(0, 1 - math.floor(math.log10(std)))
    return f"{value:,.{decimals}f} ± {std:,.{decimals}f}".replace("-", MINUS)


def brief(value: Any, longest: int | None = None) -> str:
    """Shorten a value of a protocol or recipe for a line of several values.

    Fractions get three significant digits, hashes their first twelve digits. Other texts longer than `longest` letters
    are cut to twelve; None leaves them whole.
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={brief(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, float):
        return short(value, 3)
    text = str(value)
    is_long = longest is not None and len(text) > longest
    return f"{text[:12]}…" if is_long or HASH.fullmatch(text) else text


HASH = re.compile("[0-9a-f]{64}")
"""The pattern of a SHA-256."""


def share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def compact(value: float, digits: int = 4) -> str:
    """Return 1,200,000 as 1.2M, with at most `digits` significant digits, for axes."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size and abs(value) < 1e12:
            return f"{value / size:.{digits}g}{letter}".replace("-", MINUS)
    return f"{value:.{digits}g}".replace("-", MINUS)


def duration(seconds: float | None) -> str:
    """Return seconds as 43 s, 3:45 min or 2:05 h."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 100:
        return f"{seconds:.3g} s"
    large, small, unit = (whole // 60, whole % 60, "min") if whole < 3600 else (whole // 3600, whole % 3600 // 60, "h")
    return f"{large}:{small:02d} {unit}"


def size(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:.1f} MB" if num_bytes >= 1e5 else f"{num_bytes / 1e3:.0f} kB"

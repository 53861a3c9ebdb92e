"""Checks of the ranges of numbers from a configuration."""

from __future__ import annotations

import math

from ganart.errors import UserError


def is_number(value: object, kind: type) -> bool:
    """Return whether `value` is an int or, for `kind` float, a finite float; bools do not count."""
    return isinstance(value, (int, kind)) and not isinstance(value, bool) and math.isfinite(value)  # type: ignore[arg-type]


def refuse_negative(name: str, value: object) -> None:
    """Raise `UserError` unless `value` is a finite number of at least 0."""
    if not is_number(value, float) or value < 0:  # type: ignore[operator]
        raise UserError(f"{name}={value} must be a number of at least 0.")


def refuse_unless_positive(name: str, value: object) -> None:
    """Raise `UserError` unless `value` is a finite number greater than 0."""
    if not is_number(value, float) or value <= 0:  # type: ignore[operator]
        raise UserError(f"{name}={value} must be a number greater than 0.")


def refuse_unless_count(name: str, value: object, least: int = 1) -> None:
    """Raise `UserError` unless `value` is a whole number of at least `least`."""
    if not is_number(value, int) or value < least:  # type: ignore[operator]
        raise UserError(f"{name}={value} must be a whole number of at least {least}.")

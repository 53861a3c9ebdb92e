"""Exceptions for users, and hints for mistyped names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """A request that cannot be served. The message says what was asked, why it cannot be, and what to type instead."""


class NoLabelsError(UserError):
    """A request that needs labels, for a data set without labels."""


class PlaceError(UserError):
    """A folder or file that cannot be written: the disk is full or read-only, or permission is missing."""


class OccupiedError(UserError):
    """A run folder that another run already occupies."""


class TrainingDivergedError(RuntimeError):
    """An infinite or NaN loss or gradient; the message has the time, the saved files and advice."""


def nearest_name(asked: str, known: Iterable[str]) -> str | None:
    """Return the name in `known` that is most similar to `asked`; None if none is similar."""
    return next(iter(difflib.get_close_matches(asked, list(known), n=1, cutoff=0.5)), None)


def did_you_mean(asked: str, known: Iterable[str], prefix: str = "") -> str:
    """Return " Did you mean …?" with `prefix` and the similar name in `known`; empty if none is similar."""
    name = nearest_name(asked, known)
    return "" if name is None else f" Did you mean {prefix}{name}?"

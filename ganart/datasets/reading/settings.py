"""Checks of a data set's settings; each error names the setting, the reason, and what to type instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from PIL import Image, ImageColor

from ganart.errors import UserError, did_you_mean
from ganart.names import named

RGB = tuple[int, int, int]

HOW_READ = ("encoding", "max_pixels")
"""Settings of a data set that determine how its files are read, not how pictures are processed."""


def one_of(key: str, asked: str, known: Iterable[str]) -> str:
    """Return `asked` if it is in `known`.

    Raises:
        UserError: otherwise, naming all of `known`.
    """
    known = list(known)
    if asked in known:
        return asked
    raise UserError(
        f"{key}={asked}: there is none of that name.{did_you_mean(str(asked), known)} Known: {', '.join(known)}."
    )


def file_name(key: str, asked: str) -> str:
    """Return `asked`, which becomes a part of file names.

    Raises:
        UserError: if it would lead to another folder.
    """
    if isinstance(asked, str) and asked.strip(".") and not re.search(r"[/\\\x00-\x1f]", asked):
        return asked
    raise UserError(f"{key}={asked}: it is part of the names of files; write letters, digits, - and _.")


def side(key: str, asked: int) -> int:
    """Return `asked`, a height or width in pixels.

    Raises:
        UserError: if it is not a positive whole number.
    """
    if isinstance(asked, int) and asked > 0:
        return asked
    raise UserError(f"{key}={asked}: a picture is a positive whole number of pixels high and wide, e.g. {key}=64.")


def channel_count(asked: int) -> int:
    """Return `asked`: 1 (grey), 3 (RGB) or 4 (RGBA).

    Raises:
        UserError: if it is another number.
    """
    if asked in (1, 3, 4):
        return asked
    raise UserError(
        f"dataset.channels={asked}: pictures have 1 (grey), 3 (RGB) or 4 (RGBA) channels; type one of them."
    )


def pixel_count(key: str, asked: int) -> int:
    """Return `asked`, a number of pixels.

    Raises:
        UserError: if it is not a positive whole number.
    """
    if isinstance(asked, int) and not isinstance(asked, bool) and asked > 0:
        return asked
    raise UserError(f"{key}={asked}: it is a positive whole number of pixels, e.g. {key}=300000000.")


def fraction(key: str, asked: float) -> float:
    """Return `asked`, a share from 0 up to but not including 1.

    Raises:
        UserError: if it is outside that range.
    """
    if 0 <= asked < 1:
        return float(asked)
    raise UserError(f"{key}={asked}: the share must be at least 0 and below 1, e.g. {key}=0.1.")


def colour(key: str, asked: str | Sequence[int]) -> RGB:
    """Return the RGB (0…255 each) of a colour name, "#rrggbb", or three numbers.

    Raises:
        UserError: if it is not a colour.
    """
    if not isinstance(asked, str):
        values = tuple(asked)
        if len(values) == 3 and all(isinstance(value, int) and 0 <= value <= 255 for value in values):
            return values
        raise UserError(
            f"{key}={list(values)}: a colour is three whole numbers from 0 to 255, e.g. {key}=[255,255,255]."
        )
    try:
        return ImageColor.getrgb(asked)[:3]
    except ValueError:
        hint = did_you_mean(asked.lower(), ImageColor.colormap)
        example = f"Type a name such as {key}=white, or {key}='#ffffff'."
        raise UserError(f"{key}={asked}: no colour of that name is known.{hint} {example}") from None


FILTERS = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
    "nearest": Image.Resampling.NEAREST,
}
"""Resampling filters by name; `nearest` keeps the hard edges of pixel art."""


def resampling(asked: str) -> Image.Resampling:
    """Return the filter named by `dataset.filter`.

    Raises:
        UserError: if there is none of that name.
    """
    return FILTERS[one_of("dataset.filter", asked, FILTERS)]


def names(asked: str | Iterable[str]) -> list[str]:
    """Return a list of names; a single name may be typed without brackets."""
    return [asked] if isinstance(asked, str) else list(asked)


def conditions(asked: str | Iterable[str], factors: Sequence[str]) -> tuple[str, ...]:
    """Return the factors to condition on as a tuple; keys that stand for their names are accepted too.

    Raises:
        UserError: if one of them is not among the data set's `factors`.
    """
    wanted = tuple(named(name, factors) or name for name in names(asked))
    unknown = [name for name in wanted if name not in factors]
    if not unknown:
        return wanted
    if not factors:
        raise UserError(
            f"dataset.condition={list(wanted)}: the pictures have no labels, so there is nothing to condition on. "
            "Sort them into one folder a class, name a table with dataset.labels=FILE.csv, or dataset.condition=[]."
        )
    hint = did_you_mean(unknown[0], factors)
    raise UserError(
        f"dataset.condition={list(wanted)}: the data set has no factor {unknown[0]}.{hint} "
        f"Its factors: {', '.join(factors)}."
    )

"""Recipes from seeds and labels as users type them; names, captions and sizes of pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import Any

from ganart.config.values import parted, plain
from ganart.datasets.base import Factor
from ganart.datasets.reading import settings
from ganart.errors import UserError, did_you_mean
from ganart.generation.painter import Recipe
from ganart.generation.provenance import LARGEST_SIDE, Size
from ganart.names import file_names, from_hydra, keys_of, named
from ganart.seeds import LARGEST_SEED, mix, refuse_truncation

MOST_SEEDS = 1_000_000
LONGEST_LABEL, LONGEST_NAME = 60, 200
"""Most bytes of a class in a file name, and of the whole name: file systems allow 255, with the suffix."""


def plan(factors: list[Factor], seeds: list[int], wanted: dict[str, Any], truncation: float | None) -> list[Recipe]:
    """Return the recipes of every seed with every combination of the `wanted` labels, sorted by the first factor.

    The class of a factor that is not in `wanted` is drawn by each seed; `all` stands for every class of a factor.

    Raises:
        UserError: for a factor or class that the generator is not conditioned on, naming those that there are.
    """
    refuse_truncation(truncation)
    names = [factor.name for factor in factors]
    wanted = {_factor(typed, names): classes for typed, classes in wanted.items()}
    asked = [(factor, _classes(factor, wanted[factor.name])) for factor in factors if factor.name in wanted]
    drawn = [factor for factor in factors if factor.name not in wanted]
    combinations = [
        dict(zip([f.name for f, _ in asked], choice, strict=True)) for choice in product(*(c for _, c in asked))
    ]
    recipes = [
        Recipe(seed, combination | {factor.name: _drawn(factor, seed) for factor in drawn}, truncation)
        for combination in combinations
        for seed in seeds
    ]
    return sorted(recipes, key=lambda recipe: [recipe.labels[name] for name in names[:1]])


def _factor(typed: str, names: list[str]) -> str:
    """Return the factor that was `typed` after `labels.`, its name or its key."""
    name = named(typed, names)
    if name is None:
        typed, keys = from_hydra(typed), keys_of(names)
        shown = [key if key == name else f"{key} ({name})" for key, name in zip(keys, names, strict=True)]
        there = (
            f"It was conditioned on: {', '.join(shown)}."
            if names
            else "It was trained without labels (dataset.condition=[])."
        )
        raise UserError(
            f"labels.{typed}: this generator does not know a factor {typed}.{did_you_mean(typed, keys)} {there}"
        )
    return name


def _classes(factor: Factor, wanted: Any) -> list[str]:
    if wanted == "all":
        return list(factor.classes)
    key, there = keys_of([factor.name])[0], f"There are: {', '.join(factor.classes)}"
    chosen = [str(name) for name in wanted] if isinstance(wanted, list) else _named(str(wanted), factor.classes)
    if not chosen:
        raise UserError(f"labels.{key}=[] names no class. {there}; or all.")
    for name in chosen:
        if name not in factor.classes:
            hint = did_you_mean(name, factor.classes)
            raise UserError(f"labels.{key}={name}: there is no such class.{hint} {there}.")
    return list(dict.fromkeys(chosen))


def _named(text: str, classes: Sequence[str]) -> list[str]:
    """Return the classes in `text` as it was typed: one, whatever its letters, or `[several,of,them]`."""
    if text in classes:
        return [text]
    in_brackets = text.startswith("[") and text.endswith("]")
    several = [plain(part) for part in parted(text[1:-1] if in_brackets else text) if part]
    return several if in_brackets or set(several) <= set(classes) else [text]


def _drawn(factor: Factor, seed: int) -> str:
    return factor.classes[mix("label", factor.name, seed) % len(factor.classes)]


def seeds_in(text: str) -> list[int]:
    """Parse `0-63`, `7`, `1,5,9` or `0-7,100` into a list of seeds.

    Raises:
        UserError: for anything else.
    """
    seeds: list[int] = []
    for part in text.strip("[] ").split(","):
        found = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        first, last = (int(found.group(1)), int(found.group(2) or found.group(1))) if found else (1, 0)
        if last < first or last - first >= MOST_SEEDS or last > LARGEST_SEED:
            raise UserError(
                f"seeds={text} cannot be read. Write seeds=7, seeds=0-63 or seeds=1,5,9 (at most a million)."
            )
        seeds += range(first, last + 1)
    if len(set(seeds)) > MOST_SEEDS:
        raise UserError(f"seeds={text} are more than a million. Generate them in several commands.")
    return list(dict.fromkeys(seeds))


def names_of(recipes: list[Recipe], factors: list[Factor]) -> list[str]:
    """Return file names of `recipes` without suffix, all different: the seed and the labels."""
    words = {
        factor.name: dict(zip(factor.classes, file_names(factor.classes, factor.classes, LONGEST_LABEL), strict=True))
        for factor in factors
    }
    plain = [
        "_".join([f"seed{recipe.seed:04d}", *(words[factor][name] for factor, name in recipe.labels.items())])
        for recipe in recipes
    ]
    return file_names(plain, [repr((recipe.seed, recipe.labels)) for recipe in recipes], LONGEST_NAME)


def size_in(text: str | int | None, filter: str) -> Size | None:
    """Parse `512`, the longer side, or `1024x768`, width and height; None is the generator's own size.

    Raises:
        UserError: for anything else, or for an unknown filter.
    """
    settings.one_of("filter", filter, settings.FILTERS)
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d{1,5})\s*(?:[x×*]\s*(\d{1,5})\s*)?", str(text))
    sides = [int(side) for side in found.groups() if side] if found else [0]
    if not all(1 <= side <= LARGEST_SIDE for side in sides):
        raise UserError(
            f"size={text} cannot be read. Write size=512, the longer side, or size=1024x768, width and height: at most "
            f"{LARGEST_SIDE:,} pixels each."
        )
    return Size(sides[0], sides[1] if len(sides) == 2 else None, filter)


def caption_of(recipe: Recipe) -> str:
    return " ".join([str(recipe.seed), *recipe.labels.values()])

"""Which pictures to paint: seeds and labels as users write them, to recipes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from itertools import product
from typing import Any

from ganart.datasets.base import Factor
from ganart.errors import UserError
from ganart.painter import Recipe
from ganart.seeds import mix
from ganart.values import parted, plain

MOST_SEEDS = 1_000_000
LEAST_TRUNCATION = 0.01  # below that, drawing until all coordinates are inside takes minutes a picture


def plan(factors: list[Factor], seeds: list[int], wanted: dict[str, Any], truncation: float | None) -> list[Recipe]:
    """Which pictures to paint: every seed with every combination of the labels asked for, label by label.

    A factor that is not asked for is drawn by each seed; `all` asks for every class of a factor.

    Raises:
        UserError: for a factor or a class that the generator was not told, naming those that it was.
    """
    if truncation is not None and truncation < LEAST_TRUNCATION:
        raise UserError(f"truncation={truncation} must be at least {LEAST_TRUNCATION}, e.g. 0.7, or null for none.")
    names = [factor.name for factor in factors]
    for name in wanted:
        if name not in names:
            there = (
                f"It was told: {', '.join(names)}."
                if names
                else "It was trained without labels (dataset.condition=[])."
            )
            raise UserError(
                f"labels.{name}: this generator does not know a factor {name}.{_nearest(name, names)} {there}"
            )
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


def _classes(factor: Factor, wanted: Any) -> list[str]:
    if wanted == "all":
        return list(factor.classes)
    chosen = [str(name) for name in wanted] if isinstance(wanted, list) else _named(str(wanted), factor.classes)
    if not chosen:
        raise UserError(f"labels.{factor.name}=[] names no class. There are: {', '.join(factor.classes)}; or all.")
    for name in chosen:
        if name not in factor.classes:
            raise UserError(
                f"labels.{factor.name}={name}: there is no such class.{_nearest(name, factor.classes)} "
                f"There are: {', '.join(factor.classes)}."
            )
    return chosen


def _named(text: str, classes: Sequence[str]) -> list[str]:
    """The classes that `text` names as it was typed: one, whatever letters it has, or `[several,of,them]`."""
    if text in classes:
        return [text]
    in_brackets = text.startswith("[") and text.endswith("]")
    several = [plain(part) for part in parted(text[1:-1] if in_brackets else text) if part]
    return several if in_brackets or set(several) <= set(classes) else [text]


def _drawn(factor: Factor, seed: int) -> str:
    return factor.classes[mix("label", factor.name, seed) % len(factor.classes)]


def _nearest(wanted: str, names: Any) -> str:
    nearest = difflib.get_close_matches(wanted, list(names), n=1)
    return f" Did you mean {nearest[0]}?" if nearest else ""


def seeds_in(text: str) -> list[int]:
    """`0-63`, `7`, `1,5,9` or `0-7,100` to a list of seeds.

    Raises:
        UserError: for anything else.
    """
    seeds: list[int] = []
    for part in text.strip("[] ").split(","):
        found = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        first, last = (int(found.group(1)), int(found.group(2) or found.group(1))) if found else (1, 0)
        if last < first or last - first >= MOST_SEEDS or last >= 2**63:
            raise UserError(
                f"seeds={text} cannot be read. Write seeds=7, seeds=0-63 or seeds=1,5,9 (at most a million)."
            )
        seeds += range(first, last + 1)
    if len(set(seeds)) > MOST_SEEDS:
        raise UserError(f"seeds={text} are more than a million. Paint them in several commands.")
    return list(dict.fromkeys(seeds))


def name_of(recipe: Recipe) -> str:
    """The file name: the seed, and the labels where there are any."""
    labels = "_".join(re.sub(r"[^\w-]+", "-", label) for label in recipe.labels.values())
    return f"seed{recipe.seed:04d}" + (f"_{labels}" if labels else "")


def caption_of(recipe: Recipe) -> str:
    return " ".join([str(recipe.seed), *recipe.labels.values()])

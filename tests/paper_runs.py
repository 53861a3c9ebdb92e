"""Run folders written by hand, file by file, and pages read back as a browser would."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf
from PIL import Image

PROTOCOL = {"dataset": "dots", "n_real": 2000, "n_fake": 2000, "n_floor": 2000, "weights": "average"}


def score(value, *, std=None, floor=0.1, lower=True, **protocol) -> dict[str, Any]:
    """A row of `scores` as summary.json has it."""
    times = value / floor if floor and lower else None
    row = {"value": value, "std": std, "floor": floor, "lower_is_better": lower, "times_floor": times}
    return {**row, "protocol": {**PROTOCOL, **protocol}}


def write_run(
    folder: Path,
    *,
    recipe: dict | None = None,
    overrides: list[str] = (),
    scores: dict | None = None,
    curves: str | None = None,
    samples: tuple[int, ...] = (),
    **summary,
) -> Path:
    """A finished run of 1,000 images, with what is given and nothing else."""
    folder.mkdir(parents=True)
    config = {"total_images": 1000, "seed": 0, "run_folder": str(folder), **(recipe or {})}
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(config))
    (folder / "recipe.yaml").write_text(OmegaConf.to_yaml(config))
    (folder / "overrides.yaml").write_text(OmegaConf.to_yaml(list(overrides)))
    (folder / "dataset.json").write_text(json.dumps({"name": "dots", "hash": "d" * 64, "licence": "CC0-1.0"}))
    facts = {"images_seen": 1000, "seconds_training": 60.0, "scores": scores or {}, "ended_by": "images", **summary}
    (folder / "summary.json").write_text(json.dumps(facts))
    if curves is not None:
        (folder / "metrics.csv").write_text(curves)
    for seen in samples:
        sheet(folder / f"samples/images_{seen:09d}.png")
    return folder


def sheet(file: Path, side: int = 40) -> Path:
    """A small picture of noise."""
    file.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file)
    return file


VOID = {"meta", "img", "br", "input", "link", "hr"}


class Page(HTMLParser):
    """A page: its text, its elements with their attributes, and the tags that were left open or closed wrongly."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.wrong: list[str] = []
        self._open: list[str] = []
        self.cells: list[list[str]] = []
        self.feed(html)
        self.wrong += [f"<{tag}> never closed" for tag in self._open]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th") and self.cells:
            self.cells[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.wrong.append(f"</{tag}> closes <{self._open[-1] if self._open else 'nothing'}>")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("script", "style"):
            return
        self.words.append(data)
        if {"td", "th"} & set(self._open) and data.strip():
            self.cells[-1][-1] = f"{self.cells[-1][-1]} {data.strip()}".strip()

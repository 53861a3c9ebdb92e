"""Blocks of code in Markdown files, for tests that run what the documents say."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Block(NamedTuple):
    """One fenced block: its language, its text, and the line that it begins at."""

    language: str
    text: str
    line: int


def blocks(file: Path, language: str) -> list[Block]:
    """Every block of `language` in a Markdown `file`, in order."""
    text = file.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    all_of_them = [Block(match[1], match[2], text[: match.start()].count("\n") + 2) for match in found]
    return [block for block in all_of_them if block.language == language]


PROGRAMS = ("ganart", "tensorboard", "optuna-dashboard", "wandb", "python", "pip", "make", "torchrun", "srun")


def commands(file: Path) -> list[str]:
    """Every command of a Markdown `file`, in order, each once: the lines of its bash blocks, and those in running text.

    In running text a command has arguments: `ganart generate` alone is a name. One with …, or without a value after
    its last =, is a sketch.
    """
    text = file.read_text(encoding="utf-8")
    found: list[tuple[int, str]] = []
    nameless = [block for block in blocks(file, "") if block.text.startswith(tuple(f"{name} " for name in PROGRAMS))]
    for block in [*blocks(file, "bash"), *nameless]:
        lines = block.text.replace("\\\n", "\\\0").splitlines()
        found += [(block.line, line.replace("\0", "\n")) for line in lines if line.strip() and not line.startswith("#")]
    without_blocks = re.sub(r"^```.*?^```$", lambda match: "\n" * match[0].count("\n"), text, flags=re.M | re.S)
    for match in re.finditer(r"`([^`\n]+)`", without_blocks):
        words = match[1].split()
        has_arguments = len(words) > (2 if words[0] == "ganart" else 1)
        if words[0] in PROGRAMS and has_arguments and "…" not in match[1] and not match[1].endswith("="):
            found.append((without_blocks[: match.start()].count("\n") + 1, match[1]))
    return list(dict.fromkeys(command for _, command in sorted(found, key=lambda place: place[0])))

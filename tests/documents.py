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

"""Which groups are held to a contract here, and which are tested where they are used."""

import ast
from pathlib import Path

import pytest

ELSEWHERE = {"callback", "logger", "trainer", "hydra", "sweep", "sampler", "pruner"}
"""With trainings, sweeps and the command line."""


def test_every_group_of_parts_has_a_contract(registry):
    if registry.config_dir:
        pytest.skip("the user's own folder need not have all groups")
    groups = set()
    for file in Path(__file__).parent.glob("test_every_*.py"):
        for statement in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.Assign) and statement.targets[0].id == "GROUP":
                groups.add(statement.value.value)
    assert {folder.name for folder in registry.folder.iterdir() if folder.is_dir()} == groups | ELSEWHERE

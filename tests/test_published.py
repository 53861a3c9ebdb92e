"""What a run leaves is published: it says neither where it lay nor whose machine it was."""

import os

import pytest
from laboratory import DCGAN, TINY
from test_loggers import wandb_records

USER = "li-lei-of-hangzhou"
LOCAL = ("log.txt", "debug.log", "debug-internal.log", "debug-core.log")
"""What is for the user's own eyes: it says where things went wrong."""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder that bears its user's name, and a project in it."""
    project = tmp_path / "home" / USER / "project"
    project.mkdir(parents=True)
    for key in ("USER", "LOGNAME", "USERNAME", "WANDB_USERNAME"):
        monkeypatch.setenv(key, USER)
    monkeypatch.setenv("HOME", str(project.parent))
    return project


def test_nothing_that_is_published_says_where_it_lay_or_whose_it_was(ganart, home, monkeypatch):
    monkeypatch.chdir(home)
    loggers = ("logger=[csv,wandb,tensorboard]", "logger.wandb.mode=offline", "hydra.run.dir=runs/a")
    commands = [
        ("train", *TINY, *DCGAN, *loggers),
        ("generate", f"run={home}/runs/a", "seeds=0-1", "format=png"),
        ("generate", f"run={home}/runs/a", "seeds=0", "format=webp", "hydra.run.dir=elsewhere"),
        ("evaluate", f"run={home}/runs/a", "features=classifier", "features.images=2000", "num_images=100"),
        ("evaluate", f"real={home}/runs/a/generated", f"fake={home}/runs/a/generated", "metric=[kid]", "num_images=9"),
        ("audit", f"run={home}/runs/a", "seeds=0-9", "features=classifier", "features.images=2000"),
        ("report", f"{home}/runs/a"),
    ]
    for command in commands:
        status, text = ganart(*command)
        assert status == 0 or command[0] == "evaluate", text
    files = [file for file in home.rglob("*") if file.is_file() and file.name not in LOCAL]
    names = {file.name for file in files}
    assert names >= {"config.yaml", "recipe.yaml", "overrides.yaml", "summary.json", "report.html", "audit.json"}
    assert any(name.endswith(".wandb") for name in names)
    assert any(name.startswith("events.out") for name in names)
    told = {}
    for file in files:
        content = uploaded(file) if file.suffix == ".wandb" else file.read_bytes()
        if found := [word for word in (str(home.parents[1]), USER) if word.encode() in content]:
            told[str(file.relative_to(home))] = found
    assert not told
    host = os.uname().nodename
    if len(host) > 8:
        assert not [str(file) for file in files if host.encode() in file.read_bytes()]


def uploaded(file):
    """What W&B is sent of an offline run: not where the files lie from which it is sent."""
    content = b""
    for record in wandb_records(file.parent):
        for entry in record.artifact.manifest.contents:
            entry.local_path = ""
        content += record.SerializeToString()
    return content

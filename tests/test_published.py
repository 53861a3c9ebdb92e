"""What a run leaves is published: it says neither where it lay nor whose machine it was."""

import os

import pytest
from laboratory import DCGAN, TINY, compose_tiny, small_pictures, train_tiny
from offline_wandb import wandb_records
from omegaconf import OmegaConf

from ganart.files.paths import quoted, text_without_places
from ganart.runs.folder import RunFolder
from ganart.runs.multirun import unplace
from ganart.training.resume import Resume

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


@pytest.fixture
def home_of_li_lei(tmp_path, monkeypatch):
    home = tmp_path / "home" / "李雷"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    return home


PLACED = ("config.yaml", "overrides.yaml")
"""What a run needs to go on: the places of its data as they were typed."""


def test_a_run_that_was_given_absolute_paths_goes_on_and_tells_them_where_it_must_alone(home_of_li_lei, tmp_path):
    pictures = small_pictures(home_of_li_lei / "画 1", side=8, per_class=12, classes=("a", "b"))
    data = ("dataset=image_folder", f"dataset.root={quoted(pictures)}", "dataset.height=8", "dataset.width=8")
    base = [line for line in TINY if not line.startswith("dataset.")]
    run = train_tiny(home_of_li_lei / "run", *data, "~callback.scores", "total_images=32", base=base)
    run.record_failure(ValueError(f"{pictures}/a/0.png of {home_of_li_lei} is torn"))
    files = [
        file for file in run.path.rglob("*") if file.suffix in (".yaml", ".json", ".csv") and file.name not in PLACED
    ]
    assert {file.name for file in files} >= {"recipe.yaml", "failure.json", "dataset.json", "metrics.csv"}
    assert not [file.name for file in files if "李雷" in file.read_text() or str(tmp_path) in file.read_text()]
    assert RunFolder(run.path).recipe.dataset.root == str(pictures)
    resume = Resume(RunFolder(run.path), run.checkpoint("last"), ["total_images=48"])
    assert resume.config(compose_tiny(run.path, *data, base=base)).dataset.root == str(pictures)


def test_what_hydra_writes_of_a_multirun_says_neither(home_of_li_lei):
    file = home_of_li_lei / "multirun.yaml"
    task = [f"dataset.root={home_of_li_lei}/画,/data/more art", "lr=1e-3,0.1", "name='~/x'"]
    runtime = {"cwd": str(home_of_li_lei), "output_dir": f"{home_of_li_lei}/runs/a", "url": "https://a.b/c"}
    OmegaConf.save({"hydra": {"overrides": {"task": task}, "runtime": runtime, "job": {"num": "???"}}}, file)
    unplace(file)
    found = OmegaConf.to_container(OmegaConf.load(file))["hydra"]
    assert found["overrides"]["task"][:2] == ["dataset.root=画,more art", "lr=1e-3,0.1"]
    assert found["runtime"] == {"cwd": ".", "output_dir": "runs/a", "url": "https://a.b/c"}
    assert found["job"] == {"num": "???"}
    assert "李雷" not in file.read_text()


def test_a_traceback_names_files_from_where_they_belong(home_of_li_lei, monkeypatch):
    monkeypatch.setattr("ganart.files.paths.socket.gethostname", lambda: "li-leis-machine")
    monkeypatch.chdir(home_of_li_lei.parent)
    text = f'File "{home_of_li_lei.parent}/李雷/my art.py", line 1; File "{os.__file__}"; {home_of_li_lei}; '
    text += "at /srv/李雷/x.py: port li-leis-machine:80, 1/2, a/b, s3://b/c, C:\\Users\\李雷\\y.png"
    monkeypatch.chdir("/")
    said = text_without_places(text)
    assert "李雷" not in said
    assert said.startswith('File "~/my art.py", line 1; File "os.py"; ~; at x.py: port HOST:80')
    assert said.endswith("1/2, a/b, s3://b/c, y.png")


def uploaded(file):
    """What W&B is sent of an offline run: not where the files lie from which it is sent."""
    content = b""
    for record in wandb_records(file.parent):
        for entry in record.artifact.manifest.contents:
            entry.local_path = ""
        content += record.SerializeToString()
    return content

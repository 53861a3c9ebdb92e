"""What W&B leads: its agent's command line, and a workspace made by code. Nothing here needs a network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from laboratory import DCGAN, TINY, train_tiny

from ganart.runs.folder import RunFolder

SCRIPTS = Path(__file__).parents[2] / "scripts"


def rendered(chosen: dict) -> list[str]:
    """The command line that W&B's agent makes of the sweep for the values that the server has chosen."""
    from wandb.sdk.launch.sweeps import utils

    sweep = yaml.safe_load((SCRIPTS / "wandb_sweep.yaml").read_text())
    arguments = utils.create_sweep_command_args({"args": {key: {"value": value} for key, value in chosen.items()}})
    arguments |= {"program": [str(Path(sys.executable).with_name("ganart"))], "env": ["/usr/bin/env"]}
    command = []
    for word in utils.create_sweep_command(sweep["command"]):
        name = word.removeprefix("${").removesuffix("}")
        command += arguments[name] if word != name else [word]
    return command


@pytest.mark.slow
def test_the_agents_command_trains_what_the_server_has_chosen(tmp_path):
    chosen = {"optimizer.generator.lr": 0.0005, "loss": "hinge", "penalty": ["r1", "r2"]}
    command = [word for word in rendered(chosen) if word != "experiment=mnist"]  # there is no MNIST here
    assert {"optimizer.generator.lr=0.0005", "loss=hinge"} <= set(command)
    command += [*TINY, *DCGAN, "name=tiny", "logger.wandb.mode=offline", f"hydra.run.dir={tmp_path}/run"]
    environment = os.environ | {"GANART_CACHE": str(tmp_path / "cache"), "WANDB_RUN_ID": "fromagent"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    config = RunFolder(tmp_path / "run").config
    assert config.optimizer.generator.lr == 0.0005
    assert config.loss._target_ == "ganart.losses.Hinge"
    assert set(config.penalty) == {"r1", "r2"}
    assert list((tmp_path / "run").rglob("*.wandb"))


def test_the_sweep_goes_by_a_number_that_runs_log_and_ends_hopeless_ones(tmp_path):
    sweep = yaml.safe_load((SCRIPTS / "wandb_sweep.yaml").read_text())
    run = train_tiny(tmp_path / "run", "callback.scores.every_images=80", "total_images=80")
    header = (run.path / "metrics.csv").read_text().partition("\n")[0].split(",")
    assert sweep["metric"]["name"] in header
    kind, name = sweep["metric"]["name"].split("/")
    assert kind == "trend"  # a number that is there while a run can still be ended
    assert sweep["metric"]["goal"] == "minimize" * run.summary["scores"][name]["lower_is_better"]
    assert sweep["early_terminate"]["type"] == "hyperband"


def test_a_workspace_is_built_and_written_without_a_network(monkeypatch):
    pytest.importorskip("wandb_workspaces")
    monkeypatch.syspath_prepend(str(SCRIPTS))
    from wandb_workspace import workspace

    text = workspace("me", "art", "losses_sweep")._to_model().model_dump_json(by_alias=True)
    for part in ("losses_sweep", "images_seen", "trend/fd_classifier", "nearest/works", "samples/grid", "Players"):
        assert part in text
    assert json.loads(text)

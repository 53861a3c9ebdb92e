"""Run folders that earlier releases have written: what they name is there, and they go on."""

import re
import shutil
from pathlib import Path

import pytest
from hydra.utils import get_object
from laboratory import MLP, compose_tiny, train_tiny
from omegaconf import OmegaConf

from ganart.callbacks import Metrics, TrainingNumbers
from ganart.runs.checkpoints import read_checkpoint
from ganart.runs.folder import RunFolder
from ganart.training.resume import Resume
from ganart.training.run import train

ROOT = Path(__file__).parents[2]
COMMITTED = sorted(file.parent for file in ROOT.glob("experiments/**/recipe.yaml"))


def named_in(runs):
    """Every class that the configurations of `runs` name."""
    return {name for run in runs for name in re.findall(r"_target_: (\S+)", (run / "config.yaml").read_text())}


@pytest.mark.skipif(not COMMITTED, reason="the experiments are not in this copy of the sources")
def test_what_committed_run_folders_name_is_there():
    named = named_in(COMMITTED)
    assert "ganart.callbacks.Metrics" in named
    assert [target for target in sorted(named) if not callable(get_object(target))] == []


def as_written_before(run: RunFolder) -> None:
    """Rewrite the configuration of `run` with the names that the callback of losses and rates had."""
    for name in ("config.yaml", "recipe.yaml"):
        cfg = OmegaConf.load(run.path / name)
        numbers = cfg.callback.pop("numbers")
        numbers._target_ = "ganart.callbacks.Metrics"
        cfg.callback.metrics = numbers
        OmegaConf.save(cfg, run.path / name)


@pytest.mark.slow
def test_a_run_of_before_the_numbers_had_their_name_goes_on_as_if_nothing_had_happened(tmp_path):
    assert Metrics is TrainingNumbers
    run = train_tiny(tmp_path / "run", "total_images=48", "~callback.scores", "~callback.samples", players=MLP)
    assert "Metrics" in read_checkpoint(run.checkpoint("last"))["callbacks"]  # as those releases have written it
    shutil.copytree(run.path, tmp_path / "before")
    before = RunFolder(tmp_path / "before")
    as_written_before(before)
    for one, key in ((run, "callback.numbers"), (before, "callback.metrics")):
        overrides = ["total_images=96", f"{key}.every_images=16"]
        resume = Resume.find(str(one.path), overrides, one)
        train(resume.config(compose_tiny(one.path)), one, overrides, resume)
    rows = [(one.path / "metrics.csv").read_text().splitlines() for one in (run, before)]
    assert len(rows[0]) == len(rows[1]) > 3
    weights = [read_checkpoint(one.checkpoint("last"))["state_dict"] for one in (run, before)]
    assert all(weights[0][name].equal(weights[1][name]) for name in weights[0])

import os

import pytest
import torch
from laboratory import compose_tiny, train_tiny
from pytorch_lightning.profilers import SimpleProfiler

from ganart.machine.hardware import Choice
from ganart.runs.folder import RunFolder
from ganart.training.assembly import build_trainer
from ganart.training.lightning import NoProfiler


def test_measuring_nothing_makes_nothing():
    profiler = NoProfiler()
    made = {id(profiler.profile(f"action {number}")) for number in range(100)}
    assert len(made) == 1  # Lightning's own is a new generator each time, some eighty a round
    with pytest.raises(KeyError), profiler.profile("an action"):
        raise KeyError  # what happens inside reaches the caller


def test_a_run_is_not_measured_unless_asked_for(tmp_path):
    cfg = compose_tiny(tmp_path)
    trainer = build_trainer(cfg, Choice("cpu", "32", False, "a test"), RunFolder(tmp_path), [], [])
    assert isinstance(trainer.profiler, NoProfiler)


def test_a_run_does_not_look_for_gpus_at_every_step(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    looked = []
    plain = torch.cuda.device_count
    monkeypatch.setattr(torch.cuda, "device_count", lambda: looked.append(1) or plain())
    train_tiny(tmp_path / "run", "~callback.scores", "total_images=160")
    assert os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] == "0"
    assert len(looked) < 10  # ten rounds of two steps


def test_lightnings_profilers_can_be_asked_for(tmp_path, monkeypatch):
    summaries = []
    monkeypatch.setattr(SimpleProfiler, "summary", lambda self: summaries.append(self.recorded_durations) or "")
    train_tiny(tmp_path / "run", "~callback.scores", "total_images=32", "trainer.profiler=simple")
    assert any("optimizer_step" in action for action in summaries[0])
    assert compose_tiny(tmp_path / "other").trainer.profiler is None

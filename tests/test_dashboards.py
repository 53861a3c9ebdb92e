"""Programs of others that the documents start on our folders: they come up, and find what is there."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from laboratory import DCGAN, TINY, train_tiny

pytestmark = pytest.mark.slow


def fetched(command, log, address, path):
    """Start `command` and return what it answers to `path`, as soon as it has printed its `address` and answers."""
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=os.environ)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            if found := re.search(address, log.read_text()):
                return urllib.request.urlopen(f"{found[0].rstrip('/')}/{path}", timeout=30).read().decode()
            time.sleep(0.2)
        raise AssertionError(log.read_text())
    finally:
        process.terminate()
        process.wait(30)


def test_tensorboard_finds_the_scalars_of_a_run(tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    train_tiny(tmp_path / "runs/a", "total_images=48", "~callback.scores", "logger=[tensorboard]")
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(tmp_path / "runs"), "--port", "0"]
    found = fetched(command, tmp_path / "log", r"http://localhost:\d+/", "data/plugin/scalars/tags")
    assert "players/generator_loss" in found


def test_optunas_dashboard_opens_a_study(tmp_path, ganart):
    pytest.importorskip("optuna_dashboard", reason="optuna-dashboard is not installed: pip install optuna-dashboard")
    study = ("n_trials=1", "batch_size=16,32", f"hydra.run.dir={tmp_path}/study")
    status, text = ganart("sweep", *TINY, *DCGAN, "name=tiny", *study)
    assert status == 0, text
    code, journal = "from optuna_dashboard._cli import main; main()", f"{tmp_path}/study/study.journal"
    command = [sys.executable, "-c", code, "--port", str(free_port()), journal]
    assert "study_summaries" in fetched(command, tmp_path / "log", r"http://127\.0\.0\.1:\d+/", "api/studies")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

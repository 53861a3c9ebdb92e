"""`ganart sweep` as users type it, on trainings that take a second."""

import errno
import json
import os
import shlex
import signal
import statistics
import subprocess
import sys
import time

import pytest
from hydra import compose, initialize_config_dir
from laboratory import DCGAN, TINY
from omegaconf import OmegaConf

from ganart.config.walk import flat
from ganart.files.paths import conf_dir
from ganart.runs.folder import RunFolder
from ganart.sweeping.recipe import as_experiment

TREND = ("callback.scores.every_images=48", "callback.scores.trend_images=60")
RUN = (*TINY, *DCGAN, "name=tiny", *TREND)
RATES = "optimizer.generator.lr=tag(log,interval(1e-4,1e-2))"


@pytest.fixture
def sweep(ganart, tmp_path, shared_cache):
    """Call `ganart sweep` in tmp_path/study; returns status, text and what study.json says."""

    def call(*arguments):
        status, text = ganart("sweep", *RUN, f"hydra.run.dir={tmp_path}/study", *arguments)
        file = tmp_path / "study/study.json"
        return status, text, json.loads(file.read_text()) if file.exists() else {}

    return call


def states(facts):
    return [trial["state"] for trial in facts["trials"]]


@pytest.mark.slow
def test_a_sweep_tries_scores_and_writes_the_best_as_a_recipe(sweep, tmp_path):
    status, text, facts = sweep(RATES, "loss=hinge,relativistic", "n_trials=3", "seeds=0,1")
    assert status == 0, text
    assert states(facts) == ["complete"] * 3
    assert facts["space"] == {"optimizer.generator.lr": "tag(log,interval(1e-4,1e-2))", "loss": "hinge,relativistic"}
    for trial in facts["trials"]:
        runs = [RunFolder(tmp_path / "study" / trial["folder"] / f"seed-{seed}") for seed in (0, 1)]
        scores = [run.summary["scores"]["fd_classifier"]["value"] for run in runs]
        assert [run.config.seed for run in runs] == [0, 1]
        assert trial["values"] == pytest.approx([statistics.fmean(scores)])
        assert trial["std"] == pytest.approx([statistics.stdev(scores)])
    best = min(facts["trials"], key=lambda trial: trial["values"][0])
    assert facts["best"] == [best["number"]]
    assert f"--config-dir {os.path.relpath(tmp_path / 'study')} experiment=best" in text
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        as_tried = compose("train", [*RUN, *best["overrides"]])
        again = compose("train", [f"hydra.searchpath=[file://{tmp_path}/study]", "experiment=best", "name=tiny"])
    assert flat(again) == flat(as_tried)


@pytest.mark.slow
def test_the_same_command_adds_only_what_is_missing(sweep, tmp_path):
    sweep(RATES, "n_trials=1")
    before = (tmp_path / "study/trials/0000/checkpoints/last.ckpt").stat().st_mtime_ns
    _, _, facts = sweep(RATES, "n_trials=2")
    assert states(facts) == ["complete"] * 2
    assert (tmp_path / "study/trials/0000/checkpoints/last.ckpt").stat().st_mtime_ns == before
    status, _, facts = sweep(RATES, "n_trials=2")
    assert (status, states(facts)) == (0, ["complete"] * 2)


def test_hopeless_trials_end_early_without_final_scores(sweep, tmp_path):
    threshold = ("pruner=none", "pruner._target_=optuna.pruners.ThresholdPruner", "+pruner.upper=0.0")
    status, text, facts = sweep(RATES, "n_trials=2", *threshold)
    assert status == 1
    assert "No trial has come to a value" in text
    assert states(facts) == ["pruned"] * 2
    assert facts["trials"][0]["trend"].keys() == {"48"}
    summary = RunFolder(tmp_path / "study/trials/0000").summary
    assert (summary["ended_by"], summary["images_seen"], summary["scores"]) == ("pruned", 48, {})
    assert "pruning saved 70% of 320 images" in text


@pytest.mark.parametrize("end", [["total_images=48"], ["trainer.max_steps=4"]])
def test_no_trial_is_pruned_at_its_very_end(sweep, end):
    threshold = ("pruner=none", "pruner._target_=optuna.pruners.ThresholdPruner", "+pruner.upper=0.0")
    interval = "callback.scores.every_images=48" if "total" in end[0] else "callback.scores.every_images=160"
    _, text, facts = sweep(RATES, "n_trials=1", *threshold, *end, interval)
    assert states(facts) == ["complete"], text


def test_a_trial_that_diverges_is_recorded_with_its_reason_and_the_study_goes_on(sweep):
    status, text, facts = sweep("optimizer.discriminator.lr=choice(1e30,1e-3)", "n_trials=2", "sampler=grid")
    assert status == 0, text
    assert sorted(states(facts)) == ["complete", "failed"]
    (failed,) = (trial for trial in facts["trials"] if trial["state"] == "failed")
    assert "is not finite" in failed["reason"]


def test_a_grid_is_tried_once_and_no_further(sweep):
    _, text, facts = sweep("loss=hinge,minimax", "batch_size=range(8,17,step=8)", "sampler=grid", "n_trials=50")
    tried = {tuple(trial["overrides"]) for trial in facts["trials"]}
    assert len(facts["trials"]) == len(tried) == 4, text


@pytest.mark.slow
def test_a_sweep_over_few_values_trains_each_recipe_once_and_says_that_all_have_been_tried(sweep, tmp_path):
    status, text, facts = sweep("loss=hinge,minimax", "n_trials=6", "seeds=0,1", "sampler=random")
    assert status == 0, text
    assert states(facts) == ["complete"] * 2
    assert {tuple(trial["overrides"]) for trial in facts["trials"]} == {("loss=hinge",), ("loss=minimax",)}
    assert text.count("players ") == 4
    assert "All there is to try has been tried" in text
    assert len(list((tmp_path / "study/trials").glob("*/seed-*/summary.json"))) == 4


def test_a_group_of_keys_can_be_changed_on_the_command_line(sweep):
    space = ("sweep=learning_rates", "sweep.space.optimizer.generator.lr=choice(0.001,0.002)", "loss=hinge,minimax")
    status, text, facts = sweep(*space, "n_trials=1", "seeds=3")
    assert status == 0, text
    keys = ["optimizer.generator.lr", "optimizer.discriminator.lr", "loss"]
    assert list(facts["space"]) == keys
    assert facts["trials"][0]["params"]["optimizer.generator.lr"] in ("0.001", "0.002")


def test_what_was_taken_away_is_told_beside_the_best(sweep, tmp_path):
    status, text, _ = sweep(RATES, "n_trials=1", "~penalty.r2", "~callback.doctor", "~ema.ramp_up")
    assert status == 0, text
    (line,) = (line for line in text.splitlines() if line.startswith("train the best"))
    assert shlex.split(line)[-2:] == ["experiment=best", "~ema.ramp_up"]  # as a shell reads it
    best = OmegaConf.load(tmp_path / "study/experiment/best.yaml")
    chosen = {key: value for entry in best.defaults for key, value in entry.items()}
    assert chosen["override /penalty"] == ["r1"]
    assert "doctor" not in chosen["override /callback"]


@pytest.mark.parametrize(
    "overrides",
    [
        ["experiment=mnist_mlp", "loss=hinge", "penalty=[dragan]"],
        ["penalty=[]", "~callback.scores", "optimizer@optimizer.generator=sgd", "optimizer.generator.lr=0.1"],
        ["metric=[is,vendi]", "logger=[csv,tensorboard]", "penalty.r1.gamma=3"],
    ],
)
def test_a_recipe_makes_the_same_of_the_defaults(overrides, tmp_path):
    own = ("n_trials", "objective", "seeds", "search", "timeout", "storage", "sampler", "pruner", "sweep")
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        text, lost = as_experiment("sweep", overrides, own, "a test")
        assert lost == []
        (tmp_path / "experiment").mkdir()
        (tmp_path / "experiment/best.yaml").write_text(text)
        wanted = flat(compose("train", [*overrides, "name=x"]))
        assert flat(compose("train", [f"hydra.searchpath=[file://{tmp_path}]", "experiment=best", "name=x"])) == wanted


def test_an_accident_that_is_no_trials_fault_ends_the_work_and_not_the_study(sweep, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("ganart.runs.folder.RunFolder.begin", full)
        status, text, _ = sweep(RATES, "n_trials=2")
    assert status == 1
    assert "the disk is full" in text
    assert "Traceback" not in text
    _, text, facts = sweep(RATES, "n_trials=2")
    assert states(facts) == ["complete"] * 2, text


def test_two_objectives_have_a_front(sweep):
    goals = ("objective=fid,seconds_training", "sampler=nsga_ii", "pruner=none")
    _, text, facts = sweep(RATES, "n_trials=3", *goals)
    assert [len(trial["values"]) for trial in facts["trials"]] == [2, 2, 2], text
    assert facts["best"]
    assert [goal["key"] for goal in facts["objectives"]] == ["fid", "seconds_training"]


@pytest.mark.parametrize("sampler", ["tpe", "random", "cma_es", "gp"])
def test_every_sampler_tries_what_lies_in_the_space(sweep, sampler):
    if sampler == "cma_es":
        pytest.importorskip("cmaes")
    status, text, facts = sweep(RATES, "n_trials=2", f"sampler={sampler}")
    assert status == 0, text
    assert all(1e-4 <= trial["params"]["optimizer.generator.lr"] <= 1e-2 for trial in facts["trials"])


@pytest.mark.parametrize("pruner", ["median", "asha", "hyperband", "none"])
def test_every_pruner_can_be_chosen(sweep, pruner):
    status, text, facts = sweep(RATES, "n_trials=2", f"pruner={pruner}")
    assert status == 0, text
    assert set(states(facts)) <= {"complete", "pruned"}


def test_values_that_were_scored_otherwise_are_not_compared(sweep):
    _, text, facts = sweep("callback.scores.num_images=choice(60,90)", "sampler=grid", "n_trials=2")
    assert sorted(states(facts)) == ["complete", "failed"], text
    (failed,) = (trial for trial in facts["trials"] if trial["state"] == "failed")
    assert "n_fake" in failed["reason"]
    assert "cannot be compared" in failed["reason"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["optimizer.generator.rate=interval(0.1,1.0)"], "optimizer.generator.rate: no trial has this key"),
        (["optimizer.generator.lr=interval(1.0,0.1)"], "from a smaller number up to a greater one"),
        (["loss=choice(hinge)"], "two different values"),
        (["loss=hinge,hing"], "hing is no choice"),
        ([RATES, "objective=fido"], "objective=fido is not among"),
        ([RATES, "objective=vendi"], "add its metric"),
        ([RATES, "sampler=grid"], "has no last one"),
        ([RATES, "n_trials=0"], "n_trials=0"),
        ([RATES, "seeds=[]"], "seeds=[]"),
        ([RATES, "seeds=0-4"], "seeds=0-4"),
        ([RATES, "seed=0,1"], "seed is not searched for"),
        ([RATES, "dataset.test_fraction=2"], "test_fraction"),
        ([RATES, "~callback.scores"], "goes by scores"),
        ([RATES, "storage=sqlite:////nowhere/at/all.db"], "storage=null"),
        ([RATES, "total_images=0"], "total_images=0"),
        (["sweep=none"], "nothing to search"),
        (["sweep=rates"], "there is no such sweep"),
        (["--multirun", "n_trials=1,2"], "Leave --multirun out"),
    ],
)
def test_what_cannot_be_searched_is_told(sweep, arguments, says):
    status, text, _ = sweep(*arguments)
    assert status == 1
    assert says in text
    assert "Traceback" not in text


def test_a_space_that_has_changed_since_is_refused(sweep):
    sweep(RATES, "n_trials=1")
    status, text, facts = sweep("optimizer.generator.lr=interval(0.001,0.01)", "n_trials=2")
    assert status == 1
    assert "tag(log,interval(1e-4,1e-2)) → interval(0.001,0.01)" in text
    assert states(facts) == ["complete"]
    status, text, _ = sweep(RATES, "n_trials=2", "total_images=320")
    assert (status, "total_images: 160 → 320" in text) == (1, True)


def test_a_study_folder_that_was_moved_goes_on_in_its_new_place(ganart, sweep, tmp_path):
    sweep(RATES, "n_trials=1")
    (tmp_path / "study").rename(tmp_path / "elsewhere")
    status, text = ganart("sweep", *RUN, f"hydra.run.dir={tmp_path}/elsewhere", RATES, "n_trials=2")
    assert status == 0, text
    assert states(json.loads((tmp_path / "elsewhere/study.json").read_text())) == ["complete"] * 2


@pytest.mark.slow
def test_the_page_of_a_sweep_shows_what_was_searched_and_found(ganart, sweep, tmp_path):
    _, _, facts = sweep(RATES, "loss=hinge,relativistic", "n_trials=4")
    status, text = ganart("report", f"{tmp_path}/study")
    assert status == 0, text
    page = (tmp_path / "study/report.html").read_text()
    assert "fd_classifier ↓ in sweep study" in page
    assert f"The best is trial {facts['best'][0]}" in page
    for part in ("Trial by trial", "Parallel coordinates", "optimizer.generator.lr", "tag(log,interval(1e-4,1e-2))"):
        assert part in page


@pytest.mark.slow
def test_two_processes_share_a_study_and_what_one_leaves_when_it_is_killed_is_finished_once(tmp_path):
    """One is killed in the middle of a trial: the trial goes on in its folder, and no other one is run twice."""
    long = (*RUN, RATES, "n_trials=4", "pruner=none", "total_images=12000", "callback.scores.every_images=0")
    command = [sys.executable, "-m", "ganart", "sweep", *long, f"hydra.run.dir={tmp_path}/study"]
    environment = os.environ | {"GANART_CACHE": str(tmp_path / "cache")}
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet) as first, subprocess.Popen(command, **quiet) as second:
        until = time.monotonic() + 120
        while len(list(tmp_path.glob("study/trials/*/checkpoints/last.ckpt"))) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(first.pid, signal.SIGKILL)  # each of the two has a trial under way
        assert second.wait(240) == 0
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    facts = json.loads((tmp_path / "study/study.json").read_text())
    assert states(facts) == ["complete"] * 4
    assert max(trial["number"] for trial in facts["trials"]) == 4  # one died, and another one took its place
    folders = [trial["folder"] for trial in facts["trials"]]
    assert len(set(folders)) == 4
    assert sorted(folders) == sorted(f"trials/{run.name}" for run in (tmp_path / "study/trials").iterdir())
    for folder in folders:
        run = RunFolder(tmp_path / "study" / folder)
        rows = (run.path / "metrics.csv").read_text().splitlines()
        assert run.summary["images_seen"] == 12000
        assert len(rows) == len({row.split(",")[0] for row in rows})  # gone on with, and not begun beside
        assert OmegaConf.load(run.path / "overrides.yaml")

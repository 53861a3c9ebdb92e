"""With how many threads a process computes, and what is said when it becomes slow."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from laboratory import DCGAN, compose_tiny, train_tiny
from omegaconf import OmegaConf

from ganart.callbacks import pace
from ganart.callbacks.pace import Pace, round_of
from ganart.errors import UserError
from ganart.machine import threads
from ganart.machine.launch import AT_ONCE
from ganart.runs import multirun
from ganart.runs.folder import RunFolder
from ganart.training.resume import Resume
from ganart.training.run import train

SIZE = ("dataset.height=16", "dataset.width=16")
AUTO = ("~callback.scores", "trainer.threads=auto")


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine of so many cores, on which work takes `seconds[threads]`; returns the counts that were measured."""
    monkeypatch.setattr(threads, "_counted", lambda: tmp_path)

    def pretend(cores, seconds=None):
        state = {"now": 0.0, "threads": cores, "measured": []}

        def work(pictures=2):
            state["now"] += (seconds or {}).get(state["threads"], 0.01)
            if state["measured"][-1:] != [state["threads"]]:
                state["measured"].append(state["threads"])

        monkeypatch.setattr(threads, "TORCHS_OWN", cores)
        monkeypatch.setattr(threads, "cores", lambda: cores)
        monkeypatch.setattr(threads, "use", lambda count: state.update(threads=count))
        monkeypatch.setattr(threads.torch, "get_num_threads", lambda: state["threads"])
        monkeypatch.setattr(threads, "time", SimpleNamespace(perf_counter=lambda: state["now"]))
        return work, state

    return pretend


def test_more_threads_are_taken_where_they_are_faster(machine):
    work, _ = machine(8, {1: 0.008, 2: 0.005, 4: 0.003, 8: 0.002})
    assert threads.choose("auto", work) == threads.Threads(8, "")


def test_where_another_process_is_busy_one_thread_is_taken_within_a_second_and_it_is_said(machine):
    work, state = machine(2, {1: 0.02, 2: 0.7})
    assert str(threads.choose("auto", work)) == "1 thread (more would be 35.0 times slower at the moment)"
    assert state["measured"] == [1, 2]
    assert state["now"] <= 1
    assert state["threads"] == 2  # as it was: whoever asked decides


def test_counts_are_tried_as_long_as_more_are_not_slower(machine):
    work, state = machine(12, {1: 0.01, 2: 0.006, 4: 0.005, 8: 0.006, 12: 0.001})
    assert threads.choose("auto", work).count == 4
    assert 12 not in state["measured"]


def test_a_gain_that_is_none_is_not_worth_another_thread(machine):
    work, _ = machine(2, {1: 0.01, 2: 0.0099})
    assert threads.choose("auto", work).count == 1


def test_a_number_stands_and_nothing_is_measured(machine):
    work, state = machine(2)
    assert threads.choose(7, work) == threads.Threads(7, "")
    assert threads.choose(None, work) == threads.Threads(2, "")
    assert state["measured"] == []


@pytest.mark.parametrize(
    ("cores", "at_once", "processes", "expected"),
    [(16, "4", 1, 4), (16, "3", 1, 5), (2, "12", 1, 1), (16, "2", 2, 4), (16, "", 1, 16), (16, "many", 1, 16)],
)
def test_jobs_share_the_cores_out(machine, monkeypatch, cores, at_once, processes, expected):
    machine(cores)
    monkeypatch.setenv(AT_ONCE, at_once)
    each, jobs = threads.share(processes)
    assert each == expected
    assert each * jobs * processes <= cores or each == 1


def test_what_omp_num_threads_says_is_the_most(machine, monkeypatch):
    machine(16)
    monkeypatch.setattr(threads, "TORCHS_OWN", 3)
    assert threads.share() == (3, 1)


def test_a_process_that_trains_is_counted_by_others_and_not_when_it_is_gone(tmp_path, monkeypatch):
    monkeypatch.setattr(threads, "_counted", lambda: tmp_path)
    code = (
        "import os, time; from pathlib import Path; from filelock import FileLock\n"
        f"lock = FileLock(Path({str(tmp_path)!r}) / str(os.getpid())); lock.acquire()\n"
        "print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with threads.counted_as_training():
            assert threads.num_other_trainings() == 1
            assert (tmp_path / str(os.getpid())).exists()
        other.kill()
        other.wait()
    assert threads.num_other_trainings() == 0


def test_the_cores_are_those_of_this_process(monkeypatch):
    assert 1 <= threads.cores() <= (os.cpu_count() or 1)
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: {0, 1, 2, 3, 4, 5}, raising=False)
    for written, expected in (("max 100000", 6), ("150000 100000", 2), ("20000 100000", 1), ("900000 100000", 6)):
        monkeypatch.setattr(threads.Path, "read_text", lambda self, encoding, written=written: written)
        assert threads.cores() == expected


# ------------------------------------------------------------------------------------------ of a run


def test_what_was_chosen_is_said_written_down_and_kept_by_a_resume(tmp_path, monkeypatch, capsys):
    chosen = {"auto": 3, 3: 3}
    monkeypatch.setattr(threads, "choose", lambda wanted, work, **_: threads.Threads(chosen[wanted], ""))
    used = []
    monkeypatch.setattr(threads, "use", used.append)
    run = train_tiny(tmp_path / "run", *AUTO, "total_images=96")
    assert run.config.trainer.threads == 3
    assert ", 3 threads\n" in capsys.readouterr().out
    assert 3 in used
    del chosen["auto"]
    resume = Resume(run, run.checkpoint("last"), ["total_images=128"])
    composed = compose_tiny(tmp_path / "run", *AUTO, "total_images=128")
    cfg = resume.config(composed)
    assert cfg.trainer.threads == 3
    train(cfg, RunFolder(tmp_path / "run"), resume.all_overrides, resume)
    assert RunFolder(tmp_path / "run").config.trainer.threads == 3


def resumed(run, *overrides):
    """Go on with `run` as the command line would; returns the number of threads in its configuration then."""
    resume = Resume(run, run.checkpoint("last"), list(overrides))
    train(resume.config(compose_tiny(run.path, *overrides)), RunFolder(run.path), resume.all_overrides, resume)
    return RunFolder(run.path).config.trainer.threads


def test_a_resume_keeps_the_number_or_says_what_another_does(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(threads, "fastest", lambda work, most: pytest.fail("it was measured again"))
    run = train_tiny(tmp_path / "run", "~callback.scores", "trainer.threads=2", "total_images=32")
    assert torch.load(run.checkpoint("last"), weights_only=True)["threads"] == 2
    assert resumed(run, "trainer.threads=auto", "total_images=48") == 2
    assert "last bits" not in capsys.readouterr().out
    assert resumed(run, "trainer.threads=1", "total_images=64") == 1
    assert "was computed with trainer.threads=2: with 1 the last bits" in " ".join(capsys.readouterr().out.split())
    assert torch.load(run.checkpoint("last"), weights_only=True)["threads"] == 1


@pytest.mark.parametrize(("typed", "expected"), [((), threads.TORCHS_OWN), (("trainer.threads=1",), 1)])
def test_a_run_of_before_there_was_such_a_key_is_gone_on_with(tmp_path, typed, expected):
    run = train_tiny(tmp_path / "run", "~callback.scores", "total_images=32")
    for file in (run.path / "config.yaml", run.path / "recipe.yaml"):
        old = OmegaConf.load(file)
        del old.trainer.threads
        OmegaConf.save(old, file)
    last = run.checkpoint("last")
    checkpoint = torch.load(last, weights_only=True)
    del checkpoint["threads"]
    torch.save(checkpoint, last)
    assert resumed(RunFolder(run.path), *typed, "total_images=48") == expected


def test_measuring_leaves_no_trace_in_what_is_trained(tmp_path, monkeypatch):
    """Neither in the weights nor in the random numbers: the same bits with a number given and with one measured."""
    monkeypatch.setattr(threads, "share", lambda processes=1: (2, 1))
    monkeypatch.setattr(threads, "fastest", lambda work, most: (1, work() or 1.0))
    runs = [train_tiny(tmp_path / name, "~callback.scores", f"trainer.threads={name}") for name in ("auto", "1")]
    one, other = (torch.load(run.checkpoint("last"), weights_only=True)["state_dict"] for run in runs)
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_a_run_leaves_the_number_of_threads_as_it_was(tmp_path):
    before = torch.get_num_threads()
    train_tiny(tmp_path / "run", "~callback.scores", f"trainer.threads={before + 1}", "total_images=32")
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "true"])
def test_a_number_of_threads_that_cannot_be_is_told(tmp_path, value):
    with pytest.raises(UserError, match=r"trainer\.threads=.* must be auto or a whole number"):
        train_tiny(tmp_path / "run", f"trainer.threads={value}")


def test_the_piece_that_is_measured_fits_every_architecture(tmp_path):
    from ganart.config.build import build
    from ganart.datasets import cache
    from ganart.machine.hardware import Choice
    from ganart.training.run import build_gan

    for players in (DCGAN, ("architecture=mlp",), ("architecture=resize_conv",)):
        cfg = compose_tiny(
            tmp_path, "dataset.condition=[style]", "dataset.height=16", "dataset.width=16", players=players
        )
        gan = build_gan(cfg, cache.load(build(cfg.dataset)), Choice("cpu", "32", True, ""))
        round_of(gan)(4)
        assert all(weight.grad is None for weight in gan.parameters())


# ------------------------------------------------------------------------------------------ the pace


def rounds(callback, seconds, monkeypatch, number, seen=None):
    """Call the callback for `number` rounds of 32 images that take `seconds` each."""
    gan = seen or SimpleNamespace(images_seen=0)
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(pace, "time", clock)
    trainer = SimpleNamespace(is_global_zero=True)
    if seen is None:
        callback.on_train_start(trainer, gan)
    for _ in range(number):
        callback.on_train_batch_start(trainer, gan)
        clock.now += seconds
        gan.images_seen += 32
        callback.on_train_batch_end(trainer, gan)
    return gan


def test_a_rate_that_falls_tenfold_is_said_once_with_what_to_do(monkeypatch, capsys):
    callback = Pace(num_threads=2)
    gan = rounds(callback, 0.05, monkeypatch, 300)
    rounds(callback, 0.2, monkeypatch, 100, gan)
    assert capsys.readouterr().out == ""
    rounds(callback, 2.0, monkeypatch, 20, gan)
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith("slower 640 → 16 images/s")
    assert said.count("slower") == 1
    assert said.endswith("go on with resume=… trainer.threads=1")


def test_one_thread_is_not_told_to_take_fewer(monkeypatch, capsys):
    callback = Pace(num_threads=1)
    rounds(callback, 2.0, monkeypatch, 20, rounds(callback, 0.05, monkeypatch, 300))
    assert "trainer.threads" not in capsys.readouterr().out


# ------------------------------------------------------------------------------------------ multiruns


def multirun_of(launcher, *overrides, threads="auto", devices=1):
    return OmegaConf.create(
        {
            "hydra": {"launcher": launcher, "sweeper": {"params": None}, "overrides": {"task": list(overrides)}},
            "trainer": {"accelerator": "cpu", "devices": devices, "num_nodes": 1, "threads": threads},
        }
    )


BASIC = {"_target_": "hydra._internal.core_plugins.basic_launcher.BasicLauncher"}
LOCAL = {"_target_": "hydra_plugins.hydra_submitit_launcher.submitit_launcher.LocalLauncher"}
SLURM = {"_target_": "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher"}


def joblib(n_jobs):
    return {"_target_": "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher", "n_jobs": n_jobs}


@pytest.mark.parametrize(
    ("launcher", "expected"), [(BASIC, 1), (LOCAL, 6), (SLURM, 1), (joblib(4), 4), (joblib(16), 6), (joblib(1), 1)]
)
def test_jobs_at_a_time_are_counted_from_the_launcher(launcher, expected):
    assert multirun.jobs_at_once(multirun_of(launcher, "loss=hinge,minimax", "seed=range(3)", "name=x")) == expected


@pytest.mark.parametrize(
    ("launcher", "settings", "words"),
    [
        (joblib(4), {}, "4 processes at a time, 4 threads each, on 16 cores"),
        (LOCAL, {"devices": 2}, "12 processes at a time, 1 thread each, on 16 cores"),
        (joblib(4), {"threads": 8}, "4 processes at a time, 8 threads each, on 16 cores"),
    ],
)
def test_what_a_multirun_makes_of_the_cores_is_said_once(machine, monkeypatch, capsys, launcher, settings, words):
    machine(16)
    monkeypatch.setenv(AT_ONCE, "1")
    multirun.set_jobs_at_once(multirun_of(launcher, "seed=range(6)", **settings))
    said = " ".join(capsys.readouterr().out.split())
    assert words in said
    assert ("wait for each other" in said) == (settings.get("threads") == 8)
    assert os.environ[AT_ONCE] == str(4 if launcher == joblib(4) else 6)


def test_jobs_that_a_recipe_names_are_counted_too():
    config = multirun_of(LOCAL, "seed=1,2")
    config.hydra.sweeper.params = {"loss": "hinge,minimax,wasserstein"}
    assert multirun.jobs_at_once(config) == 6


def test_a_multirun_one_by_one_says_nothing(monkeypatch, capsys):
    monkeypatch.setenv(AT_ONCE, "1")
    multirun.set_jobs_at_once(multirun_of(BASIC, "seed=range(6)"))
    assert capsys.readouterr().out == ""


def test_how_much_slower_more_threads_are_is_said_of_more_threads(monkeypatch):
    times = {1: 8.0, 2: 2.0, 4: 3.0}
    now = {"count": 1}
    monkeypatch.setattr(threads, "use", lambda count: now.update(count=count))
    monkeypatch.setattr(threads, "_seconds", lambda work, give_up: times[now["count"]])
    assert threads.fastest(lambda: None, 4) == (2, 1.5)  # not 4, of the one thread
    assert threads.fastest(lambda: None, 2) == (2, 1.0)

"""Many runs by one command: each as if it were alone, none lost for another's failure, gone on with after a kill."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from filelock import FileLock
from laboratory import DCGAN, TINY

from ganart.runs.checkpoints import read_checkpoint
from ganart.runs.folder import RunFolder

JOB = (*TINY, *DCGAN, "name=tiny", "~callback.scores")


def weights(folder):
    return read_checkpoint(folder / "checkpoints/last.ckpt")["state_dict"]


def assert_same_weights(one, other):
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


def command(*arguments):
    return [sys.executable, "-m", "ganart", "train", *JOB, *arguments]


@pytest.fixture
def environment(tmp_path):
    return os.environ | {"GANART_CACHE": str(tmp_path / "cache"), "COLUMNS": "200"}


@pytest.mark.slow
def test_a_job_is_what_it_would_be_alone(ganart, tmp_path):
    status, text = ganart(
        "train", *JOB, "--multirun", "loss=hinge,minimax", "seed=1,2", f"hydra.sweep.dir={tmp_path}/many"
    )
    assert status == 0, text
    assert {f.name for f in (tmp_path / "many").iterdir() if f.is_dir()} == {
        f"loss-{loss}_seed-{seed}" for loss in ("hinge", "minimax") for seed in (1, 2)
    }
    assert ganart("train", *JOB, "loss=minimax", "seed=2", f"hydra.run.dir={tmp_path}/alone")[0] == 0
    assert_same_weights(weights(tmp_path / "many/loss-minimax_seed-2"), weights(tmp_path / "alone"))
    assert f"ganart report {os.path.relpath(tmp_path / 'many')}" in text


def test_a_failure_is_written_down_told_and_keeps_nobody_from_going_on(ganart, tmp_path):
    several = ("--multirun", "optimizer.discriminator.lr=1e30,0.001", f"hydra.sweep.dir={tmp_path}/many")
    status, text = ganart("train", *JOB, *several)
    assert status == 1
    assert "1 of 2 jobs did not finish" in text
    assert "is not finite" in text
    failed, finished = (RunFolder(tmp_path / "many" / name) for name in ("lr-1e+30", "lr-0.001"))
    failure = json.loads((failed.path / "failure.json").read_text())
    assert failure["kind"] == "TrainingDivergedError"
    assert "is not finite" in failure["reason"]
    assert not failed.summary
    assert finished.has_finished
    assert not (finished.path / "failure.json").exists()


def test_a_job_that_cannot_be_is_written_down_too(ganart, tmp_path):
    status, _ = ganart("train", *JOB, "--multirun", "batch_size=0,16", f"hydra.sweep.dir={tmp_path}/many")
    assert status == 1
    assert "batch_size=0" in json.loads((tmp_path / "many/batch_size-0/failure.json").read_text())["reason"]
    assert RunFolder(tmp_path / "many/batch_size-16").has_finished


@pytest.mark.slow
def test_what_was_killed_goes_on_where_it_was_and_what_was_finished_is_left_alone(tmp_path, environment):
    folder = tmp_path / "many"
    many = command("--multirun", "seed=1,2", "total_images=16000", "callback.checkpoint.keep=1", "resume=auto")
    many += [f"hydra.sweep.dir={folder}"]
    second = folder / "seed-2/checkpoints/last.ckpt"
    with subprocess.Popen(many, env=environment, stdout=subprocess.DEVNULL) as process:
        until = time.monotonic() + 120
        while not second.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    assert second.exists()
    assert not RunFolder(folder / "seed-2").summary
    first = (folder / "seed-1/checkpoints/last.ckpt").stat().st_mtime_ns
    done = subprocess.run(many, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "seed-1 is finished already" in done.stdout
    assert "going on at" in done.stdout
    assert (folder / "seed-1/checkpoints/last.ckpt").stat().st_mtime_ns == first
    assert RunFolder(folder / "seed-2").summary["images_seen"] == 16000
    alone = command("seed=2", "total_images=16000", f"hydra.run.dir={tmp_path}/alone")
    subprocess.run(alone, env=environment, capture_output=True, timeout=300, check=True)
    assert_same_weights(weights(folder / "seed-2"), weights(tmp_path / "alone"))


@pytest.mark.slow
def test_the_same_command_finds_its_own_folder_and_skips_all_of_it(ganart, tmp_path):
    """Nothing names the folder: not `name=`, and not `hydra.sweep.dir=`."""
    nameless = [override for override in JOB if not override.startswith("name=")]
    several = ("--multirun", "seed=1,2", "resume=auto")
    status, text = ganart("train", *nameless, *several)
    assert status == 0, text
    (sweep,) = (tmp_path / "runs/procedural_art").glob("*_sweep")
    assert {path.name for path in sweep.iterdir() if path.is_dir()} == {"seed-1", "seed-2"}
    status, text = ganart("train", *nameless, *several)
    assert status == 0
    assert text.count("is finished already") == 2
    status, text = ganart("train", *nameless, "--multirun", "seed=1,3", "resume=auto")
    assert status == 0
    assert "is finished already" not in text


def test_jobs_with_other_names_and_data_stand_in_the_folder_of_their_multirun(ganart, tmp_path):
    """Each job is refused at once; why stands where it would have been trained."""
    assert ganart("train", "--multirun", "dataset=mnist,procedural_art", "batch_size=0")[0] == 1
    (sweep,) = (tmp_path / "runs").glob("multirun/*_sweep")
    assert sorted(path.parent.name for path in sweep.glob("*/failure.json")) == [
        "dataset-mnist",
        "dataset-procedural_art",
    ]


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (("seed=1,2",), "procedural_art"),
        (("name=mine", "seed=1,2"), "mine"),
        (("experiment=mnist", "seed=1,2"), "mnist"),
        (("dataset=mnist,kmnist",), "multirun"),
        (("name=a,b",), "multirun"),
        (("experiment=mnist,mnist_mlp",), "multirun"),
        (("experiment=few_pictures", "dataset=mnist,kmnist"), "few_pictures"),
    ],
)
def test_the_folder_of_a_multirun_claims_no_name_that_its_jobs_do_not_share(ganart, tmp_path, overrides, name):
    assert ganart("train", "--multirun", *overrides, "batch_size=0")[0] == 1
    assert {path.parent.name for path in tmp_path.glob("runs/*/*_sweep")} == {name}


@pytest.mark.parametrize("verb", ["sweep", "report", "regenerate"])
def test_verbs_that_do_it_once_say_what_to_type_instead_of_multirun(ganart, tmp_path, verb):
    status, text = ganart(verb, "--multirun", "seed=1,2")
    assert (status, "Leave --multirun out" in text) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_reports_of_several_data_sets_are_named_by_what_differs(ganart, tmp_path):
    pictures = ("dataset.height=8", "dataset.width=8")
    status, text = ganart("dataset", "--multirun", *pictures, "dataset.num_pictures=20,30")
    assert (status, "HYDRA" in text, "job 2     num_pictures-30" in text) == (0, False, True)
    (sweep,) = (tmp_path / "reports").iterdir()
    assert {path.name for path in sweep.iterdir() if path.is_dir()} == {"num_pictures-20", "num_pictures-30"}


def test_a_single_run_goes_on_by_itself_too(ganart, tmp_path):
    assert ganart("train", *JOB, "seed=5", "resume=auto")[0] == 0
    (summary,) = tmp_path.glob("runs/tiny/*/summary.json")
    status, text = ganart("train", *JOB, "seed=5", "resume=auto")
    assert (status, "is finished already" in text) == (0, True)
    status, text = ganart("train", *JOB, "seed=5", "resume=auto", "total_images=320", f"hydra.run.dir={summary.parent}")
    assert status == 0, text
    assert json.loads(summary.read_text())["images_seen"] == 320
    assert len(list(tmp_path.glob("runs/tiny/*"))) == 1


def test_a_new_multirun_does_not_touch_runs_that_are_there(ganart, tmp_path):
    several = ("--multirun", "seed=1,2", f"hydra.sweep.dir={tmp_path}/many")
    assert ganart("train", *JOB, *several)[0] == 0
    before = (tmp_path / "many/seed-1/summary.json").read_text()
    status, text = ganart("train", *JOB, *several)
    assert "holds a run already" in text
    assert (tmp_path / "many/seed-1/summary.json").read_text() == before
    assert not (tmp_path / "many/seed-1/failure.json").exists()
    assert status == 1  # nothing was trained
    assert not (tmp_path / "many/.failed").exists()


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_launchers_train_the_same_jobs(launcher, tmp_path, environment):
    pytest.importorskip(f"hydra_plugins.hydra_{launcher.partition('_')[0]}_launcher")
    many = command("--multirun", f"hydra/launcher={launcher}", "optimizer.discriminator.lr=1e30,0.001")
    done = subprocess.run(
        [*many, f"hydra.sweep.dir={tmp_path}/many"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stderr[-3000:]
    assert "1 of 2 jobs did not finish" in done.stderr
    assert RunFolder(tmp_path / "many/lr-0.001").has_finished
    assert "is not finite" in (tmp_path / "many/lr-1e+30/failure.json").read_text()


def test_verbs_that_look_at_runs_take_several_and_leave_their_output_in_each(ganart, tmp_path):
    runs = f"{tmp_path}/many/seed-1,{tmp_path}/many/seed-2"
    assert ganart("train", *JOB, "--multirun", "seed=1,2", f"hydra.sweep.dir={tmp_path}/many")[0] == 0
    scores = ("metric=[kid]", "features=classifier", "features.images=2000", "num_images=60")
    status, text = ganart("evaluate", "--multirun", f"run={runs}", *scores)
    assert status == 0, text
    status, text = ganart("generate", f"run={runs}", "truncation=0.5,1.0", "seeds=0-1", "--multirun")
    assert status == 0, text
    for seed in (1, 2):
        (summary,) = (tmp_path / f"many/seed-{seed}/evaluations").glob("*/summary.json")
        assert json.loads(summary.read_text())["subject"]["run"] == f"many/seed-{seed}"
        folders = sorted((tmp_path / f"many/seed-{seed}/generated").iterdir())
        assert [folder.name.rpartition("_")[2] for folder in folders] == ["truncation-0.5", "truncation-1.0"]
        assert all(len(list(folder.glob("seed*.png"))) == 2 for folder in folders)


def test_a_run_that_was_killed_while_it_was_scored_is_only_scored(ganart, tmp_path):
    """Its last checkpoint has seen all images, and there is no summary."""
    alone = (*TINY, *DCGAN, "name=tiny", "resume=auto", f"hydra.run.dir={tmp_path}/run")
    assert ganart("train", *alone)[0] == 0
    before, then = RunFolder(tmp_path / "run").summary, weights(tmp_path / "run")
    (tmp_path / "run/summary.json").unlink()
    status, text = ganart("train", *alone)
    assert status == 0, text
    after = RunFolder(tmp_path / "run").summary
    assert (after["ended_by"], after["rounds"], after["scores"]) == ("images", before["rounds"], before["scores"])
    assert_same_weights(weights(tmp_path / "run"), then)


def gone(*_, **__):
    raise OSError("the machine is gone")


def test_a_run_that_is_made_longer_is_not_finished_before_it_is(ganart, tmp_path):
    longer = (*JOB, "total_images=320", "resume=auto", f"hydra.run.dir={tmp_path}/run")
    assert ganart("train", *JOB, f"hydra.run.dir={tmp_path}/run")[0] == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pytorch_lightning.Trainer.fit", gone)
        with pytest.raises(OSError, match="gone"):
            ganart("train", *longer)
    assert not RunFolder(tmp_path / "run").has_finished
    assert ganart("train", *longer)[0] == 0
    assert RunFolder(tmp_path / "run").summary["images_seen"] == 320


def test_two_commands_do_not_train_in_one_folder_at_once(ganart, tmp_path):
    (tmp_path / "run").mkdir()
    with FileLock(tmp_path / "run/.lock"):
        status, text = ganart("train", *JOB, "resume=auto", f"hydra.run.dir={tmp_path}/run")
    assert status == 1
    assert "is being trained by another process" in text


def test_a_single_run_writes_down_too_why_it_failed_and_forgets_it_when_it_goes_on(ganart, tmp_path):
    folder = tmp_path / "run"
    status, _ = ganart("train", *JOB, f"hydra.run.dir={folder}", "optimizer.discriminator.lr=1e30")
    assert status == 1
    assert "is not finite" in json.loads((folder / "failure.json").read_text())["reason"]
    again = (*JOB, f"hydra.run.dir={folder}", "optimizer.discriminator.lr=0.001", "resume=auto")
    assert ganart("train", *again)[0] == 0
    assert not (folder / "failure.json").exists()
    status, _ = ganart("train", *again, "total_images=1600", "loss=minimax")
    assert status == 1
    assert not (folder / "failure.json").exists()  # the run itself is as good as it was

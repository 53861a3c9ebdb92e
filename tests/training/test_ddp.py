"""Two processes train what one would: same weights on both ranks, every picture once, scores over all of them."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from laboratory import DCGAN, TINY, compose_tiny
from lightning_fabric.plugins.environments.lightning import find_free_network_port
from torch.testing import assert_close

from ganart.config.build import build
from ganart.datasets import cache
from ganart.machine.hardware import Choice
from ganart.runs.checkpoints import read_checkpoint
from ganart.runs.folder import RunFolder
from ganart.training.assembly import build_gan

pytestmark = pytest.mark.slow  # each starts processes that start processes

SPIES = os.pathsep.join([str(Path(__file__).parents[1]), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
WITNESS = ("+callback.witness._target_=spies.Witness", "allow_targets=[spies]")


def called(
    folder: Path, verb: str, devices: int, *overrides: str, launch: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Call a verb as a user would, with `devices` processes a run."""
    command = list(launch) or [sys.executable, "-m", "ganart", verb]
    command += [*TINY, *DCGAN, "name=tiny", *WITNESS, "trainer=ddp"]
    command += ["trainer.accelerator=cpu", f"trainer.devices={devices}", "trainer.precision=32", *overrides]
    environment = os.environ | {"PYTHONPATH": SPIES, "GANART_CACHE": str(folder.parent / "cache")}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, env=environment, cwd=folder.parent
    )


def train_on(folder: Path, devices: int, *overrides: str) -> RunFolder:
    done = called(folder, "train", devices, f"hydra.run.dir={folder}", *overrides)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return RunFolder(folder)


def witnesses(run: RunFolder, devices: int) -> list[dict]:
    return [torch.load(run.path / f"witness{rank}.pt", weights_only=True) for rank in range(devices)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ddp")
    return {n: train_on(folder / str(n), n, "total_images=320") for n in (1, 2)}


def test_two_processes_write_one_run_folder(runs):
    summary = json.loads((runs[2].path / "summary.json").read_text())
    assert summary["num_devices"] == 2
    assert summary["images_seen"] == 320
    assert summary["rounds"] == 20
    assert (runs[2].checkpoints / "images_000000144.ckpt").exists()
    assert not list(runs[2].path.parent.glob("runs"))


def test_both_ranks_come_to_the_same_weights(runs):
    first, second = witnesses(runs[2], 2)
    own = [name for name in first["weights"] if name.startswith("generator.") and "running_" in name]
    assert not all(torch.equal(first["weights"][name], second["weights"][name]) for name in own)
    for name in first["weights"].keys() - set(own):  # batch statistics of the last round, which DDP has not shared yet
        assert torch.equal(first["weights"][name], second["weights"][name]), name


def test_the_average_of_every_rank_is_that_of_the_checkpoint_with_its_batch_statistics(runs):
    saved = read_checkpoint(runs[2].checkpoint("last"))["state_dict"]
    names = [name for name in saved if name.startswith("generator_ema.")]
    assert any("running_var" in name for name in names)
    for seen in witnesses(runs[2], 2):
        for name in names:
            assert torch.equal(seen["weights"][name], saved[name]), name


@pytest.mark.parametrize("devices", [1, 2])
def test_scores_of_a_run_are_those_of_its_checkpoint(runs, devices, ganart, monkeypatch):
    run = runs[devices]
    monkeypatch.setenv("GANART_CACHE", str(run.path.parent / "cache"))
    options = ["num_images=100", "features.images=2000", "metric=[fid,kid,is]", "device=cpu"]
    status, said = ganart("evaluate", f"run={run.path}", "checkpoint=last", "features=classifier", *options)
    assert status == 0, said
    (evaluated,) = run.path.glob("evaluations/*/summary.json")
    for name, row in json.loads(evaluated.read_text())["scores"].items():
        assert row["value"] == pytest.approx(run.summary["scores"][name]["value"], rel=1e-9), name


def test_the_ranks_share_each_batch_of_the_single_process(runs):
    (single,) = witnesses(runs[1], 1)
    pair = witnesses(runs[2], 2)
    for whole, left, right in zip(single["batches"], *(w["batches"] for w in pair), strict=True):
        assert whole == left + right


def test_scores_are_over_the_same_number_of_pictures(runs):
    protocols = [json.loads((run.path / "summary.json").read_text())["scores"] for run in runs.values()]
    assert protocols[0]["fd_classifier"]["protocol"] == protocols[1]["fd_classifier"]["protocol"]
    assert protocols[0]["fd_classifier"]["floor"] == pytest.approx(protocols[1]["fd_classifier"]["floor"], rel=1e-6)


def test_gradients_are_averaged_over_processes(tmp_path):
    """Plain gradient descent on R1 at real pictures alone: two processes with half a batch each move like one.

    Latents differ between processes; a Wasserstein generator half with a learning rate near 0 and a dominating R1 make
    their part too small to see, while without averaging the ranks would move by different pictures.
    """
    overrides = ["total_images=16", "~callback.scores", "dataset.condition=[]", "loss=wasserstein", "penalty=[r1]"]
    overrides += ["penalty.r1.gamma=1e6", "penalty.r1.every=1", "channels_last=false"]
    overrides += ["optimizer@optimizer.discriminator=sgd", "optimizer.discriminator.lr=1e-5"]
    one, two = (train_on(tmp_path / str(n), n, *overrides) for n in (1, 2))
    name = "discriminator.from_image.weight"
    moved = [read_checkpoint(run.checkpoint("last"))["state_dict"][name] for run in (one, two)]
    assert (moved[0] - start_of(tmp_path, overrides)).abs().max() > 1e-3
    assert_close(moved[0], moved[1], rtol=1e-3, atol=1e-5)


def start_of(tmp_path: Path, overrides: list[str]) -> torch.Tensor:
    """The weights before the first update."""
    cfg = compose_tiny(tmp_path / "start", *overrides)
    torch.manual_seed(cfg.seed)
    gan = build_gan(cfg, cache.load(build(cfg.dataset)), Choice("cpu", "32", False, "a test"))
    return gan.discriminator.from_image.weight.detach()


@pytest.mark.parametrize("launcher", ["basic", "joblib", "submitit_local"])
def test_the_ranks_of_a_job_share_its_folder_and_its_settings(launcher, tmp_path):
    """Even where the job before has failed: its processes and its process group are gone."""
    if launcher != "basic":
        pytest.importorskip(f"hydra_plugins.hydra_{launcher.partition('_')[0]}_launcher")
    many = ["--multirun", f"hydra/launcher={launcher}", f"hydra.sweep.dir={tmp_path}/many", "~callback.scores"]
    done = called(tmp_path / "many", "train", 2, *many, "optimizer.discriminator.lr=1e30,0.001")
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    assert "1 of 2 jobs did not finish" in done.stderr
    folders = {folder.name for folder in (tmp_path / "many").iterdir() if folder.name.startswith("lr")}
    assert folders == {"lr-1e+30", "lr-0.001"}
    run = RunFolder(tmp_path / "many/lr-0.001")
    assert run.summary["num_devices"] == 2
    assert {seen["rates"] for seen in witnesses(run, 2)} == {0.001}
    assert not list(tmp_path.glob("runs"))


def test_the_ranks_of_a_trial_share_its_folder_and_its_settings(tmp_path):
    pytest.importorskip("optuna")
    several = [
        "n_trials=2",
        "optimizer.discriminator.lr=tag(log,interval(1e-5,1e-3))",
        f"hydra.run.dir={tmp_path}/study",
    ]
    done = called(tmp_path / "study", "sweep", 2, *several)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for number in range(2):
        run = RunFolder(tmp_path / f"study/trials/{number:04d}")
        assert run.summary["num_devices"] == 2
        assert {seen["rates"] for seen in witnesses(run, 2)} == {run.config.optimizer.discriminator.lr}
    assert not list(tmp_path.glob("runs"))


def test_processes_that_torchrun_has_started_train_one_run(tmp_path):
    """Lightning finds them and starts none; the folder is named by the launch, which is all that they share."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--rdzv-backend", "c10d"]
    torchrun += ["--rdzv-endpoint", "localhost:0", "--rdzv-id", "tonight", "-m", "ganart", "train"]
    done = called(tmp_path / "run", "train", 2, "~callback.scores", launch=torchrun)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    run = RunFolder(tmp_path / "runs/tiny/tonight")
    assert run.summary["num_devices"] == 2
    assert len(witnesses(run, 2)) == 2
    assert len(list(tmp_path.glob("runs/*/*"))) == 1


def test_what_one_rank_alone_meets_with_ends_all_with_the_reason_written_down(tmp_path):
    poison = ("+callback.poison._target_=spies.Poison", "~callback.scores", f"hydra.run.dir={tmp_path}/run")
    done = called(tmp_path / "run", "train", 2, *poison)
    assert done.returncode == 1, done.stderr[-3000:]
    # It happened in round 3; several processes look when something is to be written, here a row of numbers.
    assert "is not finite at 64 images (round 4)" in done.stderr
    assert len(list(tmp_path.glob("run/diverged_rank*.pt"))) == 2


def test_processes_that_srun_has_started_train_one_run(tmp_path):
    """As Slurm starts them, with what it tells each: simulated, as there is no cluster here."""
    common = {"SLURM_JOB_ID": str(20000 + os.getpid()), "SLURM_STEP_ID": "0", "SLURM_JOB_NAME": "interactive"}
    common |= {"SLURM_NTASKS": "2", "SLURM_STEP_NUM_TASKS": "2", "SLURM_NTASKS_PER_NODE": "2", "SLURM_NNODES": "1"}
    common |= {"SLURM_NODEID": "0", "SLURM_NODELIST": "localhost", "MASTER_PORT": str(find_free_network_port())}
    command = [sys.executable, "-m", "ganart", "train", *TINY, *DCGAN, "name=tiny", *WITNESS, "~callback.scores"]
    command += ["trainer.devices=2", "trainer.accelerator=cpu"]
    environment = os.environ | common | {"PYTHONPATH": SPIES, "GANART_CACHE": f"{tmp_path}/cache"}
    processes = [
        subprocess.Popen(
            command,
            env=environment | {"SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank)},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    (folder,) = tmp_path.glob("runs/*/*")
    assert folder.name == f"slurm-{common['SLURM_JOB_ID']}.0"
    assert RunFolder(folder).summary["num_devices"] == 2
    assert len(witnesses(RunFolder(folder), 2)) == 2
    assert "players   generator" in said[0]
    assert "players   generator" not in said[1]

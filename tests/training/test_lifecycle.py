"""A run begins, ends, stops and goes on; what befalls it on the way costs nothing that was kept."""

import csv
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from laboratory import DCGAN, TINY, compose_tiny, train_tiny
from pytorch_lightning import Callback
from pytorch_lightning.loggers import CSVLogger as LightningCSVLogger

from ganart.callbacks import Checkpoint, Interrupt, Order, Scores, StopAtImages, TrainingNumbers
from ganart.callbacks.doctor import keys_of
from ganart.errors import PlaceError, UserError
from ganart.loggers import CSVLogger, Guarded
from ganart.metrics import Scorer
from ganart.penalties import R1, Penalty
from ganart.runs.checkpoints import read_checkpoint
from ganart.runs.folder import RunFolder
from ganart.training import assembly
from ganart.training.assembly import build_callbacks
from ganart.training.resume import Resume
from ganart.training.run import train

TIMING = ("machine/images_per_second", "machine/memory_gb")
PLAIN = ("~callback.scores",)
LARGER = ("dataset.height=16", "dataset.width=16", "total_images=16")


def rows_of(run: RunFolder) -> list[dict[str, str]]:
    with (run.path / "metrics.csv").open() as stream:
        return [{name: row[name] for name in row if name not in TIMING} for row in csv.DictReader(stream)]


def resume_tiny(run: RunFolder, checkpoint: str = "last.ckpt", *overrides: str) -> int:
    resume = Resume.find(str(run.checkpoints / checkpoint), list(overrides), run)
    return train(resume.config(compose_tiny(run.path)), RunFolder(run.path), list(overrides), resume)


class At(Callback):
    """Does something in the round that begins at `images`."""

    def __init__(self, images, act):
        self.images, self.act = images, act

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if pl_module.images_seen == self.images:
            self.act()


def train_and(folder, act, *overrides, at=64):
    """Train a tiny run in which `act` is called once at `at` images; returns the exit status."""
    cfg = compose_tiny(folder, *overrides)
    return train(cfg, RunFolder(folder), list(overrides), extra_callbacks={"at": At(at, act)})


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


# --------------------------------------------------------------------------------------- its callbacks


@pytest.mark.parametrize("chosen", ["[]", "[scores]", "[scores,numbers]", "[progress,checkpoint,stop,scores,numbers]"])
def test_what_ends_and_saves_a_run_does_not_depend_on_a_list_nor_its_order_on_yaml(tmp_path, chosen):
    cfg = compose_tiny(
        tmp_path, base=["trainer=cpu", "metric=[fid]", f"callback={chosen}", "callback.checkpoint.keep=3"]
    )
    callbacks = build_callbacks(cfg, {})
    for always in (StopAtImages, Interrupt, Checkpoint):
        assert sum(isinstance(callback, always) for callback in callbacks) == 1
    assert next(c for c in callbacks if isinstance(c, Checkpoint)).keep == 3
    orders = [getattr(callback, "order", Order.OTHERS) for callback in callbacks]
    assert orders == sorted(orders)
    kinds = [type(callback) for callback in callbacks]
    if "numbers" in chosen:
        assert kinds.index(TrainingNumbers) < kinds.index(Scores) < kinds.index(Checkpoint)


def test_a_run_without_any_callback_ends_and_is_saved(tmp_path):
    run = train_tiny(tmp_path / "run", "~callback.checkpoint", "~callback.stop", "~callback.interrupt", *PLAIN)
    assert run.summary["ended_by"] == "images"
    assert read_checkpoint(run.checkpoint("last"))["ganart"]["images_seen"] == 160


def test_a_callback_of_ones_own_acts_before_the_checkpoint_that_holds_it(tmp_path):
    own = At(0, print)
    callbacks = build_callbacks(compose_tiny(tmp_path), {"own": own})
    kinds = [type(callback) for callback in callbacks]
    assert kinds.index(Scores) < kinds.index(At) < kinds.index(Checkpoint)


@pytest.mark.parametrize(
    ("overrides", "ended_by", "rounds"),
    [((), "images", 10), (("trainer.max_steps=3",), "steps", 3), (("trainer.max_steps=10",), "images", 10)],
)
def test_what_ended_a_run_is_told_as_it_was(tmp_path, overrides, ended_by, rounds):
    run = train_tiny(tmp_path / "run", *overrides, *PLAIN)
    assert (run.summary["ended_by"], run.summary["rounds"]) == (ended_by, rounds)
    assert run.has_finished


def test_a_callback_of_ones_own_that_stops_is_neither_time_nor_images(tmp_path):
    class Enough(Callback):
        def on_train_batch_end(self, trainer, pl_module, *args):
            trainer.should_stop = pl_module.rounds >= 2

    folder = tmp_path / "run"
    train(compose_tiny(folder, *PLAIN), RunFolder(folder), [], extra_callbacks={"enough": Enough()})
    assert RunFolder(folder).summary["ended_by"] == "callback"


def test_a_run_that_made_its_rounds_is_finished_and_can_be_given_more(tmp_path):
    run = train_tiny(tmp_path / "run", "trainer.max_steps=3", *PLAIN)
    with pytest.raises(UserError, match=r"has seen 3 rounds[\s\S]*trainer.max_steps=6"):
        resume_tiny(run)
    resume_tiny(run, "last.ckpt", "trainer.max_steps=5")
    assert RunFolder(run.path).summary["rounds"] == 5


def test_a_penalty_and_a_term_of_any_name_hide_neither_the_loss_nor_each_other(tmp_path):
    r1 = "{_target_:ganart.penalties.R1,gamma:1}"
    lecam = "{_target_:ganart.terms.LeCam,weight:1}"
    same = (f"+penalty.adversarial={r1}", f"+term.adversarial={lecam}", "~callback.scores", "total_images=32")
    rows = list(csv.DictReader((train_tiny(tmp_path / "run", *same).path / "metrics.csv").open()))
    names = ("players/discriminator_adversarial", "penalties/adversarial", "terms/adversarial", "penalties/r1")
    assert len({rows[0][name] for name in names}) == 4
    assert all(float(rows[0][name]) > 0 for name in names)


def test_only_gradient_penalties_are_read_as_such():
    class Own(Penalty):
        gamma = weight = 3.0

    players = SimpleNamespace(penalties={"r1": R1(gamma=0.5), "own": Own()})
    trainer = SimpleNamespace(optimizers=[SimpleNamespace(defaults={"lr": 0.1})] * 2)
    strengths = {name: value for name, value in keys_of(trainer, players).items() if name.startswith("penalty.")}
    assert strengths == {"penalty.r1.gamma": 0.5}


def test_a_gradient_penalty_through_batch_norm_is_noted(tmp_path, capsys):
    train_tiny(tmp_path / "run", "architecture.discriminator.batch_norm=true", *LARGER, *PLAIN)
    assert "r1, r2 through batch normalization" in capsys.readouterr().out


# -------------------------------------------------------------------------------------------- stopping


@pytest.mark.slow
def test_a_stop_adds_nothing_and_the_resumed_run_has_every_number_of_the_unbroken_one(tmp_path):
    every = ("callback.numbers.every_images=48", "callback.scores.every_images=80", "penalty.r1.every=2")
    straight = train_tiny(tmp_path / "straight", *every)
    folder = tmp_path / "stopped"
    assert train_and(folder, ctrl_c, *every, at=64) == 128 + signal.SIGINT
    run = RunFolder(folder)
    assert [row["images_seen"] for row in rows_of(run)] == ["48"]  # no row at 80, and no trend
    assert not (run.samples / "walk.gif").exists()
    assert resume_tiny(run) == 0
    assert rows_of(run) == rows_of(straight)
    for checkpoint in sorted(file.name for file in straight.checkpoints.glob("images_*.ckpt")):
        expected = rows_of(straight)
        resume_tiny(straight, checkpoint)
        assert rows_of(straight) == expected, checkpoint


def test_hanging_up_saves_as_a_signal_does(tmp_path):
    before = signal.getsignal(signal.SIGHUP)
    assert train_and(tmp_path / "run", lambda: os.kill(os.getpid(), signal.SIGHUP), *PLAIN) == 128 + signal.SIGHUP
    assert signal.getsignal(signal.SIGHUP) is before
    assert RunFolder(tmp_path / "run").summary["ended_by"] == "signal"
    assert read_checkpoint(tmp_path / "run/checkpoints/last.ckpt")["ganart"]["images_seen"] == 80


def test_nohup_is_respected(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert train_and(tmp_path / "run", lambda: os.kill(os.getpid(), signal.SIGHUP), *PLAIN) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert RunFolder(tmp_path / "run").summary["ended_by"] == "images"


def test_a_run_killed_while_it_was_scored_keeps_all_numbers_of_its_last_row(tmp_path, monkeypatch):
    plain = train_tiny(tmp_path / "plain", "callback.numbers.every_images=48")
    with monkeypatch.context() as patch:
        patch.setattr(Scorer, "evaluate", kill)
        with pytest.raises(KeyboardInterrupt):
            train_tiny(tmp_path / "killed", "callback.numbers.every_images=48")
    killed = RunFolder(tmp_path / "killed")
    resume_tiny(killed)
    assert rows_of(killed) == rows_of(plain)
    charts = [
        [(chart["images_seen"], sorted(chart["values"])) for chart in doctor_of(run)["examiner"]["charts"]]
        for run in (plain, killed)
    ]
    assert charts[0] == charts[1]


def doctor_of(run):
    return next(
        state for name, state in read_checkpoint(run.checkpoint("last"))["callbacks"].items() if "Doctor" in name
    )


def test_a_numbered_checkpoint_is_there_before_the_last_one_of_its_round(tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    replace, done = os.replace, []

    def replace_until(source, target):
        if Path(target).name == "last.ckpt" and len(done) >= 4:
            raise Killed
        if str(target).endswith(".ckpt"):
            done.append(Path(target).name)
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_until)
    with pytest.raises(Killed):
        train_tiny(tmp_path / "run", "callback.scores.every_images=48", "callback.checkpoint.every_images=48")
    assert done[:3] == ["best.ckpt", "images_000000048.ckpt", "last.ckpt"]
    kept = RunFolder(tmp_path / "run").kept_checkpoints()
    assert "images_000000096.ckpt" in kept
    assert read_checkpoint(tmp_path / "run/checkpoints/last.ckpt")["ganart"]["images_seen"] == 48


def test_a_run_killed_before_its_first_checkpoint_is_begun_anew_by_the_same_command(tmp_path, capsys):
    folder, never = tmp_path / "run", ("callback.checkpoint.every_images=0", *PLAIN)

    with pytest.raises(KeyboardInterrupt):
        train_and(folder, kill, *never)
    (folder / "checkpoints" / ".last.unfinished-1.ckpt").write_bytes(b"half")
    with pytest.raises(UserError, match=r"before its first checkpoint[\s\S]*ganart train .*hydra.run.dir="):
        Resume.find(str(folder), [], RunFolder(folder))
    run = train_tiny(folder, *never)
    assert "begun anew" in capsys.readouterr().out
    assert run.summary["ended_by"] == "images"
    assert [file.name for file in run.checkpoints.iterdir()] == ["last.ckpt"]
    with pytest.raises(UserError, match="holds a run already"):
        train_tiny(folder, *never)


@pytest.mark.slow
def test_a_torn_last_row_does_not_stop_a_resume(tmp_path):
    run = train_tiny(tmp_path / "run", *PLAIN)
    expected = rows_of(run)
    whole = (run.path / "metrics.csv").read_bytes()
    for torn in (b"24", b",", b"176,0.5", b"\xff\xfe", whole.splitlines(keepends=True)[-1]):
        (run.path / "metrics.csv").write_bytes(whole + torn)
        resume_tiny(run, "images_000000144.ckpt")
        assert rows_of(run) == expected, torn


# --------------------------------------------------------------------------------------------- loggers


def kill(*_, **__):
    raise KeyboardInterrupt


class Failing(LightningCSVLogger):
    """A logger of another package, in which everything that a training calls raises; it has no close()."""

    def __init__(self, folder):
        super().__init__(folder)
        self.asked = 0

    def _fail(self, *args, **kwargs):
        self.asked += 1
        raise RuntimeError("the service is away")

    log_metrics = log_hyperparams = save = finalize = log_graph = _fail


def test_a_logger_that_raises_never_costs_the_training(tmp_path, monkeypatch, capsys):
    failing, build = Failing(tmp_path), assembly.build

    def build_with_it(node, **extra):
        return {**build(node, **extra), "own": failing} if "csv" in node else build(node, **extra)

    monkeypatch.setattr(assembly, "build", build_with_it)
    run = train_tiny(tmp_path / "run", *PLAIN)
    assert run.has_finished
    assert failing.asked > 3
    assert capsys.readouterr().out.count("the service is away") == 1
    assert len(rows_of(run)) == 5


def test_importing_ganart_does_not_import_wandb():
    code = "import sys, ganart.training.run; sys.exit('wandb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ----------------------------------------------------------------------------------------------- disks


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES])
def test_a_disk_that_refuses_a_checkpoint_is_told_in_a_sentence_and_costs_nothing_kept(tmp_path, monkeypatch, number):
    folder, fsync, calls = tmp_path / "run", os.fsync, []

    def refuse(file):
        calls.append(file)
        if len(calls) > 1:
            raise OSError(number, os.strerror(number))
        fsync(file)

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(PlaceError, match="cannot be written") as told:
        train_tiny(folder, *PLAIN)
    message = str(told.value)
    assert str(folder) in message
    assert "hydra.run.dir=" in message
    assert "The last checkpoint stands. Go on with: ganart train resume=" in message
    assert [file.name for file in (folder / "checkpoints").glob(".*")] == []
    assert read_checkpoint(folder / "checkpoints/last.ckpt")["ganart"]["images_seen"] == 48
    assert json.loads((folder / "failure.json").read_text())["kind"] == "PlaceError"


def test_a_run_folder_that_is_removed_while_it_trains_is_told_in_a_sentence(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(PlaceError, match="it has been removed"):
        train_and(folder, lambda: shutil.rmtree(folder), *PLAIN)
    assert not folder.exists()


def test_metrics_that_could_not_be_written_are_written_with_the_next(tmp_path, monkeypatch, capsys):
    logger = Guarded("csv", CSVLogger(folder=tmp_path))
    logger.log_metrics({"a": 1.0}, step=10)
    with monkeypatch.context() as patch:
        patch.setattr(csv.DictWriter, "writerow", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        logger.log_metrics({"a": 2.0}, step=20)
    assert "the disk is full" in capsys.readouterr().out
    logger.log_metrics({"a": 3.0}, step=30)
    assert (tmp_path / "metrics.csv").read_text().split() == ["images_seen,a", "10,1.0", "20,2.0", "30,3.0"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root mounts a small disk")
def test_a_full_disk_in_earnest(tmp_path, ganart):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a disk")
    try:
        status, text = ganart("train", *TINY, *DCGAN, *PLAIN, f"hydra.run.dir={disk}/run")
        assert status == 1
        assert "the disk is full" in text
        assert "Traceback" not in text
        assert not list((disk / "run").rglob("*unfinished*"))
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path, ganart):
    (tmp_path / "file").write_text("not a folder")
    status, text = ganart("train", f"hydra.run.dir={tmp_path}/file/run")
    assert status == 1
    assert "Traceback" not in text
    assert "cannot be written" in text


@pytest.mark.parametrize(
    "refused",
    [
        "train seed=-1",
        "train dataset=image_folder dataset.root=nowhere",
        "evaluate run=nowhere",
        "report nowhere",
        "dataset dataset=image_folder dataset.root=nowhere",
    ],
)
def test_a_refused_command_leaves_no_folder_behind_and_that_where_it_was_called(tmp_path, ganart, refused):
    status, text = ganart(*refused.split())
    assert status == 1, text
    assert tmp_path.is_dir()
    assert {file.name for file in tmp_path.iterdir()} <= {"cache"}


def test_weights_that_are_not_finite_generate_nothing(tmp_path):
    run = train_tiny(tmp_path / "run", "total_images=16", *PLAIN)
    file = run.checkpoint("last")
    checkpoint = torch.load(file, weights_only=True)
    next(v for k, v in checkpoint["state_dict"].items() if k.startswith("generator_ema."))[:] = float("nan")
    torch.save(checkpoint, file)
    with pytest.raises(UserError, match="not finite"):
        run.generator(file)
    assert run.generator(file, average=False)

"""What a callback may say and do without training knowing it: prepare, findings, report, exit_status."""

import json
import time

import numpy as np
import pytest
from laboratory import MLP, compose_tiny, train_tiny
from pytorch_lightning import Callback

from ganart.callbacks import Interrupt, Order
from ganart.callbacks.protocol import exit_status_of, findings_of
from ganart.errors import UserError
from ganart.runs.folder import RunFolder
from ganart.training.run import train

OF_EVERY_RUN = [
    "ended_by",
    "images_seen",
    "rounds",
    "seconds_preparing",
    "seconds_training",
    "seconds_scoring",
    "device",
    "num_devices",
    "precision",
    "commit",
    "dataset_hash",
    "manifest_hash",
    "licence",
    "doctor",
]


class Witness(Callback):
    """Implements all that a callback may; writes down the order in which it is called."""

    order = Order.FAREWELL
    preparing = 0.3

    def __init__(self):
        self.calls = []

    def prepare(self, pictures, device):
        time.sleep(self.preparing)
        self.calls.append("prepare")
        self.brightness, self.device = float(np.mean(pictures.train.pictures(np.arange(10)))), str(device)

    def on_train_start(self, trainer, pl_module):
        self.calls.append("train")

    def findings(self):
        self.calls.append("findings")
        return {"brightness": self.brightness, "device_of_witness": self.device, "not_a_number": float("nan")}

    def report(self):
        self.calls.append("report")


def train_with(folder, *overrides, **callbacks):
    """Train a tiny run with callbacks of one's own; returns its exit status and its folder."""
    cfg = compose_tiny(folder, *overrides, "~callback.scores", players=MLP)
    return train(cfg, RunFolder(folder), list(overrides), extra_callbacks=callbacks), RunFolder(folder)


def test_a_callback_of_ones_own_prepares_before_the_clock_and_speaks_in_the_summary(tmp_path):
    witness = Witness()
    status, run = train_with(tmp_path / "run", witness=witness)
    assert status == 0
    assert witness.calls == ["prepare", "train", "findings", "report"]
    summary = run.summary
    assert (summary["brightness"], summary["device_of_witness"]) == (witness.brightness, "cpu")
    assert summary["not_a_number"] is None
    assert summary["seconds_preparing"] >= witness.preparing


def test_the_summary_has_its_keys_in_their_order(tmp_path):
    _, run = train_with(tmp_path / "unscored")
    assert list(run.summary) == [*OF_EVERY_RUN, "scores", "versions"]
    assert run.summary["scores"] == {}


def test_the_summary_of_a_scored_run_has_what_the_scores_say_after_what_every_run_says(tmp_path):
    scored = train_tiny(tmp_path / "scored", "total_images=48", players=MLP)
    of_scores = ["scored_at_images", "scores", "per_label", "caveats", "best"]
    assert list(scored.summary) == [*OF_EVERY_RUN, *of_scores, "versions"]
    assert scored.summary["seconds_scoring"] > 0


def test_a_finding_that_fails_is_told_and_loses_no_training(tmp_path, capsys):
    class Broken(Callback):
        def findings(self):
            raise RuntimeError("no such thing")

    class Unreadable(Callback):
        def findings(self):
            return {"works": object()}

    status, run = train_with(tmp_path / "run", broken=Broken(), unreadable=Unreadable())
    assert (status, run.summary["ended_by"]) == (0, "images")
    assert "works" not in run.summary
    told = " ".join(capsys.readouterr().out.split())
    assert "lacks the findings of Broken: RuntimeError('no such thing')" in told
    assert "lacks the findings of Unreadable: TypeError" in told


def test_what_a_callback_cannot_do_is_refused_before_a_round_is_trained(tmp_path):
    class Demanding(Witness):
        def prepare(self, pictures, device):
            raise UserError("needs pictures of 4096 pixels")

    demanding = Demanding()
    with pytest.raises(UserError, match="needs pictures of 4096"):
        train_with(tmp_path / "run", demanding=demanding)
    assert demanding.calls == []
    assert "needs pictures" in json.loads((tmp_path / "run/failure.json").read_text())["reason"]


def test_a_callback_that_stops_a_run_gives_the_exit_status_and_says_how_to_go_on(tmp_path, capsys):
    class Curfew(Witness):
        exit_status = 75
        preparing = 0

        def on_train_batch_end(self, trainer, pl_module, *args):
            trainer.should_stop = True

    curfew = Curfew()
    status, run = train_with(tmp_path / "run", curfew=curfew)
    assert status == 75
    assert run.summary["images_seen"] == 16
    assert "report" not in curfew.calls
    assert "Stopped at 16 images, saved. Go on with: ganart train resume=" in " ".join(capsys.readouterr().out.split())


def test_of_two_findings_of_one_key_the_later_stands():
    class Says:
        def __init__(self, **found):
            self.found = found

        def findings(self):
            return self.found

    assert findings_of([Says(a=1, b=2), object(), Says(a=3)]) == {"a": 3, "b": 2}


def test_an_interrupt_speaks_for_signals_alone_by_its_exit_status():
    pruned, signalled, silent = Interrupt(), Interrupt(), Interrupt()
    pruned.stop("pruned")
    signalled.stop("signal")
    signalled.received = 2
    assert [one.findings() for one in (pruned, signalled, silent)] == [
        {"ended_by": "pruned"},
        {"ended_by": "signal"},
        {},
    ]
    assert [exit_status_of([one, object()]) for one in (pruned, signalled, silent)] == [0, 130, 0]

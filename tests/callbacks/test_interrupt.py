"""Ctrl-C: the round is finished and saved; a second one ends at once."""

import os
import signal

import pytest
from laboratory import train_tiny, train_with
from pytorch_lightning import Callback

from ganart.callbacks import Interrupt
from ganart.runs.checkpoints import read_checkpoint


def test_ctrl_c_finishes_the_round_saves_and_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    class CtrlC(Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            if batch_idx == 3:
                os.kill(os.getpid(), signal.SIGINT)

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    train_with(tmp_path / "run", CtrlC(), "~callback.scores", monkeypatch=monkeypatch)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert read_checkpoint(tmp_path / "run/checkpoints/last.ckpt")["ganart"]["images_seen"] == 64
    assert "ganart train resume=" in capsys.readouterr().out


def test_a_second_ctrl_c_ends_it_at_once():
    interrupt = Interrupt()
    interrupt._receive(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        interrupt._receive(signal.SIGINT, None)


def test_ctrl_c_while_scores_are_taken_leaves_them_off(tmp_path, monkeypatch):
    from ganart.metrics import Scorer

    plain, asked = Scorer.look, []

    def look_and_interrupt(self, paint, count, *, advance, **ranks):
        def tell(done):
            asked.append(done)
            os.kill(os.getpid(), signal.SIGINT)
            advance(done)

        return plain(self, paint, count, advance=tell, **ranks)

    monkeypatch.setattr(Scorer, "look", look_and_interrupt)
    run = train_tiny(tmp_path / "run", "callback.scores.every_images=48", "callback.scores.num_images=300")
    assert run.summary["ended_by"] == "signal"
    assert len(asked) == 1
    assert read_checkpoint(tmp_path / "run/checkpoints/last.ckpt")["ganart"]["images_seen"] == 48

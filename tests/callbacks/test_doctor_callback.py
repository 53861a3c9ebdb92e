"""The doctor beside real trainings: what it says, where it says it, and that it goes on where it stood."""

import json
import logging

import pytest
from laboratory import MLP, compose_tiny, train_tiny
from omegaconf import OmegaConf

from ganart.callbacks import Doctor
from ganart.callbacks.doctor import loss_of_ignorance
from ganart.config.build import build
from ganart.doctor import History, Snapshot, every_disease
from ganart.errors import UserError
from ganart.losses import Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein
from ganart.runs.checkpoints import read_checkpoint
from ganart.runs.folder import RunFolder
from ganart.training.checks import check
from ganart.training.resume import Resume
from ganart.training.run import train

WITH_DOCTOR = "callback=[numbers,doctor,samples,scores]"
FROZEN = ("optimizer.discriminator.lr=1e-7", "optimizer.generator.lr=0.01")  # a discriminator that does not learn
LONGER = ("total_images=800", "callback.checkpoint.every_images=160")


def train_with_doctor(folder, *overrides):
    return train_tiny(folder, WITH_DOCTOR, *LONGER, *overrides, players=MLP)


def state_of(run, name="last") -> dict:
    callbacks = read_checkpoint(run.checkpoints / f"{name}.ckpt")["callbacks"]
    return next(state for key, state in callbacks.items() if "Doctor" in key)


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANART_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield train_with_doctor(tmp_path_factory.mktemp("broken") / "run", *FROZEN, "callback.scores.every_images=160")


def test_a_discriminator_that_does_not_learn_is_said_to_give_up(broken):
    notes = state_of(broken)["notes"]
    assert notes[0]["disease"] == "discriminator gives up"
    assert "optimizer.discriminator.lr=0.01" in notes[0]["try"]
    assert [note["disease"] for note in notes].count("discriminator gives up") == 1


def test_loggers_get_a_one_where_it_breaks_out(broken):
    note = state_of(broken)["notes"][0]
    with (broken.path / "metrics.csv").open(encoding="utf-8") as file:
        header, *rows = [line.rstrip("\n").split(",") for line in file]
    column = header.index("doctor/discriminator_gives_up")
    assert [(int(row[0]), float(row[column])) for row in rows if row[column]] == [(note["images_seen"], 1.0)]


def test_what_is_kept_in_a_checkpoint_is_plain(broken):
    assert json.loads(json.dumps(state_of(broken))) == state_of(broken)


def test_it_speaks_on_the_terminal_and_in_the_log(tmp_path, capsys, caplog):
    with caplog.at_level(logging.INFO, logger="ganart"):
        train_with_doctor(tmp_path / "run", *FROZEN)
    said = capsys.readouterr().out
    assert "doctor    discriminator gives up, at " in said
    assert "          try optimizer.discriminator.lr=0.01\n" in said
    assert [record.message for record in caplog.records if "discriminator gives up" in record.message]


def test_a_short_healthy_training_is_left_alone(tmp_path, capsys):
    run = train_with_doctor(tmp_path / "run", "callback.scores.every_images=160")
    state = state_of(run)
    assert state["notes"] == []
    assert "doctor" not in capsys.readouterr().out
    snapshots = state["examiner"]["charts"]
    assert any("told_apart" in snapshot["values"] for snapshot in snapshots)
    assert any("vendi" in snapshot["values"] for snapshot in snapshots)


def test_a_resumed_run_says_what_the_uninterrupted_one_says(tmp_path):
    straight = train_with_doctor(tmp_path / "run", *FROZEN, "callback.scores.every_images=160")
    expected = state_of(straight)
    assert len(expected["notes"]) > 0
    for name in ("images_000000160", "images_000000320"):
        resume = Resume.find(str(straight.checkpoints / f"{name}.ckpt"), [], straight)
        cfg = resume.config(compose_tiny(straight.path, players=MLP))
        train(cfg, RunFolder(straight.path), [], resume)
        assert without_speed(state_of(straight)) == without_speed(expected), name


def without_speed(state: dict) -> dict:
    for snapshot in state["examiner"]["charts"]:
        for of_the_machine in ("machine/images_per_second", "machine/memory_gb"):
            snapshot["values"].pop(of_the_machine, None)
    return state


def test_an_unknown_disease_to_ignore_is_answered_with_those_there_are():
    with pytest.raises(UserError, match=r"measles.*There are: .*memorising"):
        Doctor(ignore=["measles"])


def test_what_is_ignored_is_not_looked_for():
    keys = [case.disease.key for case in Doctor(ignore=["style_dropped"]).examiner.cases]
    assert "style_dropped" not in keys
    assert len(keys) == len(every_disease()) - 1


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (NonSaturating(), 1.3863),  # 2 ln 2
        (Minimax(), 1.3863),
        (Relativistic(), 0.6931),
        (Hinge(), 2.0),
        (LeastSquares(), 0.25),  # ½ ¼ + ½ ¼ at the logit ½
        (Wasserstein(), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_loss_of_ignorance_is_that_of_the_best_constant_logit(loss, expected):
    assert loss_of_ignorance(loss) == (expected if expected is None else pytest.approx(expected, abs=1e-4))


@pytest.mark.parametrize("disease", every_disease(), ids=lambda disease: disease.key)
@pytest.mark.parametrize("recipe", [(), ("loss=wasserstein", "penalty=[wgan_gp]")], ids=["default", "wasserstein"])
def test_everything_advised_can_be_typed(tmp_path, disease, recipe):
    cfg = compose_tiny(tmp_path, *recipe)
    names = ["optimizer.discriminator.lr", "optimizer.generator.lr"]
    names += [
        f"penalty.{name}.{key}" for name, node in cfg.penalty.items() for key in ("gamma", "weight") if key in node
    ]
    history = History({name: float(OmegaConf.select(cfg, name)) for name in names})
    history.add(Snapshot(1000, {"slope": 20.0, "gap": 8.0, "penalties": 2e-7, "copies": 0.0}))
    remedies = disease.remedies(history)
    assert remedies
    for remedy in remedies:
        turned = remedy.split()
        groups = {override.split("=")[0] for override in turned}
        kept = [override for override in recipe if override.split("=")[0] not in groups]
        check(compose_tiny(tmp_path, *kept, *turned))


def test_the_configuration_builds_it(tmp_path):
    cfg = compose_tiny(tmp_path, WITH_DOCTOR)
    assert isinstance(build(cfg.callback, allow=[])["doctor"], Doctor)

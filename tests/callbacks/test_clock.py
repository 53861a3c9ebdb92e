"""When callbacks act: by images seen, at the start and the end, and not where a run was told to stop."""

import os
import signal
from types import SimpleNamespace

import pytest

from ganart.callbacks import Interrupt, StopAtImages, StopAtRounds, TimeBudget, TrainingNumbers
from ganart.callbacks.clock import EveryImages
from ganart.errors import TrainingDivergedError


class Notes(EveryImages):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.acted = []

    def act(self, trainer, gan):
        self.acted.append(gan.images_seen)


class AtStart(Notes):
    at_start = True


class Meters:
    def __init__(self):
        self.values = []

    def mean(self):
        return {"loss": sum(self.values) / len(self.values)}

    def read(self):
        mean = self.mean()
        self.values.clear()
        return mean


def gan_at(images_seen=0, rounds=0):
    return SimpleNamespace(
        images_seen=images_seen,
        rounds=rounds,
        is_checked=True,
        meters=Meters(),
        device=SimpleNamespace(type="cpu"),
        refuse_what_is_not_finite=lambda: None,
    )


class Logger:
    def __init__(self):
        self.rows = {}

    def log_metrics(self, values, step):
        self.rows[step] = values


def trainer_of(*callbacks):
    strategy = SimpleNamespace(reduce_boolean_decision=lambda said, all: said, broadcast=lambda said: said)
    optimizers = [SimpleNamespace(param_groups=[{"lr": rate}]) for rate in (0.1, 0.2)]
    return SimpleNamespace(
        callbacks=list(callbacks),
        should_stop=False,
        strategy=strategy,
        optimizers=optimizers,
        loggers=[Logger()],
        world_size=1,
    )


def played(callback, *, to, batch, start=0, others=()):
    """Play from `start` to `to` images; returns the trainer."""
    gan, trainer = gan_at(start, start // batch), trainer_of(callback, *others)
    callback.on_train_start(trainer, gan)
    while gan.images_seen < to and not trainer.should_stop:
        if hasattr(gan.meters, "values"):
            gan.meters.values.append(float(gan.images_seen))
        callback.on_train_batch_start(trainer, gan, None, 0)
        gan.images_seen += batch
        gan.rounds += 1
        callback.on_train_batch_end(trainer, gan)
    callback.on_train_end(trainer, gan)
    return trainer


@pytest.mark.parametrize(
    ("every", "batch", "start", "acted"),
    [
        (48, 16, 0, [48, 96, 128]),
        (50, 16, 0, [64, 112, 128]),  # multiples are passed and not met
        (48, 16, 64, [96, 128]),  # a resumed run acts where the unbroken one would
        (16, 48, 0, [48, 96, 144]),
        (64, 16, 0, [64, 128]),  # the end is a multiple: once
        (0, 16, 0, [128]),
    ],
)
def test_it_acts_where_a_multiple_is_passed_and_at_the_end(every, batch, start, acted):
    notes = Notes(every_images=every)
    played(notes, to=128, batch=batch, start=start)
    assert notes.acted == acted


def test_at_the_start_only_a_run_that_begins_is_acted_on():
    for start, acted in ((0, [0, 64]), (32, [64])):
        notes = AtStart(every_images=0)
        played(notes, to=64, batch=16, start=start)
        assert notes.acted == acted


def test_a_run_that_was_told_to_stop_has_not_come_to_its_end():
    interrupt, notes = Interrupt(), Notes(every_images=48)
    interrupt.stop("a study")
    played(notes, to=64, batch=16, others=[interrupt])
    assert notes.acted == [48]


def test_nothing_is_made_of_a_training_that_has_diverged():
    gan, notes = gan_at(16), Notes(every_images=16)

    def refuse():
        raise TrainingDivergedError("it has")

    gan.refuse_what_is_not_finite = refuse
    with pytest.raises(TrainingDivergedError):
        notes.on_train_batch_end(trainer_of(notes), gan)
    assert notes.acted == []


# ------------------------------------------------------------------------------------------ ends


@pytest.mark.parametrize(
    ("callback", "rounds"), [(StopAtImages(total_images=64), 4), (StopAtImages(total_images=65), 5)]
)
def test_images_end_a_run_in_the_round_that_reaches_them(callback, rounds):
    gan, trainer = gan_at(), trainer_of(callback)
    played(callback, to=1000, batch=16)
    assert callback.has_ended
    callback.has_ended = False
    callback.on_train_batch_end(trainer, gan_at(16 * (rounds - 1)))
    assert not (callback.has_ended)
    assert not (trainer.should_stop)
    callback.on_train_batch_end(trainer, gan_at(16 * rounds))
    assert callback.has_ended
    assert trainer.should_stop
    assert gan.images_seen == 0


def test_rounds_end_a_run_that_may_have_made_them_already():
    callback = StopAtRounds(max_steps=3)
    for rounds, ends in ((2, False), (3, True), (4, True)):
        trainer = trainer_of(callback)
        callback.has_ended = False
        callback.on_train_start(trainer, gan_at(rounds=rounds))
        assert (callback.has_ended, trainer.should_stop) == (ends, ends)


def test_time_ends_a_run_when_none_is_left(monkeypatch):
    callback = TimeBudget(max_time="00:00:01:00")
    for remaining, ends in ((30.0, False), (None, False), (0.0, True), (-1.0, True)):
        monkeypatch.setattr(callback, "time_remaining", lambda *_, left=remaining: left)
        monkeypatch.setattr("pytorch_lightning.callbacks.Timer.on_train_batch_end", lambda *_, **__: None)
        callback.on_train_batch_end(trainer_of(callback))
        assert callback.has_ended is ends


# ------------------------------------------------------------------------------------------ a signal


@pytest.fixture
def interrupt():
    """One that listens; handlers are as before afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    callback = Interrupt()
    callback.on_train_start(None, None)
    yield callback
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_ends_the_run_after_its_round_and_a_second_ctrl_c_at_once(interrupt):
    trainer = trainer_of(interrupt)
    interrupt.on_train_batch_end(trainer, gan_at())
    assert not trainer.should_stop
    os.kill(os.getpid(), signal.SIGTERM)
    assert interrupt.received == signal.SIGTERM
    interrupt.on_train_batch_end(trainer, gan_at())
    assert trainer.should_stop
    assert interrupt.reason == "signal"
    os.kill(os.getpid(), signal.SIGTERM)  # schedulers insist; that is no person
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_several_processes_hear_it_together_in_a_round_that_is_checked():
    interrupt = Interrupt()
    interrupt.stop("a study")
    for world_size, is_checked, stops in ((1, False, True), (2, False, False), (2, True, True)):
        trainer, gan = trainer_of(interrupt), gan_at()
        trainer.world_size, gan.is_checked = world_size, is_checked
        interrupt.on_train_batch_end(trainer, gan)
        assert trainer.should_stop is stops


@pytest.mark.parametrize("end", ["on_train_end", "on_exception"])
def test_signals_are_handled_as_before_when_it_is_over(end):
    before = signal.getsignal(signal.SIGINT)
    callback = Interrupt()
    callback.on_train_start(None, None)
    assert signal.getsignal(signal.SIGINT) == callback._receive
    getattr(callback, end)(*[None] * (2 if end == "on_train_end" else 3))
    assert signal.getsignal(signal.SIGINT) == before


# ------------------------------------------------------------------------------------------ numbers


def test_a_row_is_of_the_rounds_since_the_last_and_the_end_leaves_the_meters_alone(monkeypatch):
    ticks = iter(range(100))
    monkeypatch.setattr("ganart.callbacks.numbers.time.monotonic", lambda: 2.0 * next(ticks))
    metrics = TrainingNumbers(every_images=32)
    gan, trainer = gan_at(), trainer_of(metrics)
    metrics.on_train_start(trainer, gan)
    for _ in range(5):
        gan.meters.values.append(float(gan.images_seen))
        metrics.on_train_batch_start(trainer, gan)
        gan.images_seen += 16
        metrics.on_train_batch_end(trainer, gan)
    metrics.on_train_end(trainer, gan)
    rows = trainer.loggers[0].rows
    assert {step: row["loss"] for step, row in rows.items()} == {32: 8.0, 64: 40.0, 80: 64.0}
    assert gan.meters.values == [64.0]  # a run that is made longer goes on from them
    assert {row["machine/images_per_second"] for row in rows.values()} == {8.0}  # 16 in two seconds, whatever the round
    assert rows[32]["players/learning_rate_discriminator"] == 0.1
    assert rows[32]["players/learning_rate_generator"] == 0.2
    assert metrics.state_dict() == {"busy": 2.0, "images": 16}

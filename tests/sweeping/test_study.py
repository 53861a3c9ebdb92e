"""A study that several processes open: nothing lost, nothing run twice, nothing compared that cannot be."""

import multiprocessing
import os
import signal
import sqlite3
import time

import optuna
import pytest
from hydra.errors import ConfigCompositionException
from omegaconf import OmegaConf
from optuna.samplers import GridSampler, RandomSampler, TPESampler
from optuna.trial import TrialState

from ganart.errors import UserError
from ganart.sweeping.objective import Objective
from ganart.sweeping.sampler import SeededByTrial
from ganart.sweeping.space import SearchSpace
from ganart.sweeping.study import DIED, FOLDER, OWNER, REASON, SUCCEEDS, Study

FID, RECALL = Objective("fid", lower_is_better=True), Objective("recall", lower_is_better=False)


def opened(folder, *, objectives=(FID,), url=None, seed=0):
    return Study.open(folder, url, objectives, SeededByTrial(lambda seed: RandomSampler(seed=seed), seed))


def draw(trial):
    return [f"lr={trial.suggest_float('lr', 0.0, 1.0)}"]


def hold_a_trial(folder, started):
    """What a process does that is killed in the middle of a trial."""
    claim = opened(folder).claim(10, draw)  # held by its lock until the process ends
    started.set()
    assert claim is not None
    time.sleep(60)


@pytest.fixture
def killed(tmp_path):
    """A study with one trial whose process was killed."""
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    process = context.Process(target=hold_a_trial, args=(tmp_path, started))
    process.start()
    assert started.wait(60)
    assert opened(tmp_path).claim(1, draw) is None  # it is being run, and is all that is wanted
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    return tmp_path


def test_what_a_killed_process_left_is_taken_up_once_with_its_values_and_folder(killed):
    before = opened(killed).trials()[0]
    claims = [opened(killed).claim(1, draw), opened(killed).claim(1, draw)]
    assert claims[1] is None
    trial = claims[0].trial
    assert trial.number == 1
    assert trial.params["lr"] == before.params["lr"]
    assert claims[0].folder == before.user_attrs[FOLDER] == "trials/0000"
    assert trial.user_attrs[SUCCEEDS] == 0
    opened(killed).optuna.tell(trial, 0.5)
    everything = opened(killed).optuna.get_trials()
    assert [t.state for t in everything] == [TrialState.FAIL, TrialState.COMPLETE]
    assert everything[0].user_attrs[REASON] == DIED
    assert [t.number for t in opened(killed).trials()] == [1]  # counted once


def test_a_trial_that_is_running_is_left_alone(tmp_path):
    first = opened(tmp_path).claim(5, draw)
    second = opened(tmp_path).claim(5, draw)
    assert (first.trial.number, second.trial.number) == (0, 1)
    assert all(trial.state == TrialState.RUNNING for trial in opened(tmp_path).trials())
    assert (first.folder, second.folder) == ("trials/0000", "trials/0001")


def test_no_more_trials_than_asked_for(tmp_path):
    claims = [opened(tmp_path).claim(2, draw) for _ in range(3)]
    assert [claim is not None for claim in claims] == [True, True, False]


def test_a_process_on_another_machine_is_dead_when_it_is_silent(tmp_path):
    study = opened(tmp_path)
    trial = study.claim(1, draw).trial
    trial.set_user_attr(OWNER, "another machine")
    assert opened(tmp_path).claim(1, draw) is None
    trial.set_user_attr("alive", time.time() - 3600)
    assert opened(tmp_path).claim(1, draw).trial.user_attrs[SUCCEEDS] == trial.number


@pytest.mark.parametrize("url", [None, "sqlite"])
def test_a_study_is_found_again_wherever_it_is_kept(tmp_path, url):
    url = f"sqlite:///{tmp_path}/study.db" if url else None
    claim = opened(tmp_path, url=url).claim(3, draw)
    opened(tmp_path, url=url).optuna.tell(claim.trial, 2.0)
    assert [trial.values for trial in opened(tmp_path, url=url).trials()] == [[2.0]]


@pytest.mark.parametrize("url", [None, "sqlite"])
def test_a_study_that_is_moved_under_another_name_is_still_itself(tmp_path, url):
    url = f"sqlite:///{tmp_path}/studies.db" if url else None
    study = opened(tmp_path / "sweep", url=url)
    study.optuna.tell(study.claim(1, draw).trial, 1.0)
    (tmp_path / "sweep").rename(tmp_path / "renamed")
    moved = opened(tmp_path / "renamed", url=url)
    assert [trial.values for trial in moved.trials()] == [[1.0]]
    assert moved.claim(1, draw) is None


def test_a_trial_that_three_processes_have_died_of_is_not_tried_again(tmp_path):
    numbers = []
    for _ in range(3):
        claim = opened(tmp_path).claim(1, draw)
        numbers.append(claim.trial.number)
        claim.lock.release()  # what the end of a process does
    assert numbers == [0, 1, 2]
    assert opened(tmp_path).claim(1, draw) is None
    (last,) = opened(tmp_path).trials()
    assert (last.state, last.user_attrs[REASON]) == (TrialState.FAIL, f"{DIED}, 3 times")


def test_a_process_that_died_before_it_had_values_makes_place_for_a_new_trial(tmp_path):
    def dies(trial):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opened(tmp_path).claim(1, dies)
    claim = opened(tmp_path).claim(1, draw)
    assert claim.trial.number == 1
    assert SUCCEEDS not in claim.trial.user_attrs


def test_a_trial_that_was_just_asked_for_on_another_machine_is_left_alone(tmp_path):
    opened(tmp_path).optuna.ask()  # not signed yet
    assert opened(tmp_path).claim(1, draw) is None


def test_a_result_that_was_written_before_its_storage_went_away_is_kept(tmp_path):
    """The data base had it, and could not say so: told once more, it is there already."""
    study = opened(tmp_path)
    trial = study.claim(1, draw).trial
    study.optuna.tell(trial, 1.0)
    assert study.tell(trial, TrialState.COMPLETE, [1.0]).values == [1.0]
    assert study.tell(trial, TrialState.COMPLETE, [2.0]) is None
    assert study.tell(trial, TrialState.PRUNED) is None


def test_a_result_that_comes_after_another_machine_gave_the_trial_up_is_not_written_over(tmp_path):
    study = opened(tmp_path)
    claim = study.claim(1, draw)
    opened(tmp_path).optuna.tell(claim.trial.number, state=TrialState.FAIL)
    assert study.tell(claim.trial, TrialState.COMPLETE, [1.0]) is None


def test_a_trial_that_is_held_gives_signs_of_life_and_is_let_go(tmp_path, monkeypatch):
    monkeypatch.setattr("ganart.sweeping.study.SIGN_OF_LIFE_SECONDS", 0.01)
    study = opened(tmp_path)
    claim = study.claim(1, draw)
    before = claim.trial.user_attrs["alive"]
    with study.held(claim):
        time.sleep(0.3)
    assert claim.trial.user_attrs["alive"] > before
    assert not claim.lock.is_locked


def test_a_locked_storage_is_told_as_such(tmp_path):
    url = f"sqlite:///{tmp_path}/studies.db?timeout=0.1"
    opened(tmp_path, url=url)
    with sqlite3.connect(tmp_path / "studies.db") as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UserError, match=r"locked[\s\S]*Another process holds it"):
            opened(tmp_path, url=url)


def test_another_recipe_or_space_is_refused_with_what_changed(tmp_path):
    opened(tmp_path).agree_on({"loss": "hinge", "sweep.space.lr": "interval(0,1)"})
    opened(tmp_path).agree_on({"sweep.space.lr": "interval(0,1)", "loss": "hinge"})
    with pytest.raises(UserError, match=r"sweep\.space\.lr: interval\(0,1\) → interval\(0,2\)[\s\S]*hydra\.run\.dir"):
        opened(tmp_path).agree_on({"loss": "hinge", "sweep.space.lr": "interval(0,2)"})


def test_values_of_another_protocol_are_refused(tmp_path):
    protocol = {"n_fake": 100, "features": "classifier", "weights_hash": "a" * 64}
    opened(tmp_path).refuse_other_protocols([protocol])
    opened(tmp_path).refuse_other_protocols([dict(protocol)])
    with pytest.raises(UserError, match=r"n_fake 100 → 50"):
        opened(tmp_path).refuse_other_protocols([protocol | {"n_fake": 50}])
    with pytest.raises(UserError, match=r"weights_hash aaaaaaaaaaaa… → None"):
        opened(tmp_path).refuse_other_protocols([{"n_fake": 100, "features": "classifier"}])


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://nobody@localhost:1/none", "cannot be opened: storage=postgresql"),
        ("sqlite:////nowhere/at/all.db", "unable to open"),
        ("no data base", "storage=no data base"),
    ],
)
def test_a_storage_that_cannot_be_reached_is_told(tmp_path, url, says):
    with pytest.raises(UserError, match="storage=null") as told:
        opened(tmp_path, url=url)
    assert says in str(told.value)


def test_other_objectives_are_refused(tmp_path):
    opened(tmp_path)
    with pytest.raises(UserError, match=r"other objectives[\s\S]*hydra\.run\.dir"):
        opened(tmp_path, objectives=(FID, RECALL))


def test_trials_draw_by_their_number_and_not_by_who_asks(tmp_path):
    def drawn(folder, count, reopen):
        study, claims, values = opened(folder, seed=7), [], []
        for _ in range(count):
            study = opened(folder, seed=7) if reopen else study
            claims.append(study.claim(99, draw))
            values.append(claims[-1].trial.params["lr"])
        return values

    at_once, restarted = drawn(tmp_path / "a", 4, reopen=False), drawn(tmp_path / "b", 4, reopen=True)
    assert at_once == restarted
    assert len(set(at_once)) == 4
    assert drawn(tmp_path / "c", 2, reopen=False) == at_once[:2]


def test_a_sampler_knows_what_trials_before_it_came_to(tmp_path):
    sampler = SeededByTrial(lambda seed: TPESampler(seed=seed, n_startup_trials=5), seed=0)
    study = optuna.create_study(sampler=sampler)
    for _ in range(40):
        trial = study.ask()
        study.tell(trial, (trial.suggest_float("lr", 0.0, 1.0) - 0.8) ** 2)
    late = [trial.params["lr"] for trial in study.trials[20:]]
    assert sum(abs(value - 0.8) < 0.2 for value in late) > 12  # by chance 8 of 20


# ------------------------------------------------------------------------------------------ nothing is trained twice


def few(trial):
    """Six recipes."""
    return [f"a={trial.suggest_categorical('a', ['x', 'y', 'z'])}", f"n={trial.suggest_int('n', 1, 2)}"]


SIX = SearchSpace.read({"a": "choice(x,y,z)", "n": "int(interval(1,2))"})


def any_other(tried):
    return SIX.untried(tried, compose=lambda overrides: OmegaConf.create())


@pytest.mark.parametrize("url", [None, "sqlite"])
def test_a_recipe_that_has_its_value_is_not_trained_again_and_the_study_ends_when_all_have_been_tried(tmp_path, url):
    url = f"sqlite:///{tmp_path}/study.db" if url else None
    recipes = []
    for _ in range(20):
        study = opened(tmp_path, url=url)  # another process each time
        claim = study.claim(20, few, any_other)
        if claim is None:
            break
        recipes.append(tuple(claim.overrides))
        study.tell(claim.trial, TrialState.COMPLETE, [float(len(recipes))])
        claim.lock.release()
    assert sorted(recipes) == sorted((f"a={a}", f"n={n}") for a in "xyz" for n in (1, 2))
    assert len(opened(tmp_path, url=url).trials()) == 6  # what was drawn again is not shown


def test_what_another_process_is_training_is_not_drawn_by_this_one(tmp_path):
    claims = [opened(tmp_path).claim(20, few, any_other) for _ in range(7)]
    assert claims.pop() is None
    assert len({tuple(claim.overrides) for claim in claims}) == 6


def test_of_two_machines_that_draw_the_same_at_once_the_later_makes_way(tmp_path):
    study = opened(tmp_path)
    others = study._take(lambda trial: ["n=1"])
    ours = study._take(lambda trial: ["n=1"])
    assert ("n=1",) not in study._tried(others.trial.number)
    assert ("n=1",) in study._tried(ours.trial.number)


def test_a_recipe_that_failed_is_tried_once_more_and_not_for_ever(tmp_path):
    def only(trial):
        return [f"n={trial.suggest_int('n', 1, 1)}"]

    for _ in range(2):
        claim = opened(tmp_path).claim(9, only)
        opened(tmp_path).tell(claim.trial, TrialState.FAIL, reason="no memory")
        claim.lock.release()
    assert opened(tmp_path).claim(9, only) is None


def test_a_pruned_recipe_is_not_tried_again(tmp_path):
    study = opened(tmp_path)
    claim = study.claim(9, lambda trial: ["n=1"])
    study.tell(claim.trial, TrialState.PRUNED)
    assert study.claim(9, lambda trial: ["n=1"]) is None


def test_what_a_killed_process_left_is_no_repetition_and_has_its_place_among_the_trials(killed):
    study = opened(killed)
    claim = study.claim(2, draw)
    assert claim.trial.number == 1
    assert study.position_of(claim.trial) == 1
    assert study.position_of(study.claim(2, draw).trial) == 2


def test_a_grid_is_tried_point_by_point_as_ever(tmp_path):
    grid = {"a": ["x", "y", "z"], "n": [1, 2]}
    sampler = SeededByTrial(lambda seed: GridSampler(grid, seed=seed), 0)
    drawn = []
    for _ in range(6):
        study = Study.open(tmp_path, None, (FID,), sampler)
        claim = study.claim(6, few, any_other)
        drawn.append((claim.trial.number, tuple(claim.overrides)))
        study.tell(claim.trial, TrialState.COMPLETE, [1.0])
    assert [number for number, _ in drawn] == list(range(6))
    assert len({overrides for _, overrides in drawn}) == 6


@pytest.mark.parametrize(
    ("space", "number"),
    [
        ({"a": "choice(x,y)", "n": "range(1,4)"}, 6),
        ({"lr": "range(0.1,0.4,step=0.1)"}, 4),
        ({"n": "tag(log,int(interval(1,3)))"}, 3),
    ],
)
def test_every_point_of_a_space_that_ends_is_found(space, number):
    tried, space = set(), SearchSpace.read(space)
    while (point := space.untried(tried, compose=lambda overrides: OmegaConf.create())) is not None:
        overrides = tuple(parameter.override(point[parameter.key]) for parameter in space.parameters)
        assert overrides not in tried
        tried.add(overrides)
    assert len(tried) == number


def test_a_space_without_end_always_has_another_point():
    space = SearchSpace.read({"lr": "tag(log,interval(1e-4,1e-2))"})
    points = [space.untried(set(), lambda overrides: OmegaConf.create(), seed=seed)["lr"] for seed in range(20)]
    assert len(set(points)) == 20
    assert all(1e-4 <= point <= 1e-2 for point in points)
    assert sum(point < 1e-3 for point in points) > 4  # by orders of magnitude


def test_a_key_that_an_earlier_choice_takes_away_is_no_part_of_a_point():
    def compose(overrides):
        if "a=x" in overrides and any(override.startswith("n=") for override in overrides):
            raise ConfigCompositionException("no n beside x")
        return OmegaConf.create()

    tried, points = set(), []
    while (point := SIX.untried(tried, compose)) is not None:
        points.append(point)
        tried.add(tuple(p.override(point[p.key]) for p in SIX.parameters if p.key in point))
    assert sorted(map(str, points)) == sorted(map(str, [{"a": "x"}, *({"a": a, "n": n} for a in "yz" for n in (1, 2))]))

"""A job of a multirun that fails: what its sweeper is told, what is written down, and how the multirun ends."""

import json
import math
from types import SimpleNamespace

import pytest
from omegaconf import OmegaConf
from paper_runs import write_run

from ganart.errors import OccupiedError, UserError
from ganart.runs import multirun
from ganart.runs.multirun import Jobs, failure_stays_in_its_job


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Call a job `main` of a multirun in `tmp_path`, in the folder `name`; returns what its sweeper gets."""
    (tmp_path / ".failed").mkdir()
    monkeypatch.setattr(multirun, "in_multirun", lambda: True)

    def call(main, name="job"):
        (tmp_path / name).mkdir(exist_ok=True)
        hydra = SimpleNamespace(
            sweep=SimpleNamespace(dir=str(tmp_path)), runtime=SimpleNamespace(output_dir=str(tmp_path / name))
        )
        monkeypatch.setattr(multirun.HydraConfig, "get", staticmethod(lambda: hydra))
        return failure_stays_in_its_job(main)(OmegaConf.create({"run_folder": str(tmp_path / name)}))

    return call


def failing(error):
    def main(cfg):
        raise error

    return main


def test_a_failure_is_infinitely_bad_and_no_hole_and_written_down(job, tmp_path):
    """Some sweepers stop at NaN, and infinity is worse than any score."""
    assert job(failing(UserError("it cannot be"))) == math.inf
    assert (tmp_path / ".failed" / "job").is_file()
    assert "it cannot be" in json.loads((tmp_path / "job" / "failure.json").read_text())["reason"]


def test_what_succeeds_is_handed_on(job, tmp_path):
    assert job(lambda cfg: 3.5) == 3.5
    assert not list((tmp_path / ".failed").iterdir())


def test_nothing_is_written_into_a_run_that_is_there_already(job, tmp_path):
    write_run(tmp_path / "there")
    assert job(failing(OccupiedError("somebody else's")), "there") == math.inf
    assert not (tmp_path / "there" / "failure.json").exists()


def test_alone_an_error_reaches_the_caller(monkeypatch):
    monkeypatch.setattr(multirun, "in_multirun", lambda: False)
    with pytest.raises(UserError, match="it cannot be"):
        failure_stays_in_its_job(failing(UserError("it cannot be")))(OmegaConf.create({"run_folder": "nowhere"}))


@pytest.mark.parametrize("failed", [[], ["one"]])
def test_a_multirun_fails_where_a_job_has_even_if_a_finished_run_lies_there(tmp_path, failed, capsys):
    for name in ("one", "two"):
        write_run(tmp_path / name)
    (tmp_path / ".failed").mkdir()
    for name in failed:
        (tmp_path / ".failed" / name).touch()
    config = OmegaConf.create({"hydra": {"sweep": {"dir": str(tmp_path)}}})
    if failed:
        with pytest.raises(SystemExit):
            Jobs().on_multirun_end(config)
        assert "1 of 2 jobs did not finish" in "".join(capsys.readouterr())
    else:
        Jobs().on_multirun_end(config)
    assert not (tmp_path / ".failed").exists()

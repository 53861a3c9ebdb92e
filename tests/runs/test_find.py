import pytest
from paper_runs import write_run

from ganart.errors import UserError
from ganart.runs.find import find_runs, place_of_report


def names(runs):
    return [run.name for run in runs]


def test_a_run_a_multirun_and_a_study_of_multiruns_are_found(tmp_path):
    for name in ("study/adam/2", "study/adam/10", "study/sgd/0"):
        write_run(tmp_path / name)
    assert names(find_runs([str(tmp_path / "study/sgd/0")])) == ["0"]
    assert names(find_runs([str(tmp_path / "study/adam")])) == ["2", "10"]  # by number, not by letter
    assert names(find_runs([str(tmp_path / "study")])) == ["2", "10", "0"]


def test_a_run_that_is_named_twice_is_there_once(tmp_path):
    run = write_run(tmp_path / "multi/0")
    assert len(find_runs([str(run), str(tmp_path / "multi"), f"{tmp_path}/multi/../multi/0"])) == 1


def test_jobs_of_a_multirun_that_never_began_are_listed_but_other_folders_are_not(tmp_path):
    write_run(tmp_path / "multi/0")
    (tmp_path / "multi/1").mkdir()
    assert names(find_runs([str(tmp_path / "multi")])) == ["0"]
    (tmp_path / "multi/multirun.yaml").write_text("[]")
    assert names(find_runs([str(tmp_path / "multi")])) == ["0", "1"]


def test_files_that_a_glob_brings_along_are_passed_over(tmp_path):
    write_run(tmp_path / "0")
    (tmp_path / "report.html").write_text("")
    assert names(find_runs([str(tmp_path / "0"), str(tmp_path / "report.html")])) == ["0"]
    with pytest.raises(UserError, match="No run is in"):
        find_runs([str(tmp_path / "report.html")])


def test_what_is_not_there_and_what_holds_no_run_is_told(tmp_path):
    with pytest.raises(UserError, match="nowhere does not exist"):
        find_runs(["nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no run"):
        find_runs([str(tmp_path / "empty")])


def test_the_report_goes_into_the_folder_or_beside_the_folders_or_where_one_says(tmp_path):
    for name in ("a/0", "a/1", "b/0"):
        (tmp_path / name).mkdir(parents=True)
    a0, a1, b0 = (str(tmp_path / name) for name in ("a/0", "a/1", "b/0"))
    assert place_of_report([a0], None) == tmp_path / "a/0/report.html"
    assert place_of_report([a0, a1], None) == tmp_path / "a/report.html"
    assert str(place_of_report([a0, b0], None)) == "report.html"
    assert place_of_report([a0], f"{tmp_path}/mine.html") == tmp_path / "mine.html"
    assert place_of_report([a0], str(tmp_path / "b")) == tmp_path / "b/report.html"

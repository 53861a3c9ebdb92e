"""Personal defaults in the file that $GANART_DEFAULTS names."""

import pytest

from ganart.command_line.defaults import with_defaults
from ganart.errors import UserError


@pytest.fixture
def defaults(tmp_path, monkeypatch):
    def write(*lines: str) -> None:
        file = tmp_path / "mine.txt"
        file.write_text("\n".join(lines), encoding="utf-8")
        monkeypatch.setenv("GANART_DEFAULTS", str(file))

    return write


def test_without_a_file_nothing_changes(monkeypatch):
    monkeypatch.delenv("GANART_DEFAULTS", raising=False)
    assert with_defaults("train", ["seed=1"]) == ["seed=1"]


def test_they_stand_before_what_is_typed_which_wins(defaults):
    defaults("# mine", "", "total_images=1000   # a little", "trainer=cpu", "seed=7")
    assert with_defaults("train", ["seed=1", "--multirun"]) == [
        "total_images=1000",
        "trainer=cpu",
        "seed=1",
        "--multirun",
    ]


@pytest.mark.parametrize(
    ("command", "typed", "taken"),
    [
        ("train", [], ["logger=[csv,wandb]", "logger.wandb.entity=me", "dataset.num_pictures=99"]),
        ("train", ["logger=[tensorboard]"], ["dataset.num_pictures=99"]),
        ("train", ["experiment=mnist"], ["logger=[csv,wandb]", "logger.wandb.entity=me"]),
        ("sweep", ["dataset=mnist"], ["logger=[csv,wandb]", "logger.wandb.entity=me"]),
        ("generate", ["run=somewhere", "seeds=0-3"], ["device=cpu"]),
        ("report", ["some_run"], []),
    ],
)
def test_a_key_that_the_command_does_not_have_is_passed_over(defaults, command, typed, taken):
    defaults("logger=[csv,wandb]", "logger.wandb.entity=me", "dataset.num_pictures=99", "device=cpu")
    assert with_defaults(command, typed) == [*taken, *typed]


def test_options_of_a_folder_of_ones_own_count(defaults, tmp_path):
    (tmp_path / "mine/dataset").mkdir(parents=True)
    (tmp_path / "mine/dataset/few.yaml").write_text("defaults: [image_folder]\n")
    defaults("dataset.num_pictures=99", "dataset.height=16")
    for flag in (["--config-dir", str(tmp_path / "mine")], [f"--config-dir={tmp_path / 'mine'}"]):
        typed = [*flag, "dataset=few"]
        assert with_defaults("train", typed) == ["dataset.height=16", *typed]


def test_a_study_of_ones_own_counts(defaults, tmp_path):
    (tmp_path / "study.yaml").write_text("defaults: [train, override /dataset: mnist, _self_]\n")
    defaults("dataset.num_pictures=99", "dataset.height=16")
    typed = ["--config-dir", str(tmp_path), "--config-name", "study"]
    assert with_defaults("train", typed) == ["dataset.height=16", *typed]


@pytest.mark.parametrize("typed", [["resume=runs/a/b"], ["--config-path", "runs/a/b"], ["--help"]])
def test_what_has_all_its_values_keeps_them(defaults, typed):
    defaults("total_images=1000")
    assert with_defaults("train", typed) == typed
    assert with_defaults("train", ["resume=auto"]) == ["total_images=1000", "resume=auto"]


def test_a_file_that_cannot_be_read_is_told(defaults, monkeypatch, ganart):
    defaults("total_images 1000")
    with pytest.raises(UserError, match="is no override"):
        with_defaults("train", [])
    monkeypatch.setenv("GANART_DEFAULTS", "nowhere.txt")
    status, text = ganart("dataset")
    assert status == 1
    assert "GANART_DEFAULTS=nowhere.txt cannot be read" in text


def test_commands_go_by_them(defaults, ganart):
    defaults("total_images=1234", "loss=hinge")
    status, text = ganart("train", "--cfg", "job")
    assert status == 0, text
    assert "total_images: 1234" in text
    assert "ganart.losses.Hinge" in text

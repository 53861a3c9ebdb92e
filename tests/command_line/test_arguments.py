"""What a verb is about can be named by its path alone."""

import pytest

from ganart.command_line.arguments import as_typed, refuse_paths, values_in, with_path_named, without_paths
from ganart.errors import UserError


@pytest.fixture(autouse=True)
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs/mnist/try (2)=best"
    folder.mkdir(parents=True)
    (folder / "config.yaml").touch()


@pytest.mark.parametrize("typed", ["runs/mnist/try (2)=best", "run=runs/mnist/try (2)=best", "latest", "run=latest"])
def test_a_path_alone_is_the_run(typed):
    arguments = as_typed([typed, "--config-dir", "mine", "seeds=0-3", "~callback.scores"], comma_parts=False)
    assert values_in(with_path_named("generate", arguments))["run"] == "runs/mnist/try (2)=best"


def test_flags_their_values_and_what_is_left_out_are_no_paths():
    paths, others = without_paths(["--config-dir", "mine", "a", "~callback.scores", "~/b", "x=1", "-m"])
    assert paths == ["a", "~/b"]
    assert others == ["--config-dir", "mine", "~callback.scores", "x=1", "-m"]


@pytest.mark.parametrize("arguments", [["a", "b"], ["a", "run=b"]])
def test_two_are_one_too_many(arguments):
    with pytest.raises(UserError, match="name one, by its path or by run=PATH"):
        with_path_named("audit", arguments)


def test_a_verb_that_takes_no_path_says_what_to_type():
    with pytest.raises(
        UserError, match=r"\n  dataset=image_folder 'dataset\.root=my pictures'\n  'resume=my pictures'"
    ):
        refuse_paths(["my pictures", "seed=1"], "dataset=image_folder dataset.root", "resume")


def test_a_folder_alone_is_ones_own_pictures():
    named = values_in(with_path_named("dataset", ["水墨画"]))
    assert named == {"dataset": "image_folder", "dataset.root": "水墨画"}
    assert values_in(with_path_named("dataset", ["水墨画", "dataset=mine"]))["dataset"] == "mine"


def test_personal_defaults_are_those_of_the_data_that_a_path_names(ganart, tmp_path, monkeypatch):
    (tmp_path / "defaults.txt").write_text("dataset.num_pictures=400\nloss=hinge\n")
    monkeypatch.setenv("GANART_DEFAULTS", str(tmp_path / "defaults.txt"))
    status, text = ganart("dataset", "nowhere")
    assert (status, "dataset.root=nowhere: there is no such folder" in text) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("train", "pictures"), "dataset=image_folder dataset.root=pictures\n  resume=pictures"),
        (("train", "dataset.root=my pictures"), "dataset=image_folder 'dataset.root=my pictures'"),
        (("train", "logger.wandb.project=art"), "'logger=[csv,wandb]' logger.wandb.project=art"),
        (
            ("train", "optimizer.generator.momentum=0.9"),
            "optimizer@optimizer.generator=rmsprop optimizer.generator.mom",
        ),
        (("train", "experiments=mnist"), "Did you mean experiment=mnist?"),
        (("train", "losses=hinge"), "Did you mean loss=hinge?"),
        (("train", "callbacks=null"), "Did you mean callback?"),
        (("train", "loss=null"), "loss=null: one loss is needed."),
        (("train", "--multirun", "hydra/launcher=ray", "seed=1,2"), "pip install hydra-ray-launcher"),
        (("train", "--multirun", "hydra/launcher=joblb", "seed=1,2"), "Did you mean hydra/launcher=joblib?"),
        (("train", "--multirun", "hydra/sweeper=ax", "seed=1,2"), "pip install hydra-ax-sweeper"),
        (("train", "loss=hinge,minimax"), "One after the other: --multirun loss=hinge,minimax; together"),
        (("train", "penalty=r1,r2"), "where a list is wanted: 'penalty=[r1,r2]'"),
        (("generate",), "ganart generate runs/"),
        (("generate", "nowhere"), "run=nowhere does not exist. The latest here: runs/mnist/try (2)=best"),
        (("dataset", "nowhere"), "dataset.root=nowhere: there is no such folder or zip"),
    ],
)
def test_mistakes_are_told_with_the_nearest_thing_that_exists(ganart, arguments, expected):
    status, text = ganart(*arguments)
    assert status == 1
    assert expected in text
    assert "Traceback" not in text


@pytest.mark.parametrize("launcher", ["joblib", "submitit_slurm"])
def test_a_missing_extra_names_itself(launcher):
    from hydra.errors import MissingConfigException

    from ganart.config.messages import explain

    message = f"In 'hydra/config': Could not find 'hydra/launcher/{launcher}'\n\nAvailable options:\n\tbasic"
    assert explain(MissingConfigException(message), "train") == (
        f"hydra/launcher={launcher} needs a package of its own: pip install 'ganart[launchers]'"
    )


def test_a_report_on_data_builds_data_sets_alone(ganart):
    status, text = ganart("dataset", "dataset._target_=torch.nn.Linear", "~dataset.seed")
    assert status == 1
    assert "_target_=torch.nn.Linear" in text
    assert "Traceback" not in text

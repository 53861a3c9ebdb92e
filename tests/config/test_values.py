"""What is typed is what is meant: text letter by letter, one value where a list is wanted, no choice where none is."""

import os
import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from ganart.command_line.arguments import as_typed, values_in
from ganart.config.values import TAKING_SEVERAL, as_hydra_reads, parted
from ganart.errors import UserError
from ganart.files.paths import quoted

STRANGE = (
    *(
        "水墨画",
        "Böcklin",
        "try (2)",
        "a b",
        "[draft] (2)",
        "a=b",
        "#1",
        "it's",
        'the "first"',
        "R&B",
        "one, two",
        "~x",
    ),
    *(
        "1_000",
        "0.50",
        "1e3",
        "0x1",
        "007",
        "nan",
        "true",
        "a\\b",
        "C:\\pictures\\",
        "don't \\'",
        "glob(*)",
        "a;b!",
        "{x",
    ),
)


def read(override):
    """The value that Hydra makes of an override."""
    return OverridesParser.create().parse_override(override).value()


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("value", STRANGE)
def test_what_is_quoted_is_read_as_it_was(value):
    assert read(f"key={quoted(value)}") == value


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize(
    "key",
    [
        *("run", "resume", "real", "fake", "works", "pictures", "output", "file", "storage", "checkpoint", "name"),
        *("experiment", "dataset.root", "dataset.labels", "dataset.licence", "features.weights", "labels.style"),
        *("logger.wandb.project", "logger.wandb.name", "logger.wandb.group", "hydra.run.dir", "hydra.sweep.dir"),
        *("++labels.style", "+dataset.root", "architecture.generator.file"),
    ],
)
def test_paths_names_and_classes_are_read_as_they_are_typed(key, value):
    written = as_hydra_reads(f"{key}={value}")
    assert read(written) == value
    assert as_hydra_reads(written) == written
    assert values_in([written]) == {key.lstrip("+"): value}


@pytest.mark.parametrize("override", ["run='try (2)'", 'labels.style="Color Field, 1960s"', "name='1e3'"])
def test_what_is_quoted_already_is_read_as_hydra_does(override):
    assert as_hydra_reads(override) == override


def test_what_exists_is_named_as_it_stands(tmp_path):
    for name in ("'quoted'", "a,b", "null"):
        (tmp_path / name).mkdir()
        assert read(as_hydra_reads(f"run={name}", several=True)) == name


@pytest.mark.parametrize(
    "override",
    [
        *("run=runs/mnist/1", "resume=null", "resume=auto", "name=", "dataset.root=${oc.env:HOME}/x", "seed=1_000"),
        *("hydra.run.dir=runs/${name}/${now:%Y}", "pictures={height: 32}", "~callback.scores", "loss=hinge"),
        *("total_images=70_000", "dataset.background=[255,0,0]", "optimizer.generator.betas=[0.5,0.9]"),
        *("optimizer@optimizer.generator=sgd", "penalty=r1,r2", "experiment=null", "metric=${mine}"),
    ],
)
def test_what_hydra_reads_rightly_is_left_alone(override):
    assert as_hydra_reads(override) == override


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("logger.wandb.tags=few", ["few"]),
        ("logger.wandb.tags=2024", ["2024"]),
        ("logger.wandb.tags=few,many", ["few", "many"]),
        ("dataset.condition=style", ["style"]),
        ("dataset.condition=[风格,art movement]", ["风格", "art movement"]),
        ("dataset.condition=null", []),
        ("dataset.factors=作者", ["作者"]),
        ("dataset.factors=null", None),
        ("allow_targets=mypackage", ["mypackage"]),
        ("architecture.generator.hidden=256", [256]),
        ("optimizer.generator.betas=0.5", [0.5]),
        ("callback.doctor.ignore=style_dropped", ["style_dropped"]),
    ],
)
def test_one_value_where_a_list_is_wanted_is_a_list_of_one(override, value):
    assert read(as_hydra_reads(override)) == value


@pytest.mark.parametrize("group", TAKING_SEVERAL)
def test_a_group_that_takes_several_takes_one_and_none(group):
    assert read(as_hydra_reads(f"{group}=one")) == ["one"]
    assert read(as_hydra_reads(f"{group}=null")) == []


@pytest.mark.parametrize("group", ["loss", "dataset", "schedule", "pruner", "optimizer@optimizer.generator"])
def test_a_group_of_which_one_is_needed_says_which_there_are(group):
    with pytest.raises(UserError, match=f"{group}=null: one .* is needed.*There are:"):
        as_hydra_reads(f"{group}=null")


@pytest.mark.parametrize(
    ("override", "values"),
    [
        ("dataset.root=水墨画,try (2)", ["水墨画", "try (2)"]),
        ("labels.style='Color Field, 1960s',1_000", ["Color Field, 1960s", "1_000"]),
        ("labels.style=[a,b],[c]", ["[a,b]", "[c]"]),
        ("name=it's,b", ["it's", "b"]),
        ("penalty=r1,wgan_gp", ["[r1]", "[wgan_gp]"]),
        ("dataset.condition=style,[style,subject]", ["[style]", "[style,subject]"]),
        ("loss=hinge,minimax", ["hinge", "minimax"]),
        ("experiment=choice(mnist,paintings)", ["mnist", "paintings"]),
    ],
)
def test_with_multirun_commas_part_values(override, values):
    (written,) = as_typed([override, "--multirun"], comma_parts=False)[:1]
    assert written == as_typed([override], comma_parts=True)[0]
    found = OverridesParser.create().parse_override(written)
    # Each value is typed again for its job, and has to be read there as it is here.
    assert [str(as_list(read(f"k={one}"))) for one in found.sweep_string_iterator()] == values


def as_list(value):
    return f"[{','.join(value)}]" if isinstance(value, list) else value


def test_flags_and_their_values_are_no_overrides(tmp_path):
    arguments = ["--config-dir", "my (own)", "--cfg", "job", "-m", "--config-dir=x"]
    assert as_typed(arguments, comma_parts=False) == arguments


def test_groups_of_ones_own_are_known(tmp_path):
    (tmp_path / "mine/brush").mkdir(parents=True)
    (tmp_path / "mine/brush/round.yaml").write_text("sizes: [1, 2]\n")
    arguments = ["--config-dir", "mine", "brush.sizes=3"]
    assert as_typed(arguments, comma_parts=False)[2] == "brush.sizes=[3]"
    with pytest.raises(UserError, match="There are: round"):
        as_typed([*arguments, "brush=null"], comma_parts=False)


def test_the_latest_run_is_the_one_begun_or_gone_on_with_last(tmp_path):
    with pytest.raises(UserError, match="run=latest: there is no run"):
        as_hydra_reads("run=latest")
    for age, name in enumerate(("mnist/old (1)", "mnist/sweep/seed-1", "mnist/sweep/seed-2")):
        (tmp_path / "runs" / name / "samples").mkdir(parents=True)
        file = tmp_path / "runs" / name / "config.yaml"
        file.touch()
        os.utime(file, (1000 - age, 1000 - age))
    assert values_in([as_hydra_reads("run=latest")]) == {"run": "runs/mnist/old (1)"}
    (tmp_path / "latest").mkdir()
    assert as_hydra_reads("resume=latest") == "resume=latest"


def test_commas_inside_quotes_and_brackets_part_nothing():
    assert parted("a, b") == ["a", "b"]
    assert parted("'a,b',c") == ["'a,b'", "c"]
    assert parted("[a,b],(c,d)") == ["[a,b]", "(c,d)"]
    assert parted("it's,that's") == ["it's", "that's"]
    assert parted("sad :(,happy") == ["sad :(", "happy"]


def test_the_home_folder_is_found_by_hydra_too(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "李 雷"))
    assert values_in([as_hydra_reads("hydra.run.dir=~/runs/1")]) == {"hydra.run.dir": f"{tmp_path}/李 雷/runs/1"}


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("total_images=(1", """"total_images='(1'\""""),
        ("penalty=[r1", """"penalty='[r1'\""""),
        ("seed=(a$b", """'seed='"'"'(a$b'"'"''"""),
    ],
)
def test_what_cannot_be_read_is_told_with_the_line_to_type(ganart, override, line):
    status, text = ganart("train", override)
    assert (status, f"\n  {line}\n" in text) == (1, True), text
    (typed,) = shlex.split(line)
    assert read(typed) == override.partition("=")[2]


def test_a_study_draws_texts_as_they_were_typed():
    from optuna.trial import FixedTrial

    from ganart.sweeping.space import Parameter

    written = as_hydra_reads("dataset.root='oils, R&B',水墨画 (2)", several=True).partition("=")[2]
    parameter = Parameter.read("dataset.root", written)
    drawn = [parameter.suggest(FixedTrial({"dataset.root": value})) for value in parameter.values]
    assert [read(override) for override in drawn] == ["oils, R&B", "水墨画 (2)"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("dataset dataset.height=x!", "dataset.height=x! is not a whole number; type e.g. dataset.height=32"),
        ("train seed=x!", "seed=x! is not a whole number; type e.g. seed=1"),
        ("train total_images=1e6", "total_images=1000000.0 is not a whole number; type e.g. total_images=1000000"),
        ("train penalty.r1.gamma=big", "penalty.r1.gamma=big is not a number; type e.g. penalty.r1.gamma="),
        ("train trainer.num_nodes=x!", "trainer.num_nodes=x! is not a whole number; type e.g. trainer.num_nodes=1"),
        ("train dataset.test_fraction=half", "dataset.test_fraction=half is not a number; type e.g."),
        ("evaluate real=. fake=. seed=x!", "seed=x! is not a whole number; type e.g. seed=1"),
        ("evaluate real=. fake=. average=yes", "average=yes is not true or false; type e.g. average=true"),
        ("audit works=. pictures=. threshold=x num_sheets=1.5", "num_sheets=1.5 is not a whole number"),
        ("sweep n_trials=few", "n_trials=few is not a whole number; type e.g. n_trials=20"),
    ],
)
def test_another_kind_of_value_than_a_key_takes_is_told(ganart, tmp_path, arguments, said):
    verb, *typed = arguments.split()
    status, text = ganart(verb, *typed)
    assert (status, said in text, "Traceback" in text) == (1, True, False), text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("typed", ["trainer.devices=auto", "penalty.r1.gamma=1", "trainer.deterministic=warn"])
def test_what_a_class_takes_beside_its_usual_kind_is_no_mistake(ganart, typed):
    status, text = ganart("train", typed, "batch_size=0")
    assert (status, "is not" in text, "batch_size=0 must be" in text) == (1, False, True), text

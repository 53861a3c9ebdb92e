"""What a recipe of somebody else may have Hydra do, which builds parts of its own before anything of ganart runs."""

import pytest
from hydra import compose, initialize_config_dir

from ganart.config import guard as recipes
from ganart.files.paths import conf_dir

EVIL = {
    "callback": "callbacks: {evil: {_target_: builtins.open, file: CANARY, mode: w}}",
    "detour": "callbacks: {evil: {_target_: hydra_plugins.x.os.system}}",
    "callback of ours": "callbacks: {evil: {_target_: ganart.runs.multirun.Jobs.on_multirun_start}}",
    "launcher": "launcher: {_target_: os.system}",
    "below a sweeper": "sweeper: {params: {evil: {_target_: os.system}}}",
    "handler": "job_logging: {handlers: {file: {class: builtins.open, file: CANARY, mode: w}}}",
    "handler elsewhere": "job_logging: {handlers: {file: {filename: CANARY, delay: false}}}",
    "handler above": "job_logging: {handlers: {file: {filename: '${hydra.runtime.output_dir}/../../x'}}}",
    "handler by name": "job: {name: ../../x}",
    "factory": "hydra_logging: {formatters: {evil: {(): builtins.open, file: CANARY, mode: w}}}",
    "import": "job_logging: {handlers: {terminal: {stream: ext://evil.module}}}",
    "import by reference": "job_logging: {handlers: {terminal: {stream: '${name}'}}}",
    "environment": "job: {env_set: {PATH: CANARY}}",
}


def write(folder, text):
    (folder / "experiment").mkdir(parents=True, exist_ok=True)
    (folder / "experiment" / "evil.yaml").write_text(f"# @package _global_\n{text}\n")


def tried(ganart, tmp_path, text, *more):
    write(tmp_path / "conf", text.replace("CANARY", str(tmp_path / "canary")))
    return ganart("train", "--config-dir", str(tmp_path / "conf"), "experiment=evil", "batch_size=0", *more)


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_hydra_builds_and_runs_nothing_that_a_recipe_names(ganart, tmp_path, text):
    status, said = tried(ganart, tmp_path, "hydra:\n  " + text)
    assert status == 1
    assert "a recipe may not. If you wrote or trust it, type that key" in said
    assert "Traceback" not in said
    assert not (tmp_path / "canary").exists()
    assert not (tmp_path / "runs").exists()


def test_a_recipe_writes_no_shell_script(ganart, tmp_path):
    text = "defaults: [override /hydra/launcher: slurm]\nhydra: {launcher: {setup: [touch x]}}"
    assert "it becomes a line of a shell script" in tried(ganart, tmp_path, text)[1]


@pytest.mark.parametrize("text", ["allow_targets: [os]", "allow_targets: os"])
def test_a_recipe_does_not_say_whose_code_is_run(ganart, tmp_path, text):
    status, said = tried(ganart, tmp_path, text)
    assert (status, "whose code is run is for you to say" in said) == (1, True)


@pytest.mark.parametrize("verb", ["train", "sweep"])
def test_a_recipe_without_its_first_line_is_refused(ganart, tmp_path, verb):
    (tmp_path / "mine/experiment").mkdir(parents=True)
    (tmp_path / "mine/experiment/short.yaml").write_text("batch_size: 7\n")
    arguments = (verb, "--config-dir", "mine", "experiment=short", "--cfg", "job")
    status, text = ganart(*arguments)
    assert status == 1
    assert "experiment=short: " in text
    assert "# @package _global_" in text
    (tmp_path / "mine/experiment/short.yaml").write_text("# @package _global_\nbatch_size: 7\n")
    assert ganart(*arguments)[0] == 0


def test_what_is_typed_is_the_users_word(ganart, tmp_path):
    typed = ("+hydra.callbacks.mine._target_=hydra.experimental.callback.Callback", "+hydra.job.env_set.X=1")
    status, said = tried(ganart, tmp_path, "seed: 3", *typed, "allow_targets=[mine]")
    assert (status, "batch_size=0 must be" in said) == (1, True)


def test_a_callback_of_a_package_that_is_allowed_is_built(ganart, tmp_path):
    text = "hydra: {callbacks: {mine: {_target_: hydra.experimental.callback.Callback}}}"
    assert "a recipe may not" in tried(ganart, tmp_path, text)[1]
    assert "batch_size=0 must be" in tried(ganart, tmp_path, text, "allow_targets=[hydra]")[1]


@pytest.mark.parametrize("typed", [(), ("hydra/launcher=joblib",), ("hydra/launcher=submitit_local",)])
def test_ganarts_own_configurations_are_what_may_be(typed):
    with recipes.checked(), initialize_config_dir(str(conf_dir()), version_base="1.3"):
        for name in ("train", "sweep", "generate", "regenerate", "evaluate", "report", "audit", "dataset"):
            assert compose(name, list(typed), return_hydra_config=True)
        for logging in ("default", "stdout", "disabled", "none"):
            assert compose("train", [f"hydra/job_logging={logging}"], return_hydra_config=True)


def test_who_types_a_launcher_means_its_shell_script_too():
    with recipes.checked(), initialize_config_dir(str(conf_dir()), version_base="1.3"):
        assert compose("train", ["hydra/launcher=slurm", "hydra.launcher.setup=[module load cuda]"])

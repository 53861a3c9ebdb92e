"""Every recipe trains, and every command of the README can be composed."""

import os
import re
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from laboratory import small_pictures

from ganart.cli import VERBS
from ganart.command_line.arguments import as_typed, with_path_named
from ganart.commands import sweep
from ganart.commands.generate import prepare_arguments
from ganart.errors import UserError
from ganart.files.paths import conf_dir
from ganart.runs.checkpoints import read_checkpoint
from ganart.runs.folder import RunFolder
from ganart.training.run import train

ROOT = Path(__file__).parents[1]
RECIPES = sorted(file.stem for file in (conf_dir() / "experiment").glob("*.yaml"))
READMES = ("README.md", "README.zh.md")


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_runs_two_rounds_on_tiny_data(tmp_path, recipe):
    pictures = small_pictures(tmp_path / "pictures", side=20, per_class=12, classes=("calm", "loud"))
    overrides = [f"experiment={recipe}", "dataset=image_folder", f"dataset.root={pictures}", "dataset.channels=1"]
    overrides += ["dataset.height=28", "dataset.width=28", "dataset.condition=[style]", "trainer.max_steps=2"]
    overrides += ["features=classifier", "features.images=512", "callback.scores.num_images=16", "trainer=cpu"]
    overrides += ["name=tiny", f"run_folder={tmp_path / 'run'}"]
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        train(compose("train", overrides), RunFolder(tmp_path / "run"), overrides)
    assert read_checkpoint(tmp_path / "run/checkpoints/last.ckpt")["ganart"]["rounds"] == 2


def commands_of(readme: str) -> list[list[str]]:
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.S)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("ganart ")]


@pytest.mark.parametrize("readme", READMES)
def test_the_commands_of_the_readme_can_be_composed(readme):
    commands = commands_of(readme)
    assert {command[1] for command in commands} == set(VERBS)
    for _, verb, *typed in commands:
        arguments = as_typed(with_path_named(verb, typed), comma_parts=verb == "sweep")
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            if verb == "sweep":
                compose(verb, sweep.prepare_arguments(arguments))
            elif verb in ("train", "dataset", "evaluate") and "--multirun" not in arguments:
                compose(verb, arguments)
            elif verb == "train":
                compose(verb, [a.split(",")[0] for a in arguments if a != "--multirun"])
            elif verb == "generate":
                with pytest.raises(UserError, match="run=RUN_FOLDER does not exist"):
                    prepare_arguments(arguments)


def test_both_readmes_show_the_same_commands():
    assert commands_of(READMES[0]) == commands_of(READMES[1])


def test_the_tables_of_parts_are_what_make_docs_writes(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import make_docs

    for file, text in make_docs.with_tables().items():
        assert file.read_text(encoding="utf-8") == text, f"{file.name} is not what conf/ says: make docs"
        assert "`resize_conv`" in text
    rows = [
        line for line in (ROOT / "docs/parts.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    assert [row for row in rows if row.endswith("|  |")] == [], "an option that nothing is said of"


@pytest.mark.slow
def test_an_installed_wheel_trains_from_another_folder(tmp_path):
    """The wheel in an environment of its own, which finds the dependencies of this one but not this checkout."""
    wheels = tmp_path / "wheels"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(wheels), str(ROOT)], check=True, capture_output=True)
    clean = tmp_path / "clean"
    venv.create(clean, symlinks=True)
    python = clean / "bin" / "python"
    (wheel,) = wheels.glob("ganart-*.whl")
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", str(wheel)], check=True, capture_output=True)
    site = next((clean / "lib").glob("python*/site-packages"))
    dependencies = next(path for path in map(Path, sys.path) if (path / "torch").is_dir())
    (site / "dependencies.pth").write_text(
        f"{dependencies}\n"
    )  # its own .pth files, this checkout's too, are not followed
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    pictures = small_pictures(tmp_path / "pictures", side=16, per_class=8, classes=("calm", "loud"))
    command = [str(clean / "bin" / "ganart"), "train", "dataset=image_folder", f"dataset.root={pictures}"]
    command += [
        "dataset.height=16",
        "dataset.width=16",
        "total_images=64",
        "features=classifier",
        "features.images=512",
    ]
    done = subprocess.run(
        command, cwd=elsewhere, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": ""}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(elsewhere.glob("runs/image_folder/*/summary.json"))) == 1
    where = subprocess.run(
        [str(python), "-c", "import ganart; print(ganart.__file__)"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(clean))

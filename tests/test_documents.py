"""Every command of the documents, exactly as it is printed, in an empty folder, as a process of its own.

Budgets come from the file that $GANART_DEFAULTS names. What a placeholder names, RUN_FOLDER or PHOTOS, is there.
"""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from documents import ROOT, blocks, commands
from laboratory import small_pictures
from omegaconf import OmegaConf

import ganart as library

pytestmark = pytest.mark.slow

SMALL = """
total_images=160
trainer=cpu
trainer.max_time=00:00:00:01   # where a document gives a budget of its own
batch_size=16
dataset.num_pictures=400
dataset.height=16
dataset.width=16
features=classifier
features.images=2000
callback.scores.num_images=50
callback.scores.every_images=0
callback.walk.frames=4
num_images=50
timeout=1
device=cpu
logger.wandb.mode=offline
"""

CANNOT_RUN_HERE = {
    r"^(pip|make|python3 -m venv|\.venv/)": "installs packages",
    r"features=inception": "fetches the published weights of Inception",
    r"^(srun|torchrun)|hydra/launcher=slurm": "needs a cluster",
    r"^(wandb|python scripts/wandb)": "needs an account of Weights & Biases",
    r"^(tensorboard|optuna-dashboard)": "is a server that runs until it is stopped",
}

ENGLISH = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LONGEST = 600
"""Seconds of one command: ten to thirty where the machine has nothing else to do."""

DONE: set[str] = set()
"""Commands that an earlier document had word for word, in a folder prepared in the same way."""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """What all commands run in: this ganart, one cache, small budgets, no network."""
    folder = tmp_path_factory.mktemp("environment")
    (folder / "small.txt").write_text(SMALL)
    # The ganart of this checkout, whichever is installed; -P, because an installed program does not look here either.
    for name, arguments in (("ganart", "-P -m ganart"), ("python", "")):
        command = f'#!/bin/sh\nPYTHONPATH="{ROOT}:$PYTHONPATH" exec "{sys.executable}" {arguments} "$@"\n'
        (folder / name).write_text(command)
        (folder / name).chmod(0o755)
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {
        **os.environ,
        "PATH": path,
        "PYTHONPATH": "",
        "GANART_CACHE": str(folder / "cache"),
        "GANART_DEFAULTS": str(folder / "small.txt"),
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "100",
    }


@pytest.fixture(scope="module")
def template(tmp_path_factory, environment):
    """The folders and files that placeholders of the documents name."""
    folder = tmp_path_factory.mktemp("template")
    shape = [
        line.partition(" #")[0] for line in SMALL.split() if line.startswith(("total", "batch", "dataset", "feat"))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("GANART_CACHE", environment["GANART_CACHE"])
        scores = ["callback.scores.num_images=50", "callback.scores.every_images=0", "trainer=cpu"]
        run = library.train(*shape, *scores, "seed=1", f"hydra.run.dir={folder}/RUN_FOLDER")
        picture = run.generate(7, {"style": "cubist", "subject": "boat"})
        files = picture.save(folder / "RUN_FOLDER/generated/TIME")
        shutil.copy(files[0], folder / "FILE.png")
        run.generate(range(60)).save(folder / "PICTURES")
        library.train(*shape, *scores, "seed=2", f"hydra.run.dir={folder}/RUN_B")
    (folder / "CLONE").symlink_to(ROOT)
    shutil.copytree(folder / "RUN_FOLDER", folder / "RUN_A")
    for name in ("RUN_A", "RUN_B"):
        shutil.copytree(folder / name, folder / "MULTIRUN_FOLDER" / name)
    small_pictures(folder / "PAINTINGS", side=20, per_class=80, classes=("cubist", "drip"))
    shutil.copytree(folder / "PAINTINGS", folder / "FOLDER")
    small_pictures(folder / "PHOTOS", side=16, per_class=80, classes=("",))
    with zipfile.ZipFile(folder / "paintings.zip", "w") as archive:
        for file in sorted((folder / "PAINTINGS").rglob("*.png")):
            archive.write(file, file.relative_to(folder / "PAINTINGS"))
    shutil.copy(folder / "paintings.zip", folder / "FOLDER.zip")
    small_mnist(folder / "data/MNIST/raw")
    return folder


def small_mnist(folder: Path) -> None:
    """Four hundred digits of noise, and a hundred to test, where torchvision looks for them."""
    folder.mkdir(parents=True)
    for name, count in (("train", 400), ("t10k", 100)):
        pixels = np.random.default_rng(count).integers(0, 255, (count, 28, 28), dtype=np.uint8)
        for kind, array in (("images-idx3", pixels), ("labels-idx1", np.arange(count, dtype=np.uint8) % 10)):
            head = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
            (folder / f"{name}-{kind}-ubyte").write_bytes(head + array.tobytes())
            (folder / f"{name}-{kind}-ubyte.gz").write_bytes(gzip.compress(head + array.tobytes()))


def interrupted(run: Path) -> None:
    """Make of a finished run one that was to see twice as many images and was stopped."""
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps({**summary, "ended_by": "signal"}))
    for name in ("config.yaml", "recipe.yaml"):
        cfg = OmegaConf.load(run / name)
        cfg.total_images = 2 * summary["images_seen"]
        OmegaConf.save(cfg, run / name)


def get_ready(command: str, folder: Path) -> None:
    """Do what the document supposes to have happened before `command`."""
    resumed = re.search(r"resume=([\w/]+)", command)
    if resumed and resumed[1] != "auto":
        interrupted(folder / resumed[1])
    if "STUDY" in command and not (folder / "STUDY").exists():
        studies = sorted(folder.glob("runs/*/sweep_*/study.json"))
        shutil.copytree(studies[0].parent, folder / "STUDY")


def write_named_files(document: Path, folder: Path) -> None:
    """Write the blocks of a document that begin with the name of a file."""
    for language in ("python", "yaml"):
        for block in blocks(document, language):
            if named := re.match(r"# ([\w./]+\.(?:py|yaml))\n", block.text):
                file = folder / named[1]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.text, encoding="utf-8")


def programs(document: Path) -> list[str]:
    """Commands that run the Python of a document, but for files and for docs/python.md, which has a test of its own."""
    texts = [block.text for block in blocks(document, "python") if document.name != "python.md"]
    return [f"python - <<'END'\n{text}END" for text in texts if not text.startswith("# ")]


def run(command: str, folder: Path, environment: dict[str, str]) -> str | None:
    """Run `command` in a shell; returns what is wrong with it, if anything is."""
    begun = subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = begun.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(begun.pid, signal.SIGKILL)  # with what it has started
        return f"$ {command}\nhad not ended after {LONGEST} s\n{begun.communicate()[0][-3000:]}"
    if begun.returncode or "Traceback" in output:
        return f"$ {command}\nstatus {begun.returncode}\n{output[-3000:]}"
    return None


def cannot_run(command: str) -> bool:
    return any(re.search(pattern, command) for pattern in CANNOT_RUN_HERE)


@pytest.mark.parametrize("document", ENGLISH, ids=lambda file: file.name)
def test_every_command_runs_as_it_is_printed(document, template, environment, tmp_path):
    wanted = [*commands(document), *programs(document)]
    wanted = [command for command in wanted if not cannot_run(command) and command not in DONE]
    if not wanted:
        pytest.skip("no command that is not tested elsewhere")
    folder = tmp_path / "empty"
    shutil.copytree(template, folder, symlinks=True)
    write_named_files(document, folder)
    problems = []
    for command in wanted:
        get_ready(command, folder)
        if problem := run(command, folder, environment):
            problems.append(problem)
    DONE.update(wanted)
    assert not problems, "\n\n".join(problems)


def test_the_chinese_readme_prints_the_same_commands():
    english, chinese = (
        [c.partition("  #")[0].strip() for c in commands(ROOT / f)] for f in ("README.md", "README.zh.md")
    )
    assert chinese == english


def test_the_citation_is_of_this_version():
    citation = OmegaConf.load(ROOT / "CITATION.cff")
    assert citation.version == library.__version__
    assert citation["cff-version"] == "1.2.0"


def test_what_cannot_run_is_what_the_documents_print():
    printed = [command for document in ENGLISH for command in commands(document)]
    for pattern, reason in CANNOT_RUN_HERE.items():
        assert any(re.search(pattern, command) for command in printed), (pattern, reason)

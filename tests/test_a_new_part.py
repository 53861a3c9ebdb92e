"""The promise of docs/extending.md, inside of the repository: a new part is a file or two, and edits no other."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documents import ROOT, blocks

pytestmark = pytest.mark.slow

HOMES = {
    "losses": "losses.soft_hinge",
    "penalties": "penalties.drift",
    "terms": "terms.mode_seeking",
    "augmentations": "augment.brightness",
    "heads": "layers.heads.concatenation",
    "linear": "networks.linear",
    "schedules": "schedules.inverse_root",
    "scores": "metrics.mean_distance",
    "callbacks": "callbacks.brightness",
    "features": "features.colours",
    "diseases": "doctor.generator_starves",
}
"""Where the modules of the document's package lie if they are ganart's own."""

GENERATED = ["README.md", "README.zh.md", "docs/parts.md"]
"""What `make docs` writes."""

PACKAGES = "losses penalties terms augment heads networks schedules metrics callbacks features doctor"
GROUPS = "loss penalty term head architecture schedule metric callback dataset"
NEW = "soft_hinge drift mode_seeking brightness concatenation linear inverse_root mean_distance colours metfaces"
TOGETHER = "stand_together called_alike contract"
"""Tests of all parts of a group at once."""


@pytest.fixture
def copy(tmp_path) -> Path:
    """The files of this checkout that are tracked or could be, without what git knows of them."""
    git = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout of git")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / "copy" / name)
    return tmp_path / "copy"


def sums(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def moved_in(text: str) -> str:
    """Write a block of the document as it stands in the repository: by the names of ganart's own packages."""
    for module, home in HOMES.items():
        package = home if module in ("linear", "features") else home.rpartition(".")[0]
        text = text.replace(f"mypackage.{module}.", f"ganart.{package}.")
    return text


def add_parts(folder: Path) -> set[str]:
    """Write one part of each kind, as docs/extending.md has it, and return the names of the files."""
    added = set()
    for block in [*blocks(ROOT / "docs/extending.md", "python"), *blocks(ROOT / "docs/extending.md", "yaml")]:
        named = re.match(r"# (mypackage|my_conf)/([\w./]+)\.(py|yaml)\n", block.text)
        if named and named[2] != "callback/starving":  # which names a disease that lies elsewhere
            code = named[1] == "mypackage"
            file = f"ganart/{HOMES[named[2]].replace('.', '/')}.py" if code else f"conf/{named[2]}.yaml"
            assert not (folder / file).exists()
            (folder / file).write_text(moved_in(block.text.partition("\n")[2]), encoding="utf-8")
            added.add(file)
    return added


def run(folder: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    environment["GANART_CACHE"] = str(folder.parent / "cache")
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    return done.stdout


def test_one_new_part_of_each_kind_edits_no_other_file(copy):
    before = sums(copy)
    added = add_parts(copy)
    assert {Path(name).parent.name for name in added} >= set(PACKAGES.split() + GROUPS.split())
    run(copy, "scripts/make_docs.py")
    pytest_quietly = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
    chosen = " or ".join([*NEW.split(), *TOGETHER.split(), "generator_starves"])
    said = run(copy, *pytest_quietly, "-rA", "tests/conformance", "-k", chosen)
    for part in [*NEW.split(), "generator_starves"]:
        assert re.search(rf"^PASSED .*\[.*{part}", said, re.MULTILINE), f"nothing was tested of {part}"
    run(copy, *pytest_quietly, "tests/test_recipes.py", "-k", "make_docs")
    run(copy, *pytest_quietly, "-m", "not slow", "tests/doctor", "tests/losses", "tests/penalties", "tests/terms")
    if importlib.util.find_spec("importlinter"):
        run(copy, "-c", "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])")
    after = sums(copy)
    assert after.keys() - before.keys() == added
    assert sorted(name for name in before if after.get(name) != before[name]) == GENERATED


FAULTS = {
    "ganart/losses/hinge.py": ("return -fake_logits", "return fake_logits", "loss", "hinge"),
    "ganart/penalties/r1.py": ("squared_gradient_norm(judge, real)", "real.flatten(1).sum(1)", "penalty", "r1"),
    "ganart/terms/lecam.py": ("torch.nan))", "torch.nan), persistent=False)", "term", "lecam"),
    "ganart/augment/flip.py": ("device=samples.device", 'device="cpu"', "augmentation", "flip"),
    "ganart/layers/heads/projection.py": (
        "self.embedding(labels)",
        "self.embedding(labels).detach()",
        "head",
        "projection",
    ),
    "ganart/networks/sngan.py": ("normalize_spectra(self)", "self.requires_grad_(False)", "architecture", "sngan"),
    "ganart/schedules/cosine.py": ("0.5 * (1 +", "0.5 * (0 +", "schedule", "cosine"),
    "ganart/metrics/kernel.py": ('Value("kid"', 'Value("kernel"', "metric", "kid"),
    "ganart/features/module.py": ('self._hash = ""', "self._hash = str(torch.rand(1))", "feature_network", "module"),
    "ganart/doctor/contest.py": ('"ignorance", ', "", "disease", "gives_up"),
    "conf/dataset/mnist.yaml": ("licence: CC BY-SA 3.0", "licence: ''", "data_set", "mnist"),
    "conf/optimizer/sgd.yaml": ("lr: 0.01", "lr: 0.01\nmaximize: true", "optimizer", "sgd"),
    "conf/experiment/mnist.yaml": ("min_channels: 64", "min_channels: 6.5", "experiment", "mnist"),
}
"""Of one part of each kind a mistake, and whose tests have to notice it."""


@pytest.mark.parametrize("file", FAULTS)
def test_a_part_with_a_mistake_does_not_pass(copy, file):
    right, wrong, kind, option = FAULTS[file]
    text = (copy / file).read_text(encoding="utf-8")
    assert right in text
    (copy / file).write_text(text.replace(right, wrong), encoding="utf-8")
    tests = f"tests/conformance/test_every_{kind}.py"
    with pytest.raises(AssertionError, match=r"(?s)short test summary.*FAILED tests/conformance"):
        run(copy, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", tests, "-k", option)

"""Run folders of other people, made to do harm or damaged, against every verb: one sentence, or it works.

No canary file is ever written, and no variable of the environment is found in anything that is.
"""

import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import optuna
import pytest
import torch
import yaml
from laboratory import MLP, small_pictures, train_tiny
from PIL import Image

from ganart.codecs.image import save_picture
from ganart.errors import UserError
from ganart.generation.painter import Painter, Recipe
from ganart.sweeping.objective import Objective
from ganart.sweeping.study import FOLDER, Study

SECRET = "TOP-SECRET-4711"

SMALL = ("dataset=image_folder", "dataset.height=8", "dataset.width=8", "dataset.condition=[style]", "batch_size=16")
SMALL += ("total_images=32", "features=classifier", "features.images=400", "metric=[kid]", "trainer=cpu")
SMALL += ("callback.scores.num_images=16", "callback.scores.every_images=0", "trainer.precision=32")
SMALL += ("callback=[numbers,samples,scores,checkpoint,stop,interrupt]",)
LOOK = ("features=classifier", "features.images=400", "device=cpu")


@pytest.fixture(scope="module")
def honest(lab):
    """A run, as it would be sent to somebody, with one of its pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANART_CACHE", str(lab / "cache"))
        pictures = small_pictures(lab / "pictures", side=8, per_class=24, classes=("drip", "mesh"))
        run = train_tiny(lab / "honest", f"dataset.root={pictures}", *SMALL, players=MLP, base=())
    painter, recipe = Painter(run, run.checkpoint("last"), True, torch.device("cpu")), Recipe(0, {"style": "drip"})
    save_picture(painter.paint(recipe), lab / "picture.png", painter.origin(recipe, lab))
    return run.path


class Trap:
    """Writes the canary when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self):
        return os.mkdir, (str(self.canary),)


class Code(torch.nn.Module):
    """Is TorchScript that writes a file when it is opened."""

    def __init__(self, canary: str) -> None:
        super().__init__()
        self.canary = canary

    @torch.jit.export
    def __getstate__(self) -> tuple[str, bool]:
        return self.canary, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]) -> None:
        self.canary, self.training = state
        torch.save(torch.zeros(1), self.canary)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


# ---------------------------------------------------------------------------------------------- the animals


class Plain(yaml.SafeDumper):
    """Writes what stands in two places twice."""

    def ignore_aliases(self, data) -> bool:
        return True


def change(run: Path, **values) -> None:
    """Set dotted keys, written with __ for the dots, in config.yaml and recipe.yaml."""
    for name in ("config.yaml", "recipe.yaml"):
        cfg = yaml.safe_load((run / name).read_text())
        for key, value in values.items():
            *parents, last = key.split("__")
            node = cfg
            for parent in parents:
                node = node[parent]
            node[last] = value
        (run / name).write_text(yaml.dump(cfg, Dumper=Plain))


def write(run: Path, content: bytes | str, *names: str) -> None:
    for name in names:
        (run / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def link(run: Path, name: str, target: Path) -> None:
    place = run / name
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    place.symlink_to(target)


def checkpoint(run: Path, **parts) -> None:
    """Change parts of the last checkpoint; best is the same."""
    state = torch.load(run / "checkpoints/last.ckpt", weights_only=True) | parts
    for name in ("last", "best"):
        torch.save(state, run / f"checkpoints/{name}.ckpt")


def weights(run: Path, change) -> None:
    state = torch.load(run / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
    checkpoint(run, state_dict={name: change(tensor) for name, tensor in state.items()})


def torchscript(run: Path, canary: Path) -> None:
    torch.jit.save(torch.jit.script(Code(str(canary))), str(run / "weights.pt"))
    features = {"_target_": "ganart.features.CLIP", "weights": str(run / "weights.pt"), "sha256": None}
    change(run, callback__scores__features=features, features=features)


def lsun(run: Path, canary: Path) -> None:
    (run / "data").mkdir()
    Path("_cache_clsdata").write_bytes(pickle.dumps(Trap(canary)))
    change(run, dataset={"_target_": "torchvision.datasets.lsun.LSUNClass", "root": str(run / "data"), "condition": []})


def trap_for_weights(run: Path, canary: Path) -> None:
    torch.save(Trap(canary), run / "weights.pth")
    change(run, features={"_target_": "ganart.features.ArtInception", "weights": str(run / "weights.pth")})


def pickled_checkpoint(run: Path, canary: Path) -> None:
    for name in ("last", "best"):
        torch.save(
            {"ganart": {"images_seen": 32}, "state_dict": {}, "x": Trap(canary)}, run / f"checkpoints/{name}.ckpt"
        )


def laughs(levels: int = 40) -> str:
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(["a0: &a0 [lol]", *lines])


def laughing_references(run: Path, canary: Path) -> None:
    change(run, **{"x0": "lol"}, **{f"x{n}": f"${{x{n - 1}}}" * 9 for n in range(1, 40)})


QUICK = ("log.txt elsewhere", "binary files", "a pipe", "a sample elsewhere", "deep JSON")
"""Those of which a sweep into their folder, or a report on their pictures, opens something: run with every change."""

ANIMALS = {
    # code
    "lsun": lsun,
    "torchscript": torchscript,
    "weights that are a pickle": trap_for_weights,
    "checkpoint that is a pickle": pickled_checkpoint,
    "os.system": lambda run, canary: change(
        run, loss={"_target_": "os.system", "command": f"touch {canary}"}, architecture__generator=(evil := {
            "_target_": "torch.nn.Sequential", "_args_": [{"_target_": "os.mkdir", "_args_": [str(canary)]}]
        }), dataset__licence=evil,
    ),
    "importing ganart.__main__": lambda run, _: change(run, architecture__generator___target_="ganart.__main__.main"),
    "what it may build is its own word": lambda run, canary: change(
        run, allow_targets=["os"], architecture__generator={"_target_": "os.mkdir", "path": str(canary)}
    ),
    # what is on this machine
    "environment": lambda run, _: change(
        run, name="${oc.env:SECRET}", dataset__licence="${oc.env:SECRET}", architecture__generator__hidden="${oc.env:X}"
    ),
    "environment by a name put together": lambda run, _: change(run, r="oc.env", name="${${r}:SECRET}"),
    "hydra": lambda run, _: change(run, name="${hydra:runtime.cwd}"),
    "writes elsewhere": lambda run, canary: change(run, logger__csv={
        "_target_": "ganart.loggers.CSVLogger", "folder": str(canary)
    }, dataset__root="nowhere"),
    "name of a lock": lambda run, canary: change(run, dataset={
        "_target_": "ganart.datasets.torchvision_sets.TorchvisionSet", "name": str(canary), "files": "x", "root": ".",
        "source": {"_target_": "torchvision.datasets.MNIST", "_partial_": True}, "download": False, "factor": "digit",
        "height": 8, "width": 8, "channels": 1, "condition": [],
    }),
    # links
    "config.yaml elsewhere": lambda run, _: link(run, "config.yaml", Path("secret.yaml").resolve()),
    "summary.json elsewhere": lambda run, _: link(run, "summary.json", Path("secret.json").resolve()),
    "metrics.csv elsewhere": lambda run, _: link(run, "metrics.csv", Path("secret.csv").resolve()),
    "samples elsewhere": lambda run, _: link(run, "samples", Path("private").resolve()),
    "a sample elsewhere": lambda run, _: link(run, "samples/images_000000032.png", Path("private/1.png").resolve()),
    "checkpoints elsewhere": lambda run, canary: link(run, "checkpoints", Path("private").resolve()),
    "log.txt elsewhere": lambda run, _: link(run, "log.txt", Path("mine.txt").resolve()),
    # damaged, or larger than it looks
    "billion laughs": lambda run, _: write(run, laughs(), "config.yaml", "recipe.yaml", "overrides.yaml"),
    "billion laughs by reference": laughing_references,
    "references in a circle": lambda run, _: change(run, a="${b}", b={"c": "${a}"}),
    "deep YAML": lambda run, _: write(run, "[" * 100_000, "config.yaml", "recipe.yaml", "overrides.yaml"),
    "deep JSON": lambda run, _: write(run, "[" * 100_000, "dataset.json", "summary.json"),
    "empty files": lambda run, _: write(
        run, "", "config.yaml", "recipe.yaml", "overrides.yaml", "dataset.json", "summary.json", "metrics.csv",
        "checkpoints/last.ckpt", "checkpoints/best.ckpt",
    ),
    "binary files": lambda run, _: write(
        run, bytes(range(256)) * 99, "config.yaml", "recipe.yaml", "overrides.yaml", "dataset.json", "summary.json",
        "metrics.csv", "checkpoints/last.ckpt", "checkpoints/best.ckpt", "samples/images_000000032.png",
    ),
    "lists for mappings": lambda run, _: write(
        run, "[1]", "config.yaml", "recipe.yaml", "dataset.json", "summary.json"
    ),
    "a pipe": lambda run, _: [
        (run / name).unlink(missing_ok=True) or os.mkfifo(run / name) for name in ("metrics.csv", "log.txt")
    ],
    "python objects in YAML": lambda run, canary: write(
        run, f"x: !!python/object/apply:os.mkdir [{canary}]", "config.yaml", "recipe.yaml", "overrides.yaml"
    ),
    "numbers of many digits": lambda run, _: [
        change(run, total_images=10**4000, seed=10**4000),
        write(run, json.dumps({"images_seen": 10**400, "scores": {"x": {"value": 10**400}}}), "summary.json"),
        write(run, f"images_seen,a\n{10**400},1\n-5,1e308\n7,-1e308\n", "metrics.csv"),
    ],
    "a summary of wrong kinds": lambda run, _: write(
        run, json.dumps({
            "ended_by": ["images"], "images_seen": "many", "scores": [1], "best": 3, "doctor": {"a": 1}, "versions": [],
            "per_label": {"style": {"rows": [1, {"class": []}]}}, "device": {"a": []}, "seconds_training": [],
        }), "summary.json"),
    "data of wrong kinds": lambda run, _: write(
        run, json.dumps({"name": 5, "factors": [{"name": []}]}), "dataset.json"
    ),
    "values of wrong kinds": lambda run, _: change(
        run, dataset=5, loss=[], penalty="x", total_images=[], optimizer=None
    ),
    "conditions that are not there": lambda run, _: change(run, dataset__condition=["nothing", 5]),
    "no keys": lambda run, _: write(run, "seed: 0\n", "config.yaml", "recipe.yaml"),
    # checkpoints
    "other shapes": lambda run, _: change(run, architecture__generator__hidden=[8, 8]),
    "more memory than there is": lambda run, _: change(run, architecture__generator__hidden=[1 << 40, 1 << 20]),
    "tensors that are larger than their file": lambda run, _: weights(
        run, lambda tensor: torch.zeros(1, dtype=tensor.dtype).expand([1 << 40])
    ),
    "missing weights": lambda run, _: checkpoint(run, state_dict={}),
    "weights that are no tensors": lambda run, _: checkpoint(run, state_dict={"generator_ema.x": "text"}),
    "clocks of wrong kinds": lambda run, _: checkpoint(run, ganart={"images_seen": "all"}),
    "states of wrong kinds": lambda run, _: checkpoint(
        run, optimizer_states=5, loops=[], callbacks={"Scores": "x"}, lr_schedulers=None
    ),
    "another class's network": lambda run, _: change(run, architecture__generator={
        "_target_": "ganart.networks.mlp.Discriminator", "height": 8, "width": 8, "channels": 3, "hidden": [16],
        "batch_norm": False,
    }),
    "no network": lambda run, _: change(run, architecture__generator={"_target_": "torch.nn.Linear", "in_features": 8,
                                                                       "out_features": 8}),
    # names
    "names that command a terminal": lambda run, _: [
        change(run, name="\x1b]0;owned\x07\x1b[2J", dataset__licence="\x1b[31m"),
        write(run, json.dumps(["\x1b[2J", "a=\x1b[31m"]), "overrides.yaml"),
        write(run, json.dumps({"reason": "\x1b[2J"}), "failure.json"),
    ],
    "names that are formulas and markup": lambda run, _: [
        write(run, json.dumps(["=cmd|x", "a=<script>alert(1)</script>"]), "overrides.yaml"),
        write(run, json.dumps({"device": "=HYPERLINK(1)", "ended_by": "<b>", "scores": {"=x": {"value": 1.0}}}),
              "summary.json"),
    ],
}  # fmt: skip

VERBS = {
    "generate": lambda run: ("generate", f"run={run}", "seeds=0-1", "device=cpu", "hydra.run.dir=out/generated"),
    "regenerate": lambda run: ("regenerate", "picture.png", f"run={run}"),
    "evaluate": lambda run: ("evaluate", f"run={run}", "metric=[kid]", "num_images=16", *LOOK),
    "audit": lambda run: ("audit", f"run={run}", "seeds=0-1", *LOOK),
    "report": lambda run: ("report", str(run), "other", "output=out/report.html"),
    "train": lambda run: ("train", f"resume={run}", "total_images=48"),
}
OTHER_VERBS = {
    "sweep": lambda run: (
        "sweep",
        "n_trials=1",
        "loss=hinge,minimax",
        f"hydra.run.dir={run}",
        *SMALL,
        "dataset.root=x",
    ),
    "dataset": lambda run: ("dataset", "dataset=image_folder", f"dataset.root={run}", "hydra.run.dir=out/dataset"),
}


@pytest.fixture
def foreign_run(honest, shared_cache, tmp_path, monkeypatch):
    """A copy of the run in a folder in which there is something to steal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", SECRET)
    (tmp_path / "private").mkdir()
    Image.new("RGB", (8, 8), "red").save(tmp_path / "private/1.png")
    (tmp_path / "secret.yaml").write_text(f"key: {SECRET}\n")
    (tmp_path / "secret.json").write_text(json.dumps({"device": SECRET}))
    (tmp_path / "secret.csv").write_text(f"images_seen,{SECRET}\n1,2\n")
    (tmp_path / "mine.txt").write_text("mine")
    shutil.copy(honest.parent / "picture.png", tmp_path)
    for name in ("foreign_run", "other"):
        shutil.copytree(honest, tmp_path / name)
    return tmp_path / "foreign_run"


def try_all(ganart, run: Path, make, verbs=VERBS) -> dict[str, tuple[int, str]]:
    canary = Path("canary").resolve()
    make(run, canary)
    animal = {file: file.read_bytes() for file in Path().rglob("*") if file.is_file()}
    results = {}
    for verb, arguments in verbs.items():
        results[verb] = status, said = ganart(*arguments(run.name))
        assert "Traceback" not in said, (verb, said[-3000:])
        assert status in (0, 1), (verb, said)
        assert status == 0 or 0 < len(said.strip()) < 3000, (verb, said)
        assert not canary.exists(), verb
        assert "\x1b" not in said, verb
        written = [
            file for file in Path().rglob("*") if file.is_file() and not file.is_symlink() and not file.is_fifo()
        ]
        for file in written:
            if animal.get(file) != file.read_bytes():
                assert SECRET.encode() not in file.read_bytes(), (verb, file)
        assert SECRET not in said, verb
        assert Path("mine.txt").read_text(encoding="utf-8") == "mine", verb
        assert set(Path("private").iterdir()) == {Path("private/1.png")}, verb
    return results


def test_an_honest_one_passes_every_verb(ganart, foreign_run):
    results = try_all(ganart, foreign_run, lambda run, canary: None)
    assert not any(status for status, _ in results.values()), results


@pytest.mark.parametrize("name", ANIMALS)
def test_foreign_runs(ganart, foreign_run, name):
    try_all(ganart, foreign_run, ANIMALS[name])


MOSTLY_SLOW = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in ANIMALS]


@pytest.mark.parametrize("name", MOSTLY_SLOW)
def test_foreign_runs_as_studies_and_as_data(ganart, foreign_run, name):
    try_all(ganart, foreign_run, ANIMALS[name], OTHER_VERBS)


@pytest.fixture(scope="module")
def study(lab, honest):
    """A study of one trial, a run like the honest one."""
    place, trial = lab / "study", lab / "study/trials/0000_hinge"
    trial.parent.mkdir(parents=True)
    shutil.copytree(honest, trial)
    found = Study.open(place, None, [Objective("images_seen", True)])
    distribution = optuna.distributions.CategoricalDistribution(["hinge", "minimax"])
    found.optuna.add_trial(
        optuna.trial.create_trial(
            params={"loss": "hinge"}, distributions={"loss": distribution}, value=32.0,
            user_attrs={FOLDER: "trials/0000_hinge", "overrides": ["loss=hinge"]},
        )
    )  # fmt: skip
    return place


@pytest.mark.parametrize("name", MOSTLY_SLOW)
def test_foreign_runs_as_trials_of_a_study(ganart, foreign_run, study, name):
    """The study has all its trials: a sweep that joins it looks at what there is, and so does its report."""
    whole = foreign_run.with_name("study")
    shutil.copytree(study, whole)
    trial = whole / "trials/0000_hinge"

    def make(run: Path, canary: Path) -> None:
        ANIMALS[name](trial, canary)

    sweep = (
        "sweep",
        "n_trials=1",
        "objective=images_seen",
        "loss=hinge,minimax",
        "sampler=grid",
        "hydra.run.dir=study",
    )
    verbs = {
        "sweep": lambda run: (*sweep, *SMALL, f"dataset.root={study.parent / 'pictures'}"),
        "report": lambda run: ("report", "study", "output=out/study.html"),
    }
    try_all(ganart, foreign_run, make, verbs)


# ---------------------------------------------------------------------------------------------- data


def zip_of(folder: Path, *names: str) -> None:
    with zipfile.ZipFile(folder / "foreign_run.zip", "w") as archive:
        for number, name in enumerate(names):
            archive.writestr(zipfile.ZipInfo(name), (folder / "1.png").read_bytes() + bytes([number]))


def bomb(folder: Path) -> None:
    with zipfile.ZipFile(folder / "foreign_run.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.png", (folder / "1.png").read_bytes())
        archive.writestr("2.png", bytes(100_000_000))


ROW = '{"file": "1.png", "style": "x"}'
TABLES = {
    "deep JSON": ("t.json", "[" * 100_000),
    "deep JSON that is whole": ("t.json", "[" * 500 + ROW + "]" * 500),
    "deep lines": ("t.jsonl", ROW + "\n" + '{"a":' * 100_000),
    "a number of many digits": ("t.json", '[{"file": "1.png", "style": ' + "9" * 10_000 + "}]"),
    "letters that are none": ("t.json", '[{"file": "1.png", "style": "\\ud800"}]'),
    "commands to a terminal": ("t.csv", "file,style\n1.png,\x1b]0;owned\x07\x1b[2J\n"),
    "formulas and markup": ("t.csv", "file,style\n1.png,=cmd|x\n2.png,<script>[/i]\n"),
    "binary": ("t.csv", bytes(range(256)) * 99),
    "zeros": ("t.csv", bytes(100_000)),
    "one long line": ("t.csv", "x" * 1_000_000),
    "rows that are none": ("t.json", '{"labels": [5, "1.png", [], ["1.png"], ["1.png", {}]]}'),
    "labels that are none": ("t.json", '{"labels": 5}'),
}
DATA = {
    "names that lead out": lambda folder: zip_of(folder, "../../canary", "/etc/x.png", "a/../../../mine.txt", "1.png"),
    "names that command a terminal": lambda folder: zip_of(folder, "\x1b[2Ja/1.png", "b\x07/2.png"),
    "names that are markup": lambda folder: zip_of(folder, "[/i]/1.png", "<script>/2.png", "=cmd|x/3.png"),
    "a bomb": bomb,
    "half a zip": lambda folder: (folder / "foreign_run.zip").write_bytes(b"PK\x03\x04" + bytes(500)),
    "nothing": lambda folder: (folder / "foreign_run.zip").write_bytes(b""),
}
AS_DATA = ("dataset", "dataset=image_folder", "dataset.height=8", "dataset.width=8", "hydra.run.dir=out/dataset")


@pytest.fixture
def data(foreign_run):
    """A folder with two pictures."""
    folder = foreign_run.with_name("data")
    folder.mkdir()
    for number in (1, 2):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number}.png")
    return folder


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_other_people(ganart, foreign_run, data, name):
    file, content = TABLES[name]
    write(data, content, file)
    told = {"dataset": lambda run: (*AS_DATA, "dataset.root=data", f"dataset.labels={file}")}
    try_all(ganart, foreign_run, lambda run, canary: None, told)


@pytest.mark.parametrize("name", DATA)
def test_zips_of_other_people(ganart, foreign_run, data, name):
    told = {"dataset": lambda run: (*AS_DATA, "dataset.root=data/foreign_run.zip")}
    try_all(ganart, foreign_run, lambda run, canary: DATA[name](data), told)
    assert not Path("/etc/x.png").exists()


# ---------------------------------------------------------------------------------------------- studies

DONE = {"number": 0, "state": "complete", "values": [1e308], "params": {"x": 1e308}, "overrides": 5, "seconds": "x"}
STUDIES = {
    "binary": {"study.journal": bytes(range(256)), "study.json": bytes(range(256))},
    "deep": {"study.journal": b"[" * 100_000 + b"\n", "study.json": b"[" * 100_000},
    "other records": {"study.journal": b'{"op_code": 99}\n[]\n5\n', "study.json": b'{"objectives": [5, {"key": []}]}'},
    "wrong kinds": {
        "study.json": json.dumps(
            {"objectives": [{"key": "x", "name": []}], "space": {"x": 5}, "importances": [5], "trials": [5, DONE, DONE]}
        ).encode()
    },
}


@pytest.mark.parametrize("name", STUDIES)
def test_studies_of_other_people(ganart, foreign_run, name):
    def make(run: Path, canary: Path) -> None:
        for file, content in STUDIES[name].items():
            (run / file).write_bytes(content)

    try_all(ganart, foreign_run, make, {"report": VERBS["report"], "sweep": OTHER_VERBS["sweep"]})


def test_a_study_keeps_its_trials_in_its_folder(tmp_path):
    study = Study.open(tmp_path / "study", None, [Objective("kid", True)])
    study.optuna.enqueue_trial({"x": 1}, user_attrs={FOLDER: "../outside"})
    with pytest.raises(UserError, match=r"trial 0 lies in \.\./outside"):
        study.claim(5, lambda trial: [])
    (tmp_path / "other").mkdir()
    (tmp_path / "other/trials").symlink_to(tmp_path / "study")
    with pytest.raises(UserError, match="trials is a link to"):
        Study.open(tmp_path / "other", None, [Objective("kid", True)])

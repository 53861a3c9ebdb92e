"""A run whose pictures were named by a relative path is evaluated, audited and resumed from anywhere."""

import json
import os
import shutil
from pathlib import Path

import pytest
from laboratory import DCGAN as SMALL_PLAYERS
from laboratory import TINY, small_pictures, train_tiny
from omegaconf import OmegaConf

from ganart.files import places
from ganart.runs.folder import RunFolder

pytestmark = pytest.mark.usefixtures("shared_cache")

FOLDER = [item for item in TINY if "num_pictures" not in item]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with pictures, a table of their labels, and a run that was trained there on both."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("GANART_CACHE", str(home / "cache"))
        small_pictures(home / "art", side=8, per_class=60, classes=("calm", "loud"))
        files = [file.relative_to("art") for file in sorted(Path("art").rglob("*.png"))]
        Path("moods.csv").write_text(
            "file,mood\n" + "".join(f"{file},{file.parts[0]}\n" for file in files), encoding="utf-8"
        )
        where = ("dataset=image_folder", "dataset.root=art", "dataset.labels=moods.csv")
        train_tiny(Path("runs/a"), *where, "total_images=32", "~callback.scores", base=FOLDER)
    return home


@pytest.fixture
def moved(home, tmp_path):
    """A copy of `home`, elsewhere."""
    return Path(shutil.copytree(home, tmp_path / "copy"))


def test_no_absolute_path_is_written_down(home):
    known = json.loads((home / "runs/a/dataset.json").read_text())["places"]
    assert known == {"dataset.root": "../../art", "dataset.labels": "../../moods.csv"}
    assert str(home) not in "".join(file.read_text() for file in (home / "runs/a").glob("*.json"))


def test_a_run_is_evaluated_from_another_folder(ganart, moved):
    few = ["num_images=50", "features=classifier", "features.images=500", "metric=[density_coverage]"]
    status, printed = ganart("evaluate", f"run={moved}/runs/a", *few)
    assert status == 0, printed


def test_a_run_is_audited_from_another_folder(ganart, moved):
    status, printed = ganart("audit", f"run={moved}/runs/a", "seeds=0-3", "features=classifier", "features.images=500")
    assert status == 0, printed


def test_a_run_is_resumed_from_another_folder(ganart, moved):
    status, printed = ganart("train", f"resume={moved}/runs/a", "total_images=64")
    assert status == 0, printed
    run = RunFolder(moved / "runs/a")
    assert run.summary["images_seen"] == 64
    assert run.config.dataset.root == os.path.relpath(moved / "art")
    assert run.dataset["places"] == {"dataset.root": "../../art", "dataset.labels": "../../moods.csv"}


def test_where_the_pictures_are_now_can_be_said(ganart, moved, tmp_path):
    (moved / "art").rename(tmp_path / "new")
    (moved / "moods.csv").rename(tmp_path / "new.csv")
    audit = ("audit", f"run={moved}/runs/a", "seeds=0-3", "features=classifier", "features.images=500")

    status, printed = ganart(*audit)
    assert status == 1
    assert f"run={moved}/runs/a was trained on art (1" in printed
    place = os.path.relpath(moved / "art")  # from here, and not as it was typed there
    assert f"there is nothing at {place} now. Say where the pictures are: dataset.root=FOLDER" in printed
    status, printed = ganart("train", f"resume={moved}/runs/a", "total_images=64")
    assert status == 1
    assert "Say where the pictures are: dataset.root=FOLDER" in printed

    here = ("dataset.root=new", "dataset.labels=new.csv")
    assert ganart(*audit, *here)[0] == 0
    features = ("features=classifier", "features.images=500")
    assert ganart("generate", f"run={moved}/runs/a", "seeds=1", "audit=warn", *features, *here)[0] == 0
    status, printed = ganart("train", f"resume={moved}/runs/a", "total_images=64", *here)
    assert status == 0, printed
    assert RunFolder(moved / "runs/a").config.dataset.root == "new"
    assert ganart(*audit)[0] == 0, "what was said is written down"


def test_other_pictures_in_that_place_are_refused(ganart, moved):
    other = small_pictures(moved / "other", side=8, per_class=30, classes=("calm", "loud"))
    status, printed = ganart("audit", f"run={moved}/runs/a", "seeds=0-3", f"dataset.root={other}")
    assert status == 1
    assert "its pictures have changed" in printed


def test_data_without_a_folder_have_none_to_say(ganart, tmp_path):
    run = train_tiny(tmp_path / "run", "total_images=16", "~callback.scores")
    status, printed = ganart("audit", f"run={run.path}", "seeds=0-3", "dataset.root=somewhere")
    assert status == 1
    assert "was trained on procedural_art, without dataset.root" in printed


def test_a_run_folder_that_knows_no_places_is_read_as_before(home, monkeypatch):
    run = RunFolder(home / "runs/a")
    run.__dict__["dataset"] = {key: value for key, value in run.dataset.items() if key != "places"}
    monkeypatch.chdir(home)
    assert len(run.pictures().all) == 120


@pytest.mark.parametrize(
    ("run", "text"), [("home/li/runs/a", "../../art"), ("scratch/runs/a", "~/art"), ("home/li/a", "../art")]
)
def test_a_place_does_not_name_the_user(tmp_path, monkeypatch, run, text):
    user = tmp_path / "home/li"
    (user / "art").mkdir(parents=True)
    (tmp_path / run).mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("HOME", str(user))
    monkeypatch.chdir(user)
    cfg = OmegaConf.create({"dataset": {"root": "art", "labels": "folder"}})

    known = places.recorded(cfg, tmp_path / run)

    assert known == {"dataset.root": text}
    assert places.found(cfg, tmp_path / run, known) == {}, "as typed, where it was typed"
    monkeypatch.chdir(tmp_path)
    found = places.found(cfg, tmp_path / run, known)["dataset.root"]
    assert Path(found).expanduser().samefile(user / "art")
    assert str(tmp_path) not in found


def test_what_was_typed_from_the_root_or_home_needs_no_place(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "art").mkdir()
    for root in (str(tmp_path / "art"), "~/art"):
        cfg = OmegaConf.create({"dataset": {"root": root}, "features": {"weights": None}})
        assert places.recorded(cfg, tmp_path / "run") == {}


def test_a_class_without_a_training_picture_is_told_before_training_and_when_it_is_asked_for(ganart, tmp_path):
    art = small_pictures(tmp_path / "art", side=8, per_class=30, classes=("train/calm", "train/loud", "test/wild"))
    where = [
        "dataset=image_folder",
        f"dataset.root={art}",
        "dataset.condition=[style]",
        f"hydra.run.dir={tmp_path}/run",
    ]
    status, printed = ganart("train", *FOLDER, *where, *SMALL_PLAYERS, "total_images=16", "~callback.scores")
    assert status == 0, printed
    assert "no training picture has style=wild" in printed
    asked = ganart("generate", f"run={tmp_path}/run", "seeds=1", "labels.style=wild")
    assert "no training picture has style=wild" in asked[1]
    assert "no training picture" not in ganart("generate", f"run={tmp_path}/run", "seeds=1", "labels.style=calm")[1]


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc here")
def test_a_place_that_takes_no_folders_is_named(ganart):
    status, said = ganart("train", *TINY, "hydra.run.dir=/proc/ganart/run")
    assert (status, "Traceback" in said) == (1, False)
    assert "/proc/ganart/run cannot be written: /proc takes no folders." in said

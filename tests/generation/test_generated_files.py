"""Files that `generate` writes, of a run whose factors and classes are called as people call them."""

import csv
import errno
import json
import os
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from laboratory import train_tiny
from omegaconf import OmegaConf
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganart.commands.train import more_training, print_next_commands
from ganart.datasets.side_by_side import read_folder, side_by_side
from ganart.generation.provenance import read_picture
from ganart.grids import is_sheet
from ganart.runs.folder import RunFolder

CLASSES = ("Post Impressionism", "Post-Impressionism", "[/i]", "Cubist")
BASE = (
    "dataset=image_folder",
    "dataset.height=8",
    "dataset.width=8",
    "dataset.test_fraction=0.2",
    "batch_size=16",
    "total_images=32",
    "features=classifier",
    "features.images=500",
    "callback=[numbers,checkpoint,stop,interrupt,samples]",
    "callback.checkpoint.every_images=16",
    "trainer=cpu",
    "trainer.precision=32",
    "schedule=constant",
)


@pytest.fixture(scope="module")
def run(lab):
    """A run conditioned on "art movement"."""
    works = lab / "works"
    works.mkdir()
    with open(lab / "labels.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "art movement", "风格"])
        for number in range(80):
            noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(noise).save(works / f"{number}.png")
            table.writerow([f"{number}.png", CLASSES[number % 4], "ab"[number % 2]])
    data = (f"dataset.root={works}", f"dataset.labels={lab}/labels.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANART_CACHE", str(lab / "cache"))
        return train_tiny(lab / "run", *data, "dataset.condition=[art_movement]", base=BASE)


@pytest.fixture
def generated(ganart, run, tmp_path):
    """Call `ganart generate` on `run`; returns the pictures that it wrote, by name, and what it said."""

    def call(*arguments: str):
        out = tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        status, text = ganart("generate", f"run={run.path}", f"hydra.run.dir={out}", *arguments)
        assert status == 0, text
        return sorted(file for file in out.iterdir() if file.name != "contact_sheet.png"), text

    return call


def test_there_are_as_many_files_as_pictures(generated):
    files, text = generated("seeds=0-1", "labels.art_movement=all")
    assert len(files) == 8
    assert "8 pictures in " in text
    assert {read_picture(file)[1]["labels"]["art movement"] for file in files} == set(CLASSES)


@pytest.mark.parametrize("key", ["art_movement", "art-movement", "Art_Movement", "art movement"])
def test_a_factor_with_the_heading_of_a_table_can_be_asked_for(generated, key):
    files, _ = generated("seeds=0", f"labels.{key}=Cubist")
    assert [read_picture(file)[1]["labels"] for file in files] == [{"art movement": "Cubist"}]


def test_factors_are_told_by_what_can_be_typed(ganart, run):
    _, text = ganart("generate", f"run={run.path}", "labels.mood=x")
    assert "It was conditioned on: art_movement (art movement)" in text


@pytest.mark.parametrize(
    ("arguments", "shape", "says"),
    [
        (["size=20"], (20, 20, 3), "the same pixels, bit for bit."),
        (["size=20x10", "filter=nearest", "format=webp"], (10, 20, 3), "the same pixels, bit for bit."),
        (["format=jpg", "size=64"], (64, 64, 3), "compressed again they give this file's pixels"),
    ],
)
def test_sizes_and_formats_are_verified_by_regenerate(ganart, generated, arguments, shape, says):
    (file,), _ = generated("seeds=4", "labels.art_movement=Cubist", *arguments)
    pixels, _ = read_picture(file)
    assert pixels.shape == shape
    status, text = ganart("regenerate", str(file))
    assert status == 0, text
    assert says in text


def test_a_jpeg_of_something_else_is_not_the_same(ganart, generated):
    (file,), _ = generated("seeds=4", "labels.art_movement=Cubist", "format=jpg")
    exif = Image.open(file).getexif()
    Image.new("RGB", (8, 8), "red").save(file, exif=exif)
    status, text = ganart("regenerate", str(file))
    assert status == 1
    assert "not the same pixels" in text


def test_formats_that_there_are_not_are_told(ganart, run):
    status, text = ganart("generate", f"run={run.path}", "format=jpeg2000")
    assert status == 1
    assert "format=jpeg2000" in text
    assert "Known: png, webp, jpg" in text


def test_a_picture_that_was_moved_finds_its_run(ganart, run, tmp_path, monkeypatch):
    copied = tmp_path / "project/runs/art" / run.path.name
    shutil.copytree(run.path, copied)
    monkeypatch.chdir(tmp_path / "project")
    status, text = ganart("generate", f"run=runs/art/{run.path.name}", "seeds=3", "labels.art_movement=Cubist")
    assert status == 0, text
    (file,) = (copied / "generated").glob("*/seed0003*.png")
    assert read_picture(file)[1]["run"] == f"runs/art/{run.path.name}"
    moved = tmp_path / "project/best.png"
    shutil.copy(file, moved)
    for where in (tmp_path / "project", tmp_path):
        monkeypatch.chdir(where)
        for picture in (file, moved):
            status, text = ganart("regenerate", os.path.relpath(picture))
            assert status == 0, text
    monkeypatch.chdir(tmp_path)
    shutil.move(moved, tmp_path / "far.png")
    status, text = ganart("regenerate", "far.png")
    assert status == 1
    assert "run=RUN_FOLDER" in text
    assert ganart("regenerate", "far.png", f"run={copied}")[0] == 0


@pytest.mark.parametrize("change", [{"labels": {"art movement": "x"}}, {"labels": {"mood": "Cubist"}}])
def test_labels_of_another_generator_are_told(ganart, generated, change):
    (file,), _ = generated("seeds=4", "labels.art_movement=Cubist")
    pixels, origin = read_picture(file)
    info = PngInfo()
    info.add_itxt("ganart", json.dumps(origin | change))
    Image.fromarray(pixels).save(file, pnginfo=info)
    status, text = ganart("regenerate", str(file))
    assert status == 1
    assert "was never conditioned on" in text


def test_an_origin_with_an_absolute_path_still_leads_to_its_run(ganart, generated, run):
    (file,), _ = generated("seeds=4", "labels.art_movement=Cubist")
    pixels, origin = read_picture(file)
    del origin["run_from_here"]
    info = PngInfo()
    info.add_itxt("ganart", json.dumps(origin | {"run": str(run.path.resolve())}))
    Image.fromarray(pixels).save(file, pnginfo=info)
    status, text = ganart("regenerate", str(file))
    assert status == 0, text


def test_sheets_are_not_counted_as_pictures(ganart, generated, run):
    files, _ = generated("seeds=0-9", "labels.art_movement=Cubist")
    assert len(files) == 10
    folder = files[0].parent
    pictures = read_folder("fake", str(folder), {"height": 8, "width": 8, "channels": 3})
    assert len(pictures.images) == 10
    assert [row.file for row in pictures.manifest.skipped] == ["contact_sheet.png"]
    assert "ganart has made" in pictures.manifest.skipped[0].reason
    assert side_by_side(str(folder), str(folder), {"height": None, "width": None})[0].images.shape[1:3] == (8, 8)


def test_every_sheet_says_that_it_is_one_and_no_picture_does(run, generated):
    files, _ = generated("seeds=0", "labels.art_movement=Cubist")
    sheets = [*run.samples.glob("images_*.png"), files[0].parent / "contact_sheet.png"]
    assert len(sheets) > 1
    for file in (*sheets, *files):
        with Image.open(file) as image:
            assert is_sheet(image) == (file in sheets), file


def files_in(folder):
    return {file.name: file.read_bytes() for file in folder.glob("seed*")}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("truncation=0.5", "truncation=null, here 0.5"),
        ("average=false", "weights=average, here raw"),
        ("size=32", "another size"),
    ],
)
def test_a_picture_of_another_recipe_is_not_overwritten(ganart, run, tmp_path, other, said):
    command = ("generate", f"run={run.path}", "seeds=0-2", "labels.art_movement=Cubist", "hydra.run.dir=out")
    assert ganart(*command)[0] == 0
    before = files_in(tmp_path / "out")
    assert ganart(*command)[0] == 0  # the same pictures
    status, text = ganart(*command, other)
    assert (status, said in text, "hydra.run.dir=out_2" in text) == (1, True, True)
    assert files_in(tmp_path / "out") == before
    assert ganart(*command, "seeds=3-4")[0] == 0  # others, beside them
    assert len(files_in(tmp_path / "out")) == 5
    (tmp_path / "out/seed0000_Cubist.png").write_text("mine")
    status, text = ganart(*command)
    assert (status, "ganart has not written it" in text) == (1, True)


def test_files_are_named_from_where_the_user_is(ganart, run, tmp_path):
    status, text = ganart("generate", f"run={run.path}", "seeds=0", "hydra.run.dir=my (2)")
    assert (status, "'my (2)/'" in text, str(tmp_path) in text) == (0, True, False)


@pytest.mark.parametrize(("num_classes", "has_weights"), [(2, False), (1, True), (1, False)])
def test_a_score_in_full_is_offered_where_it_can_be_taken(tmp_path, monkeypatch, capsys, num_classes, has_weights):
    monkeypatch.setattr("ganart.features.inception.local_weights", lambda _: "FILE" if has_weights else None)
    factors = [{"name": "style", "classes": [str(n) for n in range(num_classes)]}]
    about = {"dataset": {"factors": factors}, "summary": {"images_seen": 10}}
    config = OmegaConf.create({"total_images": 10, "trainer": {"max_steps": 7}})
    run = SimpleNamespace(path="runs/a", samples=tmp_path, config=config, **about)
    print_next_commands(run)
    said = capsys.readouterr().out
    assert ("ganart evaluate" in said) == (num_classes > 1 or has_weights)
    assert "samples/" not in said
    (tmp_path / "images_000000010.png").touch()
    print_next_commands(run)
    said = capsys.readouterr().out
    assert "runs/a/samples/" in said
    assert "train resume=runs/a total_images=20" in said


def test_a_run_that_its_rounds_have_ended_is_given_more_rounds(tmp_path):
    run = train_tiny(tmp_path / "run", "~callback.scores", "trainer.max_steps=3", "total_images=160")
    key, _, value = more_training(run).partition("=")
    assert (key, value) == ("trainer.max_steps", "6")
    run = train_tiny(tmp_path / "short", "~callback.scores", "total_images=32")
    assert more_training(run) == "total_images=64"


def emptied(folder):
    (folder / "config.yaml").unlink()


def leading_away(folder):
    shutil.rmtree(folder / "samples")
    (folder / "samples").symlink_to(folder.parents[2])


def closed(folder):
    (folder / "config.yaml").unlink()
    (folder / "config.yaml").mkdir()


def damaged(folder):
    (folder / "config.yaml").write_text("{")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (emptied, "is not a run folder: there is no config.yaml"),
        (closed, "is not a run folder: there is no config.yaml"),
        (leading_away, "samples is a link to"),
        (damaged, "config.yaml is damaged"),
    ],
)
def test_a_run_that_is_there_and_cannot_be_used_is_not_called_missing(ganart, run, tmp_path, spoil, says):
    copied = tmp_path / "project/runs/art" / run.path.name
    shutil.copytree(run.path, copied)
    status, text = ganart("generate", f"run={copied}", "seeds=3", f"hydra.run.dir={tmp_path}/out")
    assert status == 0, text
    (file,) = (tmp_path / "out").glob("seed0003*.png")
    spoil(copied)
    status, text = ganart("regenerate", str(file))
    assert status == 1
    assert says in text
    assert "is found neither" not in text


def test_a_run_that_is_closed_to_this_user_is_not_called_missing(ganart, run, tmp_path, monkeypatch):
    copied = tmp_path / "runs" / run.path.name
    shutil.copytree(run.path, copied)
    ganart("generate", f"run={copied}", "seeds=3", f"hydra.run.dir={tmp_path}/out")
    (file,) = (tmp_path / "out").glob("seed0003*.png")
    monkeypatch.setattr(RunFolder, "open", classmethod(refuse_to_open))
    status, text = ganart("regenerate", str(file))
    assert status == 1
    assert f"{run.path.name} cannot be read: Permission denied. If it lies elsewhere, say where: run=" in text


def refuse_to_open(cls, path, **_):
    raise PermissionError(errno.EACCES, "Permission denied", str(path))


def test_a_run_that_cannot_be_written_to_still_paints_elsewhere(ganart, run, tmp_path, monkeypatch):
    copied = tmp_path / run.path.name
    shutil.copytree(run.path, copied)
    before = sorted(copied.rglob("*"))

    def refuse(source, target, *_, **__):
        raise OSError(errno.EROFS, "Read-only file system", str(target))

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(shutil, "copyfile", refuse)
    status, text = ganart("generate", f"run={copied}", "seeds=3", f"hydra.run.dir={tmp_path}/out")
    assert status == 0, text
    (file,) = (tmp_path / "out").glob("seed0003*.png")
    assert sorted(copied.rglob("*")) == before
    assert ganart("regenerate", str(file))[0] == 0

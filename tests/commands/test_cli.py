"""The commands as users type them."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from laboratory import train_tiny
from PIL import Image

from ganart import cli
from ganart.codecs.image import save_picture
from ganart.generation.provenance import read_picture
from ganart.runs.checkpoints import read_checkpoint


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANART_CACHE", str(folder / "cache"))
        return train_tiny(folder / "run", "total_images=48", "~callback.scores")


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_the_overview_names_every_verb_and_how_to_start(ganart, arguments):
    status, text = ganart(*arguments)
    assert status == 0
    assert all(f"  {verb} " in text for verb in cli.VERBS)
    assert "ganart train" in text


@pytest.mark.parametrize("verb", list(cli.VERBS))
def test_every_verb_has_a_help_with_examples(ganart, verb):
    status, text = ganart(verb, "--help")
    assert status == 0
    assert f"ganart {verb}" in text
    assert "Powered by Hydra" not in text


def test_help_and_configuration_do_not_wait_for_torch():
    import subprocess

    code = "import sys; from ganart import cli; sys.argv = ['ganart', 'train', '--help']; cli.main(); "
    code += "assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_composed_configuration_can_be_printed_and_names_classes(ganart):
    status, text = ganart("train", "loss=hinge", "--cfg", "job", "--resolve")
    assert status == 0
    assert "_target_: ganart.losses.Hinge" in text
    assert "${" not in text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("trian",), "Did you mean ganart train?"),
        (("train", "los=hinge"), "los: there is no such key. Did you mean loss=hinge?"),
        (("train", "loss=hing"), "Did you mean loss=hinge? There are: hinge, least_squares"),
        (("train", "penalty.r1.gama=2"), "Did you mean penalty.r1.gamma?"),
        (("train", "experiment=mnits"), "Did you mean experiment=mnist?"),
        (("train", "dataset=image_folder"), "dataset.root has no value"),
        (("train", "total_images=0"), "total_images=0 must be a whole number"),
        (("train", "++penalty.r1.gama=2", "features=classifier"), "unexpected keyword argument 'gama'"),
        (("train", "resume=nowhere"), "resume=nowhere does not exist"),
        (("generate",), "Name a run folder"),
        (("generate", "run=nowhere"), "run=nowhere does not exist"),
        (("regenerate", "nothing.png"), "nothing.png: there is no such file"),
    ],
)
def test_mistakes_are_told_with_what_to_type_instead_and_no_traceback(ganart, arguments, expected):
    status, text = ganart(*arguments)
    assert status == 1
    assert expected in text
    assert "Traceback" not in text
    assert "Error executing job" not in text


def test_generate_paints_one_picture_a_seed_each_with_its_origin(ganart, run, tmp_path):
    status, text = ganart(
        "generate", f"run={run.path}", "seeds=0-3,7", "labels.style=cubist", f"hydra.run.dir={tmp_path}/out"
    )
    assert status == 0, text
    files = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert len(files) == 6
    assert "contact_sheet.png" in files
    _, origin = read_picture(next((tmp_path / "out").glob("seed0007_cubist_*.png")))
    assert origin["seed"] == 7
    assert origin["labels"]["style"] == "cubist"
    assert origin["dataset"]["licence"] == "CC0-1.0"
    assert origin["versions"]["torch"] == torch.__version__
    assert {"checkpoint_sha256", "config_sha256", "latents", "truncation", "device"} <= origin.keys()


def test_generate_without_a_folder_paints_into_the_run(ganart, run):
    status, text = ganart("generate", f"run={run.path}", "seeds=5")
    assert status == 0, text
    assert list((run.path / "generated").glob("*/seed0005_*.png"))


def test_unknown_labels_are_told_with_the_known_ones(ganart, run):
    assert "Did you mean cubist?" in ganart("generate", f"run={run.path}", "labels.style=cubits")[1]
    assert "It was conditioned on: style, subject" in ganart("generate", f"run={run.path}", "labels.mood=blue")[1]


@pytest.mark.parametrize("extra", [(), ("truncation=0.5",), ("average=false", "checkpoint=last")])
def test_regenerate_paints_the_same_pixels_alone_as_in_the_series(ganart, run, tmp_path, extra):
    ganart("generate", f"run={run.path}", "seeds=0-5", f"hydra.run.dir={tmp_path}/out", *extra)
    for file in sorted((tmp_path / "out").glob("seed*.png")):
        status, text = ganart("regenerate", str(file))
        assert status == 0
        assert "the same pixels, bit for bit" in text


def test_regenerate_says_what_differs(ganart, run, tmp_path):
    ganart("generate", f"run={run.path}", "seeds=1", f"hydra.run.dir={tmp_path}/out")
    file = next((tmp_path / "out").glob("seed*.png"))
    pixels, origin = read_picture(file)
    touched = pixels.copy()
    touched[0, 0] = 255 - touched[0, 0]
    save_picture(touched, file, origin | {"versions": origin["versions"] | {"torch": "1.0"}})
    image = Image.open(file)
    assert image.size == (8, 8)
    status, text = ganart("regenerate", str(file))
    assert status == 1
    assert "not the same pixels" in text
    assert "1.6% of the pixels differ" in text
    assert f"versions.torch: was 1.0, is {torch.__version__}" in text


def test_regenerate_finds_a_run_that_has_moved_and_a_checkpoint_that_was_renamed(ganart, run, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(run.path, moved)
    ganart("generate", f"run={moved}", "seeds=2", f"hydra.run.dir={tmp_path}/out", "checkpoint=last")
    file = next((tmp_path / "out").glob("seed*.png"))
    elsewhere = tmp_path / "elsewhere"
    moved.rename(elsewhere)
    (elsewhere / "checkpoints/last.ckpt").rename(elsewhere / "checkpoints/kept.ckpt")
    assert "Say where it is: run=RUN_FOLDER" in ganart("regenerate", str(file))[1]
    status, text = ganart("regenerate", str(file), f"run={elsewhere}")
    assert status == 0, text


def test_foreign_run_folder_runs_no_code(ganart, run, tmp_path):
    stranger = tmp_path / "stranger"
    shutil.copytree(run.path, stranger)
    config = (stranger / "config.yaml").read_text()
    (stranger / "config.yaml").write_text(config.replace("ganart.networks.dcgan.Generator", "os.system"))
    status, text = ganart("generate", f"run={stranger}", "seeds=0")
    assert status == 1
    assert "_target_=os.system is outside" in text


def test_a_damaged_checkpoint_is_told(ganart, run, tmp_path):
    damaged = tmp_path / "damaged"
    shutil.copytree(run.path, damaged)
    (damaged / "checkpoints/last.ckpt").write_bytes(b"no checkpoint")
    assert "cannot be read as a checkpoint" in ganart("generate", f"run={damaged}", "checkpoint=last", "seeds=0")[1]
    assert "There: " in ganart("generate", f"run={damaged}", "checkpoint=images_7", "seeds=0")[1]


def test_train_from_the_command_line_resumes_in_its_own_folder(ganart, run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run.path, copy)
    status, text = ganart("train", f"resume={copy}", "total_images=80")
    assert status == 0, text
    assert read_checkpoint(copy / "checkpoints/last.ckpt")["ganart"]["images_seen"] == 80
    assert not Path("runs").exists()


def test_a_multirun_trains_each_job_in_its_own_folder(ganart, tmp_path):
    from laboratory import DCGAN, TINY

    arguments = [*TINY, *DCGAN, "name=tiny", "~callback.scores", "total_images=32", f"hydra.sweep.dir={tmp_path}/sweep"]
    status, text = ganart("train", "--multirun", "loss=hinge,non_saturating", *arguments)
    assert status == 0, text
    summaries = sorted((tmp_path / "sweep").glob("*/summary.json"))
    assert len(summaries) == 2
    assert [json.loads(file.read_text())["images_seen"] for file in summaries] == [32, 32]


def test_dataset_reports_from_the_command_line(ganart, tmp_path):
    folder = tmp_path / "pictures"
    for style in ("calm", "loud"):
        (folder / style).mkdir(parents=True)
        for number in range(4):
            pixels = np.random.default_rng(number).integers(0, 256, (20, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / style / f"{number}.png")
    status, text = ganart(
        "dataset", "dataset=image_folder", f"dataset.root={folder}", f"hydra.run.dir={tmp_path}/report"
    )
    assert status == 0, text
    assert "calm" in text
    assert {f.name for f in (tmp_path / "report").iterdir()} >= {
        "report.md",
        "report.json",
        "contact_sheet.png",
        "manifest.csv",
    }
    status, text = ganart("dataset", "dataset=image_folder", f"dataset.root={tmp_path}/none")
    assert status == 1
    assert "Traceback" not in text

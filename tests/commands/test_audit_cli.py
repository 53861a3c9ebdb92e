"""`ganart audit`, and the audit as a gate of `ganart generate`, as users type them."""

import json
from pathlib import Path

import numpy as np
import pytest
from laboratory import TINY, train_tiny
from PIL import Image

from ganart.datasets.procedural_art import ProceduralArt
from ganart.generation.provenance import read_picture
from ganart.grids import save_sheet

QUICK = ("features=classifier", "features.images=2000", "device=cpu")


pytestmark = pytest.mark.usefixtures("shared_cache")


@pytest.fixture(scope="module")
def run(lab):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANART_CACHE", str(lab / "cache"))
        return train_tiny(lab / "run", "total_images=48", "~callback.scores")


def works_of(run, count):
    data = run.pictures()
    return data.train.pictures(np.arange(count)), [data.manifest.files[row] for row in data.train.rows[:count]]


def saved(folder, pictures, names):
    folder.mkdir(parents=True)
    for name, picture in zip(names, pictures, strict=True):
        Image.fromarray(picture).save(folder / f"{name}.png")
    return folder


def test_a_generator_is_audited_with_sheets_and_numbers(ganart, run, tmp_path):
    status, text = ganart("audit", f"run={run.path}", "seeds=0-29", *QUICK, f"hydra.run.dir={tmp_path}/out")
    assert status == 0, text
    found = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert sum(found["verdicts"].values()) == len(found["pictures"]) == 30
    assert found["protocol"]["n_works"] > 250
    assert found["protocol"]["held_out"] in ("test pictures", "training pictures, each without itself")
    assert set(found["model"]) == {"tones", "outlines", "features"}
    assert {"novelty_ratio", "copying_score", "authenticity"} <= found["model"]["features"].keys()
    first = found["pictures"][0]
    assert sorted(row["name"][:8] for row in found["pictures"]) == [f"seed{n:04d}" for n in range(30)]
    assert len(first["spaces"]["tones"]["nearest"]) == 7
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"audit.json", "sheet_1.png", "sheet_2.png"}
    assert "novelty ratio" in text


def test_planted_copies_are_found_and_named(ganart, run, tmp_path):
    works, files = works_of(run, 12)
    folder = saved(tmp_path / "planted", works[:, :, ::-1], [f"copy{n:02d}" for n in range(12)])
    save_sheet(Image.new("RGB", (90, 50)), folder / "contact_sheet.png")  # as ganart generate leaves one
    status, text = ganart("audit", f"run={run.path}", f"pictures={folder}", *QUICK, f"hydra.run.dir={tmp_path}/out")
    assert status == 0, text
    found = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert len(found["pictures"]) == 12
    assert found["verdicts"]["copy"] >= 11
    originals = [row["spaces"]["tones"]["nearest"][0]["file"] for row in found["pictures"]]
    assert sum(a == b for a, b in zip(originals, files, strict=True)) >= 11
    assert "copies, " in text


def test_folders_alone_can_be_audited(ganart, run, tmp_path):
    works, _ = works_of(run, 150)
    of_works = saved(tmp_path / "works", works, [f"w{n}" for n in range(150)])
    others = saved(tmp_path / "others", works[:4], [f"o{n}" for n in range(4)])
    status, text = ganart(
        "audit", f"works={of_works}", f"pictures={others}", f"hydra.run.dir={tmp_path}/out", "device=cpu"
    )
    assert status == 0, text
    assert "features  none" in text  # no labels to learn them from
    assert json.loads((tmp_path / "out" / "audit.json").read_text())["verdicts"] == {"copy": 4}


def test_what_was_audited_before_in_the_same_cache_changes_nothing(ganart, tmp_path, monkeypatch):
    """A run holds pictures out, `works=` the same folder does not: they share a cache, and nothing of the split."""
    painted = [picture.pixels for picture in ProceduralArt(num_pictures=300, height=16, width=16).decode()]
    for style in range(3):
        saved(tmp_path / "works" / f"style {style}", painted[style::3], [f"{n:03d}" for n in range(100)])
    data = ("dataset=image_folder", f"dataset.root={tmp_path}/works", "dataset.test_fraction=0.4", "dataset.height=16")
    small = [setting for setting in TINY if not setting.startswith("dataset.")]
    run = train_tiny(tmp_path / "run", *data, "dataset.width=16", "total_images=16", "~callback.scores", base=small)
    works, files = works_of(run, 25)
    copies = saved(tmp_path / "copies", works, [f"copy{n:02d}" for n in range(25)])
    subjects = {"run": f"run={run.path}", "works": f"works={tmp_path}/works"}
    found = {}
    for order in (("run", "works"), ("works", "run")):
        monkeypatch.setenv("GANART_CACHE", str(tmp_path / f"{order[0]} first"))
        for name in order:
            out = tmp_path / f"{name}_where_{order[0]}_came_first"
            status, text = ganart("audit", subjects[name], f"pictures={copies}", *QUICK, f"hydra.run.dir={out}")
            assert status == 0, text
            found[order[0], name] = json.loads((out / "audit.json").read_text())
    for name in subjects:
        first, second = found["run", name], found["works", name]
        assert first["pictures"] == second["pictures"]
        assert first["model"] == second["model"]
        assert first["verdicts"] == {"copy": 25}
        for row, file in zip(first["pictures"], files, strict=True):
            assert {Path(space["nearest"][0]["file"]).name for space in row["spaces"].values()} == {Path(file).name}
    assert found["run", "run"]["protocol"]["n_works"] < found["run", "works"]["protocol"]["n_works"] == 300


def test_without_a_folder_it_writes_into_the_run(ganart, run):
    status, text = ganart("audit", f"run={run.path}", "seeds=3", *QUICK)
    assert status == 0, text
    assert list((run.path / "audits").glob("*/audit.json"))


@pytest.fixture
def accuse_even_seeds(monkeypatch):
    """The real audit of the real pictures, with its verdicts replaced: every second one is called a copy."""
    from ganart.originality import Auditor

    plain = Auditor.audit

    def audit(self, pictures, **how):
        found = plain(self, pictures, **how)
        for number, finding in enumerate(found.findings):
            object.__setattr__(finding, "verdict", ("copy", "own")[number % 2])
        return found

    monkeypatch.setattr(Auditor, "audit", audit)


def test_the_gate_warns_and_writes_the_verdict_into_the_picture(ganart, run, tmp_path, accuse_even_seeds):
    arguments = ("generate", f"run={run.path}", "seeds=0-5", *QUICK)
    status, text = ganart(*arguments, "audit=warn", f"hydra.run.dir={tmp_path}/out")
    assert status == 0, text
    assert "3 pictures are copies of training pictures and are written, and say so" in text
    files = sorted((tmp_path / "out").glob("seed*.png"))
    assert len(files) == 6
    origins = [read_picture(file)[1]["audit"] for file in files]
    assert sorted(origin["verdict"] for origin in origins) == ["copy"] * 3 + ["own"] * 3
    assert origins[0]["threshold"] == 1.0
    assert origins[0]["nearest"]
    status, text = ganart("regenerate", str(files[0]))
    assert "the same pixels, bit for bit" in text


def test_the_gate_refuses(ganart, run, tmp_path, accuse_even_seeds):
    status, text = ganart(
        "generate", f"run={run.path}", "seeds=0-5", *QUICK, "audit=refuse", f"hydra.run.dir={tmp_path}/out"
    )
    assert status == 0, text
    assert "3 pictures are copies of training pictures and were not written" in text
    written = list((tmp_path / "out").glob("seed*.png"))
    assert len(written) == 3
    assert all(read_picture(file)[1]["audit"]["verdict"] == "own" for file in written)


def test_without_a_gate_no_data_are_needed(ganart, run, tmp_path, monkeypatch):
    monkeypatch.setenv("GANART_CACHE", str(tmp_path / "empty"))
    status, text = ganart("generate", f"run={run.path}", "seeds=0", f"hydra.run.dir={tmp_path}/out")
    assert status == 0, text
    assert not (tmp_path / "empty").exists()


def test_mistakes_are_told_with_what_to_do(ganart, run, tmp_path):
    (tmp_path / "empty").mkdir()
    for arguments, expected in (
        (("audit",), "Name a run folder"),
        (("audit", "works=a"), "works=FOLDER pictures=FOLDER"),
        (("audit", "run=nowhere"), "run=nowhere does not exist"),
        (("audit", f"run={run.path}", f"pictures={tmp_path}/empty"), f"pictures={tmp_path}/empty: it holds no picture"),
        (("audit", f"run={run.path}", "threshold=0"), "threshold=0: it is a percentile"),
        (("audit", f"run={run.path}", "seeds=x"), "seeds=x cannot be read"),
        (("generate", f"run={run.path}", "audit=maybe"), "audit=maybe: it is one of none, warn, refuse"),
    ):
        status, text = ganart(*arguments)
        assert status == 1, (arguments, text)
        assert expected in text, (arguments, text)
        assert "Traceback" not in text

"""`import ganart` as notebooks use it: docs/python.md from top to bottom, and what it promises."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from documents import ROOT, blocks
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

import ganart as library
from ganart.datasets.in_memory import pictures_in_memory
from ganart.datasets.loader import Batch, as_batch
from ganart.errors import UserError
from ganart.files.paths import conf_dir


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """All names that the snippets of docs/python.md leave behind, and the folder that they ran in."""
    folder = tmp_path_factory.mktemp("notebook")
    names: dict = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("GANART_CACHE", str(folder / "cache"))
        file = ROOT / "docs/python.md"
        for block in blocks(file, "python"):
            code = compile("\n" * (block.line - 1) + block.text, str(file), "exec")
            exec(code, names)  # a notebook: one cell after the other, in one name space
    return names, folder


def test_importing_it_takes_no_time_and_every_name_is_there():
    code = (
        "import sys, ganart\n"
        "assert not {'torch', 'hydra', 'numpy'} & set(sys.modules)\n"
        "assert set(ganart.__all__) <= set(dir(ganart))\n"
        "ganart.UserError"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert all(callable(getattr(library, name)) and getattr(library, name).__doc__ for name in library.__all__)
    with pytest.raises(AttributeError, match="laod"):
        library.laod  # noqa: B018


@pytest.mark.slow
def test_every_snippet_runs_in_order(notebook):
    names, folder = notebook
    assert names["run"].summary["images_seen"] == 2000
    assert (folder / "cubist.png").is_file()
    assert len(list((folder / "chosen").glob("seed*.png"))) == 8
    assert names["evaluation"].results[0].name == "fd_own"
    assert names["samples"].shape == (4, 16, 16, 3)
    assert names["gan"].images_seen == 512


@pytest.mark.slow
def test_the_folder_is_named_as_the_command_line_names_it_and_keeps_what_was_asked(notebook, monkeypatch):
    names, folder = notebook
    path = names["run"].path
    assert path.parent == folder / "runs/procedural_art"
    assert "total_images=2000" in (path / "overrides.yaml").read_text()
    assert "${hydra" not in (path / "config.yaml").read_text()
    monkeypatch.chdir(folder)
    assert library.load().path.samefile(path)


@pytest.mark.slow
def test_pictures_are_those_that_generate_writes(notebook, ganart):
    names, _ = notebook
    status, text = ganart(
        "generate", f"run={names['run'].path}", "seeds=0-7", "labels.style=cubist", "hydra.run.dir=here"
    )
    assert status == 0, text
    written = [np.asarray(Image.open(file)) for file in sorted(Path("here").glob("seed*.png"))]
    assert np.array_equal(np.stack(written), names["pictures"].images)


def test_the_same_pictures_score_the_same_in_memory_and_in_folders(tmp_path):
    sides = {"real": np.random.default_rng(0), "fake": np.random.default_rng(1)}
    arrays = {key: rng.integers(0, 255, (40, 8, 8, 3), dtype=np.uint8) for key, rng in sides.items()}
    for key, images in arrays.items():
        (tmp_path / key).mkdir()
        for number, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / key / f"{number:02d}.png")
    network = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten())
    how = {"metrics": ["fid", "precision_recall"], "features": network}
    in_memory = library.score(arrays["real"], torch.from_numpy(arrays["fake"]).permute(0, 3, 1, 2), **how).values
    in_folders = library.score(tmp_path / "real", tmp_path / "fake", **how).values
    mixed = library.score(tmp_path / "real", arrays["fake"], **how).values
    assert in_memory == pytest.approx(in_folders, rel=1e-5)
    assert in_memory == pytest.approx(mixed, rel=1e-5)
    assert in_memory.keys() == {"fd_own", "precision_own", "recall_own"}
    as_floats = library.score(
        arrays["real"], torch.from_numpy(arrays["fake"]).permute(0, 3, 1, 2) / 127.5 - 1, **how
    ).values
    assert as_floats == pytest.approx(in_memory, rel=1e-5)


def test_labels_make_a_table_by_class():
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 255, (60, 8, 8, 1), dtype=np.uint8), np.arange(60) % 2
    images[labels == 1] //= 4
    evaluation = library.score(
        (images, labels),
        (images[::-1].copy(), labels[::-1].copy()),
        "features.images=2000",
        metrics=["precision_recall"],
        features="classifier",
    )
    assert [row.class_name for row in evaluation.tables[0].rows] == ["0", "1"]


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (np.zeros((4, 8, 8), np.uint8), "four dimensions"),
        (torch.rand(4, 3, 8, 8), "2 \\* images - 1"),
        (torch.full((4, 3, 8, 8), 255.0), "reach from 255"),
        (np.zeros((4, 8, 8, 5), np.uint8), "1, 3 or 4 channels"),
        (np.zeros((4, 8, 8, 3), np.int64), "int64"),
    ],
)
def test_pictures_of_another_form_are_told_what_to_be(images, told):
    with pytest.raises(UserError, match=told):
        pictures_in_memory(images)


def test_a_batch_of_an_ordinary_loader():
    floats, bytes_ = torch.zeros(2, 3, 8, 8), torch.zeros(2, 8, 8, 3, dtype=torch.uint8)
    ours = Batch(bytes_, torch.zeros(2, 1, dtype=torch.int64))
    assert as_batch(ours) is ours
    assert as_batch(floats).labels.shape == (2, 0)
    assert as_batch([floats, torch.tensor([3, 4])]).labels.tolist() == [[3], [4]]
    assert as_batch((bytes_, torch.tensor([[3, 4], [5, 6]]))).labels.tolist() == [[3, 4], [5, 6]]
    for wrong in (torch.zeros(2, 8), floats.byte(), torch.rand(2, 3, 8, 8), ["a", "b", "c"]):
        with pytest.raises(UserError, match=r"batch|below 0"):
            as_batch(wrong)


def test_floats_train_as_the_same_pictures_in_bytes_do():
    pixels = torch.randint(0, 256, (32, 8, 8, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    weights = []
    for images in (pixels, pixels.permute(0, 3, 1, 2) / 127.5 - 1):
        torch.manual_seed(0)
        gan = library.build_gan("architecture=mlp", "dataset.height=8", "dataset.width=8")
        trainer = pl.Trainer(
            max_steps=2,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(
            gan,
            DataLoader(TensorDataset(images), batch_size=16, collate_fn=lambda rows: torch.stack([r[0] for r in rows])),
        )
        weights.append(torch.cat([p.detach().flatten() for p in gan.generator.parameters()]))
        assert gan.rounds == 2
    assert torch.allclose(weights[0], weights[1], atol=1e-5)


def test_composing_leaves_an_application_around_it_as_it_was(tmp_path):
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss/mine.yaml").write_text("_target_: ganart.losses.Hinge\nmargin: 2.0\n")
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        outer = GlobalHydra.instance().hydra
        assert library.build("loss=mine", config_dir=tmp_path).margin == 2.0
        assert GlobalHydra.instance().hydra is outer
        assert compose("train", ["name=x", "run_folder=x"]).name == "x"


def test_paths_and_names_are_taken_as_they_are_written():
    cfg = library.compose(
        "dataset=image_folder", "dataset.root=水墨画 (2), 1960s", "penalty=r1", "hydra.run.dir=runs/李雷 #1"
    )
    assert cfg.dataset.root == "水墨画 (2), 1960s"
    assert list(cfg.penalty) == ["r1"]
    assert cfg.run_folder.endswith("runs/李雷 #1")


def test_mistakes_are_told_as_the_command_line_tells_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="Did you mean loss=hinge"):
        library.build("loss=hing")
    with pytest.raises(UserError, match="Did you mean total_images"):
        library.train("totl_images=3")
    with pytest.raises(UserError, match="does not exist"):
        library.load("nowhere")
    with pytest.raises(UserError, match="there is no run below runs/"):
        library.load()
    with pytest.raises(UserError, match="batch_size=0"):
        library.train("batch_size=0")
    assert list(tmp_path.iterdir()) == []

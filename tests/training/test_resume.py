"""A run that was stopped and resumed is the run that was never stopped, bit for bit."""

import csv
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from laboratory import DCGAN, TINY, compose_tiny, small_pictures, train_tiny

from ganart.errors import UserError
from ganart.runs.checkpoints import read_checkpoint
from ganart.runs.folder import RunFolder
from ganart.training.resume import Resume
from ganart.training.run import train

# 400 pictures, about 300 of them for training: 640 images are two passes and a bit.
LONG = ("total_images=640", "callback.scores.every_images=160", "schedule=cosine")


def resume_tiny(run: RunFolder, checkpoint: str, *overrides: str) -> None:
    resume = Resume.find(str(run.checkpoints / checkpoint), list(overrides), run)
    cfg = resume.config(compose_tiny(run.path))
    train(cfg, RunFolder(run.path), list(overrides), resume)


def everything_in(run: RunFolder) -> dict:
    checkpoint = read_checkpoint(run.checkpoint("last"))
    return {k: checkpoint[k] for k in ("state_dict", "optimizer_states", "ganart", "global_step")}


def assert_same(one, other, where="") -> None:
    assert type(one) is type(other), where
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for number, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{where}[{number}]")
    else:
        assert one == other, where


@pytest.mark.parametrize(
    "extra", [("penalty.r1.every=3",), ("discriminator_steps=2", "penalty=[wgan_gp]", "loss=wasserstein")]
)
def test_resuming_from_any_checkpoint_gives_the_uninterrupted_run(tmp_path, extra):
    straight = train_tiny(tmp_path / "straight", *LONG, *extra)
    expected = everything_in(straight)
    numbered = sorted(file.name for file in straight.checkpoints.glob("images_*.ckpt"))
    for name in (numbered[0], numbered[5]):  # in the middle of the first pass, and of the second
        torch.manual_seed(hash(name) % 1000)  # what was drawn before must not matter
        resume_tiny(straight, name)
        assert_same(everything_in(straight), expected, name)


SMALL = ("architecture.generator.start_channels=16", "architecture.generator.min_channels=8")
PARTS = {
    "path length": (*DCGAN, "term=[path_length]"),
    "auxiliary classifier": (
        *DCGAN,
        "term=[auxiliary_classifier]",
        "head@architecture.discriminator.head=auxiliary_classifier",
    ),
    "LeCam, feature matching and flips": (*DCGAN, "term=[lecam,feature_matching]", "augment=flip"),
    "patches": ("architecture=patchgan", *SMALL, "architecture.discriminator.layers=1", "penalty=[r1]"),
    "spectral normalization": ("architecture=sngan", *SMALL, "loss=hinge", "penalty=[]"),
    "frozen features": ("architecture=frozen_features", *SMALL, "penalty=[]", "augment=flip", "augment.shared=true"),
}


QUICK = "LeCam, feature matching and flips"


@pytest.mark.parametrize(
    "parts", [pytest.param(PARTS[name], id=name, marks=[] if name == QUICK else pytest.mark.slow) for name in PARTS]
)
def test_every_kind_of_part_resumes_to_the_bit(tmp_path, parts):
    def trained_to(images: int, name: str) -> RunFolder:
        return train_tiny(tmp_path / name, "~callback.scores", f"total_images={images}", players=parts)

    expected = everything_in(trained_to(144, "straight"))
    half = trained_to(80, "half")
    torch.manual_seed(3)  # what was drawn before must not matter
    resume = Resume.find(str(half.path), ["total_images=144"], half)
    train(resume.config(compose_tiny(half.path, players=parts)), RunFolder(half.path), ["total_images=144"], resume)
    assert_same(everything_in(half), expected)


def test_the_history_goes_on_where_the_checkpoint_stood(tmp_path):
    run = train_tiny(tmp_path / "run", *LONG)
    before = list(csv.DictReader((run.path / "metrics.csv").open()))
    resume_tiny(run, "images_000000192.ckpt")
    after = list(csv.DictReader((run.path / "metrics.csv").open()))
    for row in before + after:
        del row["machine/images_per_second"], row["machine/memory_gb"]
    assert after == before


def test_a_longer_run_can_be_made_of_a_finished_one_and_a_finished_one_says_so(tmp_path):
    run = train_tiny(tmp_path / "run", "~callback.scores")
    with pytest.raises(UserError, match=r"finished[\s\S]*total_images=320"):
        resume_tiny(run, "last.ckpt")
    resume_tiny(run, "last.ckpt", "total_images=320")
    straight = train_tiny(tmp_path / "straight", "~callback.scores", "total_images=320")
    assert_same(everything_in(run), everything_in(straight))
    assert read_checkpoint(run.checkpoint("last"))["ganart"]["images_seen"] == 320


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A run of one round."""
    folder = tmp_path_factory.mktemp("short")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANART_CACHE", str(folder / "cache"))
        return train_tiny(folder / "run", "total_images=16", "features.images=200", "callback.scores.num_images=30")


ANOTHER = ["loss=hinge", "~callback.samples", "+new=1", "architecture=mlp", "no_such=1", "seed=3", "metric.fid.folds=2"]
ANOTHER += ["optimizer.generator.betas=[0.5,0.9]", "dataset.num_pictures=50", "callback.scores.num_images=20"]
ANOTHER += ["callback.scores.seed=1", "architecture.generator.latent_dim=9", "features.images=100"]


@pytest.mark.parametrize("override", ANOTHER)
def test_what_would_make_it_another_experiment_cannot_be_changed(short, override):
    with pytest.raises(UserError, match="cannot be changed in a run that is resumed"):
        Resume.find(str(short.path), [override, "total_images=32"], short).config(compose_tiny(short.path))


def test_what_leaves_it_the_same_experiment_can_be_changed(short):
    same = ["total_images=32", "optimizer.generator.lr=0.1", "callback.scores.every_images=16", "trainer.max_steps=9"]
    cfg = Resume.find(str(short.path), same, short).config(compose_tiny(short.path))
    assert (cfg.total_images, cfg.optimizer.generator.lr, cfg.callback.scores.every_images) == (32, 0.1, 16)
    assert cfg.seed == short.config.seed


def test_a_run_that_has_seen_all_its_images_or_made_all_its_rounds_is_finished(short):
    for override in ("total_images=16", "trainer.max_steps=1"):
        with pytest.raises(UserError, match="it is finished"):
            Resume.find(str(short.path), [override], short).config(compose_tiny(short.path))


def test_the_folder_does_not_say_whom_the_command_trusts(short):
    cfg = compose_tiny(short.path, "allow_targets=[mine]")
    assert list(Resume.find(str(short.path), ["total_images=32"], short).config(cfg).allow_targets) == ["mine"]


@pytest.mark.slow
def test_a_killed_command_resumes_to_the_bits_of_an_uninterrupted_one(tmp_path):
    command = [sys.executable, "-m", "ganart", "train", *TINY, *DCGAN, "name=tiny", "~callback.scores"]
    command += ["total_images=4800", "callback.checkpoint.every_images=160", "schedule=cosine"]
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    subprocess.run([*command, f"hydra.run.dir={straight}"], check=True, capture_output=True)
    process = subprocess.Popen([*command, f"hydra.run.dir={stopped}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while not (stopped / "checkpoints" / "images_000000480.ckpt").exists():
        assert process.poll() is None, process.stdout.read().decode()
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGTERM)
    output = process.communicate()[0].decode()
    assert process.returncode == 128 + signal.SIGTERM, output
    assert "ganart train resume=" in output
    middle = read_checkpoint(stopped / "checkpoints/last.ckpt")["ganart"]["images_seen"]
    assert 480 <= middle < 4800
    again = subprocess.run(
        [sys.executable, "-m", "ganart", "train", f"resume={stopped}"], capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert_same(everything_in(RunFolder(stopped)), everything_in(RunFolder(straight)))
    assert not list(tmp_path.glob("runs*"))


def test_a_run_does_not_go_on_with_other_pictures(tmp_path):
    pictures = small_pictures(tmp_path / "pictures", side=8, per_class=20, classes=("calm", "loud"))
    given = (
        "dataset=image_folder",
        f"dataset.root={pictures}",
        "dataset.height=8",
        "dataset.width=8",
        "~callback.scores",
    )
    run = train_on_folder(tmp_path / "run", *given, "total_images=16")
    (pictures / "calm" / "0.png").unlink()
    with pytest.raises(UserError, match="its pictures have changed"):
        resume_tiny(run, "last.ckpt", "total_images=32")


def test_a_run_that_its_time_has_ended_trains_on(tmp_path):
    run = train_tiny(tmp_path / "run", "trainer.max_time=00:00:00:01", "total_images=1000000", "~callback.scores")
    before = read_checkpoint(run.checkpoint("last"))["ganart"]["images_seen"]
    assert 16 < before < 1000000
    resume_tiny(run, "last.ckpt")
    assert read_checkpoint(run.checkpoint("last"))["ganart"]["images_seen"] > before


def test_a_folder_that_holds_a_run_is_not_trained_into_again(tmp_path):
    train_tiny(tmp_path / "run", "total_images=16", "~callback.scores")
    with pytest.raises(UserError, match="holds a run already"):
        train_tiny(tmp_path / "run", "total_images=16", "~callback.scores")


def test_foreign_recipe_does_not_trust_itself(tmp_path):
    run = train_tiny(tmp_path / "run", "total_images=16", "~callback.scores")
    recipe = (run.path / "recipe.yaml").read_text()
    recipe = recipe.replace("allow_targets: []", "allow_targets: [os]").replace(
        "ganart.losses.Relativistic", "os.getcwd"
    )
    (run.path / "recipe.yaml").write_text(recipe)
    with pytest.raises(UserError, match=r"_target_=os.getcwd is outside"):
        resume_tiny(run, "last.ckpt", "total_images=32")


def test_a_checkpoint_that_is_not_there_is_told(tmp_path):
    run = train_tiny(tmp_path / "run", "total_images=16", "~callback.scores")
    with pytest.raises(UserError, match="does not exist"):
        Resume.find(str(run.checkpoints / "typo.ckpt"), [], run)


def train_on_folder(folder, *overrides):
    return train_tiny(folder, *overrides, base=[item for item in TINY if "num_pictures" not in item])


def test_scores_of_another_protocol_do_not_go_into_the_same_column(tmp_path):
    run = train_tiny(tmp_path / "run", "total_images=16")
    for override in ("callback.scores.trend_images=50", "metric.kid.subsets=7", "features.images=3000"):
        with pytest.raises(UserError, match="cannot be changed in a run that is resumed"):
            resume_tiny(run, "last.ckpt", override, "total_images=32")
    resume_tiny(run, "last.ckpt", "callback.scores.every_images=16", "total_images=32")

"""Training throughput: a hand-written PyTorch loop against `ganart train`, same networks, batch, precision, optimizer.

    python scripts/bench_training.py [--rounds 150] [--repeats 7]

The two alternate in one process, so that a machine whose speed drifts slows both; medians and the median of the paired
ratios are printed. ganart runs as users run it: callbacks, csv logging every 5,000 images, progress bar drawn on a
(discarded) terminal. The loop does the least that trains: it logs nothing, checks nothing, averages nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

os.environ["FORCE_COLOR"] = "1"  # rich draws its bar although nobody looks

import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from pytorch_lightning import Callback
from torch.nn.functional import softplus

import ganart.training.run
from ganart.config.build import build, build_network
from ganart.datasets import cache
from ganart.files.paths import conf_dir
from ganart.images import to_model
from ganart.runs.folder import RunFolder
from ganart.training.lightning import stop_looking_for_gpus
from ganart.training.optimizers import build_optimizer

WARM_UP = 20


@dataclass(frozen=True)
class Case:
    name: str
    overrides: tuple[str, ...]
    precision: str = "32"
    channels_last: bool = False

    def config(self, folder: Path, rounds: int) -> DictConfig:
        overrides = [
            "loss=non_saturating",
            "penalty=[]",
            "batch_size=64",
            "dataset.condition=[]",
            "dataset.num_pictures=4000",
            "schedule=constant",
            "~callback.scores",
            "callback.samples.every_images=0",
            "callback.checkpoint.every_images=0",
            "trainer=cpu",
            f"trainer.precision={self.precision}",
            f"channels_last={str(self.channels_last).lower()}",
            f"total_images={64 * (rounds + WARM_UP)}",
            "name=bench",
            f"run_folder={folder}",
            *self.overrides,
        ]
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            return compose("train", overrides)


DCGAN = ("architecture=dcgan", "architecture.discriminator.batch_norm=true")
MLP = ("architecture=mlp", "dataset.height=28", "dataset.width=28", "dataset.channels=1")
CASES = (
    Case("DCGAN 32×32, float32", DCGAN),
    Case("DCGAN 32×32, float32, channels-last", DCGAN, channels_last=True),
    Case("DCGAN 32×32, bfloat16", DCGAN, "bf16-mixed"),
    Case("DCGAN 32×32, bfloat16, channels-last", DCGAN, "bf16-mixed", True),
    Case("MLP 28×28, float32", MLP),
)


def seconds_by_hand(case: Case, folder: Path, rounds: int) -> float:
    """The loop that one would write without a framework."""
    cfg = case.config(folder, rounds)
    pictures = cache.load(build(cfg.dataset))
    layout = torch.channels_last if case.channels_last else torch.contiguous_format
    generator = build_network(cfg.architecture.generator, label_sizes=[]).to(memory_format=layout)
    discriminator = build_network(cfg.architecture.discriminator, label_sizes=[]).to(memory_format=layout)
    optimizer_g = build_optimizer(cfg.optimizer.generator, scaled_gradients=False)(generator.parameters())
    optimizer_d = build_optimizer(cfg.optimizer.discriminator, scaled_gradients=False)(discriminator.parameters())
    data = torch.from_numpy(pictures.images[pictures.train.rows])
    labels = torch.zeros(64, 0)
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=case.precision != "32")
    begun = 0.0
    for step in range(rounds + WARM_UP):
        if step == WARM_UP:
            begun = time.perf_counter()
        with autocast:
            real = to_model(data[torch.randint(len(data), (64,))], channels_last=case.channels_last)
            fake = generator(torch.randn(64, generator.latent_dim), labels)
            real_logits, fake_logits = discriminator(real, labels).logits, discriminator(fake.detach(), labels).logits
            loss_d = (softplus(-real_logits) + softplus(fake_logits)).mean()
            optimizer_d.zero_grad()
            loss_d.backward()
            optimizer_d.step()
            discriminator.requires_grad_(False)
            loss_g = softplus(-discriminator(fake, labels).logits).mean()
            optimizer_g.zero_grad()
            loss_g.backward()
            optimizer_g.step()
            discriminator.requires_grad_(True)
    return time.perf_counter() - begun


@contextlib.contextmanager
def quietly():
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


class Stopwatch(Callback):
    """Times the rounds after the warm-up."""

    def on_train_batch_end(self, trainer, pl_module, *args) -> None:
        if pl_module.rounds == WARM_UP:
            self.begun = time.perf_counter()
        self.seconds = time.perf_counter() - getattr(self, "begun", time.perf_counter())


def seconds_by_ganart(case: Case, folder: Path, rounds: int) -> float:
    """The same through everything that `ganart train` does around a round."""
    stopwatch = Stopwatch()
    plain = ganart.training.run.build_trainer

    def timed(cfg, hardware, run, callbacks, loggers):
        return plain(cfg, hardware, run, [*callbacks, stopwatch], loggers)

    ganart.training.run.build_trainer = timed
    try:
        with quietly():
            ganart.training.run.train(case.config(folder, rounds), RunFolder(folder), [])
    finally:
        ganart.training.run.build_trainer = plain
    return stopwatch.seconds


def main() -> None:
    stop_looking_for_gpus()  # a loop that does not import Lightning would not look for them either
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", default="", help="part of a case's name")
    arguments = parser.parse_args()
    print(f"{'case':<40} {'by hand':>10} {'ganart':>10}   ratio (median of pairs)")
    with quietly(), tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            cache.load(build(case.config(Path(folder), 1).dataset))
    for case in CASES:
        if arguments.only.lower() not in case.name.lower():
            continue
        rounds = arguments.rounds * (8 if case.overrides == MLP else 1)
        pairs = []
        for _ in range(arguments.repeats):
            with tempfile.TemporaryDirectory() as folder:
                by_hand = seconds_by_hand(case, Path(folder), rounds)
                pairs.append((by_hand, seconds_by_ganart(case, Path(folder), rounds)))
        rates = [64 * rounds / statistics.median(side) for side in zip(*pairs, strict=True)]
        ratio = statistics.median(by_hand / ours for by_hand, ours in pairs)
        print(f"{case.name:<40} {rates[0]:>7,.0f}/s {rates[1]:>8,.0f}/s   {ratio:.3f}", flush=True)


if __name__ == "__main__":
    main()
